"""The one tree of errors: raised on either side, sent as RFC 9457 problems, raised again.

Each class carries the three things the outside sees: `code` (stable, on the wire), `status`
(HTTP) and `title`. What happened, what was expected and where stands in the message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, ClassVar

PROBLEM_MEDIA_TYPE = "application/problem+json"
PROBLEM_TYPE_PREFIX = "urn:layerwalk:problem:"


class LayerwalkError(Exception):
    """Any failure that Layerwalk explains. `str(error)` is one sentence for a person."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def problem(self) -> dict[str, Any]:
        """Return the RFC 9457 object for this error."""
        return {
            "type": PROBLEM_TYPE_PREFIX + self.code,
            "title": self.title,
            "status": self.status,
            "detail": str(self),
            "code": self.code,
        }


class InvalidRequestError(LayerwalkError, ValueError):
    """A request that is understood and cannot be meant: a value, a field, a range."""

    code, status, title = "invalid-request", 422, "Invalid request"


class MalformedRequestError(InvalidRequestError):
    """A body that is not what its content type says."""

    code, status, title = "malformed-request", 400, "Malformed request"


class NotFoundError(LayerwalkError, LookupError):
    """No such thing: network, node, snapshot, job, dataset, route."""

    code, status, title = "not-found", 404, "Not found"


class MethodNotAllowedError(LayerwalkError):
    """The route exists, the HTTP method does not."""

    code, status, title = "method-not-allowed", 405, "Method not allowed"


class GoneError(LayerwalkError, LookupError):
    """It existed and was dropped to keep within a limit; ids never come back."""

    code, status, title = "gone", 410, "Gone"


class TooLargeError(LayerwalkError, ValueError):
    """Over a limit; the message names the limit."""

    code, status, title = "too-large", 413, "Too large"


class UnsupportedMediaError(LayerwalkError, ValueError):
    """A body of a kind that is not taken here."""

    code, status, title = "unsupported-media", 415, "Unsupported media type"


class UnauthorizedError(LayerwalkError, PermissionError):
    """The token is missing or wrong."""

    code, status, title = "unauthorized", 401, "Unauthorized"


class MisdirectedError(LayerwalkError, PermissionError):
    """A request for a host name that this server does not answer to (DNS rebinding)."""

    code, status, title = "misdirected", 421, "Misdirected request"


class BusyError(LayerwalkError, RuntimeError):
    """The job queue is full; the same request may be taken later."""

    code, status, title = "busy", 503, "Busy"


class InputError(InvalidRequestError):
    """An input that does not fit the network: not an image, NaN, the wrong shape."""

    code, title = "invalid-input", "Invalid input"


class GraphError(InvalidRequestError):
    """A graph that contradicts itself: duplicates, loose edges, cycles."""

    code, title = "invalid-graph", "Invalid graph"


class TileError(InvalidRequestError):
    """Bytes that are not tiles, or tiles that cannot be bytes."""

    code, title = "invalid-tile", "Invalid tile"


class ModelError(LayerwalkError, RuntimeError):
    """The user's model raised, or cannot be served."""

    code, status, title = "model-failed", 500, "The model failed"


class TargetError(LayerwalkError, ValueError):
    """A TARGET of the command line that yields no model."""

    code, status, title = "invalid-target", 422, "No such model"


class WeightsError(LayerwalkError, ValueError):
    """Weights that cannot be read or do not fit the model."""

    code, status, title = "invalid-weights", 422, "Weights do not fit"


class DatasetError(LayerwalkError, ValueError):
    """A data set that cannot be read."""

    code, status, title = "invalid-dataset", 422, "Unreadable data set"


class StorageError(LayerwalkError, OSError):
    """Something cannot be kept on disk: full, not writable, not a folder."""

    code, status, title = "storage", 507, "Storage failed"


class CancelledError(LayerwalkError, RuntimeError):
    """The job was cancelled."""

    code, status, title = "cancelled", 409, "Cancelled"


class ClosedError(LayerwalkError, RuntimeError):
    """The session is closed."""

    code, status, title = "closed", 503, "Closed"


class ServerUnreachableError(LayerwalkError, ConnectionError):
    """No answer from the server."""

    code, status, title = "server-unreachable", 502, "Server unreachable"


class PortInUseError(LayerwalkError, OSError):
    """Another process listens on the port already."""

    code, status, title = "port-in-use", 409, "Port in use"


class ProtocolError(LayerwalkError, RuntimeError):
    """The other side speaks another protocol version, or nonsense."""

    code, status, title = "protocol", 502, "Protocol error"


class GraphicsError(LayerwalkError, RuntimeError):
    """OpenGL, EGL or a window cannot be had; the message says what is missing."""

    code, status, title = "graphics", 500, "No graphics"


def _tree(root: type[LayerwalkError]) -> Iterable[type[LayerwalkError]]:
    yield root
    for child in root.__subclasses__():
        yield from _tree(child)


def error_from_problem(problem: Mapping[str, Any]) -> LayerwalkError:
    """Return the error that a problem object was made from; unknown codes become the base class."""
    classes = {cls.code: cls for cls in _tree(LayerwalkError)}
    cls = classes.get(str(problem.get("code")), LayerwalkError)
    return cls(str(problem.get("detail") or problem.get("title") or "unknown error"))


def nearest_hint(name: str, known: Iterable[str]) -> str:
    """Return `", nearest: 'conv1'"` where something known is spelled alike, else `""`."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; nearest: {close[0]!r}" if close else ""
