"""What a result is kept under: everything that it depends on, so that any change is a miss."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from operator import index
from typing import Any

from layerwalk_shared.errors import InvalidRequestError

KEY_VERSION = 1
"""Part of every digest; another one where the same numbers would come to mean something else."""


def canonical_json(value: Any) -> str:
    """Return the one spelling of a JSON value: sorted, without spaces, ASCII.

    Raises:
        InvalidRequestError: it holds something else than JSON does, or NaN.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequestError(f"not a JSON value: {error}") from error


@dataclass(frozen=True)
class ResultKey:
    """One unit of one network, and how its image is made.

    Attributes:
        fingerprint: of the network's weights and code.
        node: id of the node.
        channel: its unit; None of a whole node or a direction.
        recipe: recipe and objective, every number of them, as JSON; kept in its one spelling.
        start: where it begins.
        seed: of all random numbers.
        shape: of the input, without batch axis.

    Raises:
        InvalidRequestError: a field is of another type, empty or negative, or `recipe` is no JSON.
    """

    fingerprint: str
    node: str
    channel: int | None
    recipe: str
    start: str
    seed: int
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        for name in ("fingerprint", "node", "recipe", "start"):
            _check_text(name, getattr(self, name))
        if not self.fingerprint:
            raise InvalidRequestError("fingerprint of a result is empty")
        try:
            recipe = json.loads(self.recipe)
        except ValueError as error:
            raise InvalidRequestError(f"recipe of a result is no JSON: {error}") from error
        if self.channel is not None:
            object.__setattr__(self, "channel", _whole("channel", self.channel))
        object.__setattr__(self, "recipe", canonical_json(recipe))
        object.__setattr__(self, "seed", _whole("seed", self.seed))
        object.__setattr__(self, "shape", tuple(_whole("shape", one) for one in self.shape))

    @cached_property
    def text(self) -> str:
        """All of it as canonical JSON."""
        return canonical_json(
            {
                "version": KEY_VERSION,
                "fingerprint": self.fingerprint,
                "node": self.node,
                "channel": self.channel,
                "recipe": self.recipe,
                "start": self.start,
                "seed": self.seed,
                "shape": self.shape,
            }
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of `text`, 64 hexadecimal digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @classmethod
    def from_text(cls, text: str) -> ResultKey:
        """Return the key that `text` is of.

        Raises:
            InvalidRequestError: it is of none, or of another version.
        """
        try:
            fields = json.loads(text)
            version = fields.pop("version")
            key = cls(**{**fields, "shape": tuple(fields["shape"])})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InvalidRequestError(f"no key of a result: {error}") from error
        if version != KEY_VERSION:
            raise InvalidRequestError(f"key of version {version}, expected {KEY_VERSION}")
        return key


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise InvalidRequestError(f"{name} of a result is {value!r}, expected a string")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequestError(f"{name} of a result is no text: {error}") from error


def _whole(name: str, value: Any) -> int:
    try:
        number = index(value)
    except TypeError:
        number = -1
    if number < 0 or isinstance(value, bool):
        raise InvalidRequestError(
            f"{name} of a result has {value!r}, expected whole numbers from 0 on"
        )
    return number
