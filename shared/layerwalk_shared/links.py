"""`layerwalk://HOST:PORT/NETWORK?...`: a link that opens the same view again. Pure.

`layerwalks://` is the same over HTTPS. A link holds no token: who opens it needs one of their own.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Literal, get_args
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from pydantic import ValidationError

from layerwalk_shared.colours import describe_table
from layerwalk_shared.errors import InvalidRequestError, nearest_hint
from layerwalk_shared.messages import ExampleInput, NoiseInput, TextInput
from layerwalk_shared.routes import DEFAULT_PORT

SCHEMES = ("layerwalk", "layerwalks")
MAX_LENGTH = 16_384
RangeMode = Literal["channel", "node", "shared", "percentile", "manual"]
RANGE_MODES: tuple[RangeMode, ...] = get_args(RangeMode)
Themes = Literal["dark", "paper"]
LinkedInput = str | NoiseInput | TextInput | ExampleInput
"""`DATASET:NUMBER`, noise, words, or the example."""

_HOST = re.compile(r"[\w.-]{1,253}|[0-9A-Fa-f:.]{2,45}", re.ASCII)
_ITEM = re.compile(r"(?s).+:[0-9]{1,18}")
_WHOLE = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Link:
    """A view of a network.

    Attributes:
        host, port, is_secure: of the server.
        network: name or id; "" the first.
        camera: x, y, z in metres, yaw and pitch in degrees, and the near plane in metres where it
            cuts walls away; None: before `node`, or where a walk begins.
        node, channel: selected.
        input: what lies on the input; None: what is there.
        step: of the training that is looked at; None: live.
        table, range, limit: how values look; None: as the person who opens it likes.
        layout: how long chains stand.
        theme: of everything that is not data.

    Raises:
        InvalidRequestError: a value that no view has.
    """

    host: str
    port: int = DEFAULT_PORT
    is_secure: bool = False
    network: str = ""
    camera: tuple[float, ...] | None = None
    node: str | None = None
    channel: int | None = None
    input: LinkedInput | None = None
    step: int | None = None
    table: str | None = None
    range: RangeMode | None = None
    limit: float | None = None
    layout: str | None = None
    theme: Themes | None = None

    def __post_init__(self) -> None:
        if not _HOST.fullmatch(self.host):
            raise InvalidRequestError(f"{self.host!r:.80} is no host")
        if not 1 <= self.port <= 65535:
            raise InvalidRequestError(f"port {self.port}, expected 1 to 65535")
        if self.camera is not None:
            _check_camera(self.camera)
        if self.channel is not None and self.node is None:
            raise InvalidRequestError(f"channel {self.channel} of no node: a link names it, too")
        if isinstance(self.input, str) and not _ITEM.fullmatch(self.input):
            raise InvalidRequestError(f"input {self.input!r:.80}, expected DATASET:NUMBER")
        if self.table is not None:
            describe_table(self.table)
        if self.range is not None and self.range not in RANGE_MODES:
            raise InvalidRequestError(
                f"range {self.range!r:.80}, expected one of {', '.join(RANGE_MODES)}"
            )
        if self.limit is not None and not (math.isfinite(self.limit) and self.limit > 0):
            raise InvalidRequestError(f"limit {self.limit}, expected a number above 0")
        if self.theme is not None and self.theme not in get_args(Themes):
            raise InvalidRequestError(f"theme {self.theme!r:.80}, expected dark or paper")

    @property
    def url(self) -> str:
        """The server's URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.is_secure else 'http'}://{host}:{self.port}"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        told = "&".join(f"{key}={quote(value, safe=_SAFE)}" for key, value in _query(self))
        scheme = SCHEMES[self.is_secure]
        link = f"{scheme}://{host}:{self.port}/{quote(self.network, safe='')}"
        return f"{link}?{told}" if told else link


_SAFE = ",:/.-_~"


def is_link(text: str) -> bool:
    """Whether a text would be a link, not a server's URL."""
    return text.lower().startswith(tuple(f"{scheme}:" for scheme in SCHEMES))


