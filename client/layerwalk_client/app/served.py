"""Which network is meant, and from where it is served."""

from __future__ import annotations

from dataclasses import dataclass

from layerwalk_shared.routes import DEFAULT_URL


@dataclass(frozen=True, slots=True)
class Served:
    """Which network is shown, and from where.

    Attributes:
        url, token, network: of the server.
        serve: TARGET to serve for the time being, instead of `url`.
        datasets: for `serve`.
    """

    url: str = DEFAULT_URL
    token: str | None = None
    network: str | None = None
    serve: str | None = None
    datasets: tuple[str, ...] = ()
