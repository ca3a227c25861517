"""What a film shows: keyframes of the camera and what happens on the way, read from a file.

A script is TOML or JSON of one shape, written by a person or by the window's recorder. Places are
named as a person names them; they become cameras once a network stands.
"""

from __future__ import annotations

import json
import math
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, FiniteFloat, StringConstraints, ValidationError, model_validator

from layerwalk_client.app.travel.places import OVERVIEW, Place
from layerwalk_client.world.view import Camera
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.graph import Frozen, NonNegative
from layerwalk_shared.messages import ExampleInput, NoiseInput, TextInput

MAX_BYTES = 16 * 2**20
LONGEST_S = 3600.0
"""A film of an hour at most: what is longer is a slip of the pen."""

Seconds = Annotated[FiniteFloat, Field(ge=0, le=LONGEST_S)]
Item = Annotated[str, StringConstraints(pattern=r"^.+:[0-9]+$")]


class Waypoint(Frozen):
    """Where the eye is at a time: one of `camera`, `node` and `place`.

    Attributes:
        time: seconds from the beginning.
        camera: x, y, z in metres, yaw and pitch in degrees.
        node: stand before this node.
        place: `overview` or `home`.
        stay: seconds that the eye rests here.
        near: metres of the near plane, where walls before a node are cut away.
    """

    time: Seconds
    camera: tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat] | None = None
    node: str | None = None
    place: Literal["overview", "home"] | None = None
    stay: Seconds = 0.0
    near: Annotated[FiniteFloat, Field(ge=Camera().near, le=1000)] | None = None

    @model_validator(mode="after")
    def _has_one_place(self) -> Waypoint:
        given = sum(one is not None for one in (self.camera, self.node, self.place))
        if given != 1:
            raise ValueError("expected one of camera, node and place")
        if self.camera is not None and abs(self.camera[4]) > 89:
            raise ValueError(f"a pitch of {self.camera[4]:g} degrees, expected -89 to 89")
        return self

    def where(self) -> Place:
        """Return the place, for `camera_at`."""
        if self.camera is not None:
            x, y, z, yaw, pitch = self.camera
            near = Camera().near if self.near is None else self.near
            return Camera((x, y, z), math.radians(yaw), math.radians(pitch), near=near)
        return OVERVIEW if self.place == "overview" else self.node


class Happening(Frozen):
    """What happens at a time of the film.

    Attributes:
        time: seconds from the beginning.
        put: `DATASET:NUMBER`, or noise, words or the example as a table, goes on the input; the
            film waits for the answer, so that it sweeps through the network at once.
        step: of a training; `newest` follows it again.
        table, range: how values look.
        limit: the value of the table's end, with `range = "manual"`.
        select: a node whose edges are lit; "" none.
    """

    time: Seconds
    put: Item | NoiseInput | TextInput | ExampleInput | None = None
    step: NonNegative | Literal["newest"] | None = None
    table: str | None = None
    range: Literal["channel", "node", "shared", "percentile", "manual"] | None = None
    limit: Annotated[FiniteFloat, Field(gt=0)] | None = None
    select: str | None = None


class Script(Frozen):
    """A film: `keyframes` in the order of time, and `actions`."""

    keyframes: Annotated[tuple[Waypoint, ...], Field(min_length=1)]
    actions: tuple[Happening, ...] = ()

    @property
    def seconds(self) -> float:
        """From the beginning to the last thing that happens."""
        ends = [one.time + one.stay for one in self.keyframes]
        return max(*ends, *(one.time for one in self.actions), 0.0)


def read_script(path: Path) -> Script:
    """Return the script in a file.

    Raises:
        InvalidRequestError: it cannot be read, is neither TOML nor JSON, or says something that
            no film can show; the message names the place.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidRequestError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise InvalidRequestError(f"{path} is larger than {MAX_BYTES // 2**20} MiB: no script")
    try:
        return parse_script(content, is_json=path.suffix.lower() == ".json")
    except InvalidRequestError as error:
        raise InvalidRequestError(f"{path}: {error}") from error


def parse_script(content: bytes, *, is_json: bool) -> Script:
    """Return the script that a file's bytes spell.

    Raises:
        InvalidRequestError: see `read_script`.
    """
    try:
        text = content.decode()
        found: Any = json.loads(text) if is_json else tomllib.loads(text)
        return Script.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        came = (
            "" if first["type"] in ("missing", "value_error") else f", got {first['input']!r:.60}"
        )
        raise InvalidRequestError(f"{where or 'the script'}: {said}{came}") from error
    except (ValueError, RecursionError) as error:
        kind = "JSON" if is_json else "TOML"
        raise InvalidRequestError(f"it is no {kind} ({error})") from error


def as_toml(script: Script) -> str:
    """Return a script as TOML that `parse_script` reads back."""
    lines: list[str] = []
    for name, rows in (("keyframes", script.keyframes), ("actions", script.actions)):
        for row in rows:
            lines += ["", f"[[{name}]]"]
            told = row.model_dump(exclude_defaults=True)
            lines += [f"{key} = {_toml(value)}" for key, value in told.items()]
    return "\n".join([*lines[1:], ""])


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