def parse_link(text: str) -> Link:
    """Return the view that a link is of.

    Raises:
        InvalidRequestError: it is no link, or says what no view has.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidRequestError(f"a link of {len(text)} letters: {MAX_LENGTH} at most")
    try:
        text.encode()  # no halves of characters
        parts = urlsplit(text)
        port = parts.port
        network = unquote(parts.path.removeprefix("/"), errors="strict")
        pairs = parse_qsl(
            parts.query.replace("+", "%2B"),
            keep_blank_values=True,
            strict_parsing=bool(parts.query),
            errors="strict",
            max_num_fields=32,
        )
    except ValueError as error:
        raise InvalidRequestError(f"{text!r:.200} is no link: {error}") from error
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise InvalidRequestError(
            f"{text!r:.200} is no link, expected layerwalk://HOST:PORT/NETWORK?..."
        )
    if parts.username is not None or parts.fragment or "/" in parts.path.removeprefix("/"):
        raise InvalidRequestError(
            f"{text!r:.200} is no link: after the host comes a network and a query alone"
        )
    told: dict[str, Any] = {}
    for key, value in pairs:
        if key not in _READERS:
            raise InvalidRequestError(f"no {key!r:.40} in a link" + nearest_hint(key, _READERS))
        name = _NAMES.get(key, key)
        if name in told:
            raise InvalidRequestError(f"{key} is told twice in a link")
        told[name] = _READERS[key](key, value)
    return Link(
        parts.hostname,
        DEFAULT_PORT if port is None else port,
        parts.scheme == SCHEMES[1],
        network=network,
        **told,
    )


def _query(link: Link) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if link.camera is not None:
        found.append(("camera", ",".join(map(_number, link.camera))))
    put = link.input
    if isinstance(put, NoiseInput):
        found.append(("noise", f"{put.noise},{put.seed},{_number(put.amplitude)}"))
    elif isinstance(put, TextInput):
        found.append(("text", put.text))
    elif put is not None:
        found.append(("input", "example" if isinstance(put, ExampleInput) else put))
    for key in ("node", "channel", "step", "table", "range", "limit", "layout", "theme"):
        value = getattr(link, key)
        if value is not None:
            found.append((key, _number(value) if key == "limit" else str(value)))
    return found


def _number(value: float) -> str:
    """Return a number that reads back as itself, without a needless fraction."""
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def _text(key: str, value: str) -> str:
    return value


def _whole(key: str, value: str) -> int:
    if not _WHOLE.fullmatch(value):
        raise InvalidRequestError(f"{key} {value!r:.80}, expected a whole number")
    return int(value)


def _real(key: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise InvalidRequestError(f"{key} {value!r:.80}, expected a number") from error


def _camera(key: str, value: str) -> tuple[float, ...]:
    return tuple(_real(key, part) for part in value.split(",", 8))


def _check_camera(camera: tuple[float, ...]) -> None:
    if len(camera) not in (5, 6) or not all(math.isfinite(one) for one in camera):
        raise InvalidRequestError(
            f"a camera of {len(camera)} numbers, expected X,Y,Z,YAW,PITCH, all of them finite"
        )
    if abs(camera[4]) > 89:
        raise InvalidRequestError(f"a pitch of {camera[4]:g} degrees, expected -89 to 89")
    if len(camera) == 6 and not 0 < camera[5] <= 1000:
        raise InvalidRequestError(f"a near plane at {camera[5]:g} m, expected 0 to 1000")


def _input(key: str, value: str) -> str | ExampleInput:
    return ExampleInput() if value == "example" else value


def _noise(key: str, value: str) -> NoiseInput:
    kind, _, rest = value.partition(",")
    seed, _, amplitude = rest.partition(",")
    try:
        return NoiseInput.model_validate(
            {
                "noise": kind,
                "seed": _whole("seed", seed),
                "amplitude": _real("amplitude", amplitude),
            }
        )
    except ValidationError as error:
        said = error.errors(include_url=False)[0]["msg"]
        raise InvalidRequestError(
            f"noise {value!r:.80}, expected KIND,SEED,AMPLITUDE ({said})"
        ) from error


def _words(key: str, value: str) -> TextInput:
    return TextInput(text=value)


_READERS: dict[str, Any] = {
    "camera": _camera, "node": _text, "channel": _whole, "input": _input, "noise": _noise,
    "text": _words, "step": _whole, "table": _text, "range": _text, "limit": _real,
    "layout": _text, "theme": _text,
}  # fmt: skip
"""Key in a link -> what reads its value."""
_NAMES = {"noise": "input", "text": "input"}
"""Key in a link -> attribute, where they differ."""
