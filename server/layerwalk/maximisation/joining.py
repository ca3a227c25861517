"""Reaching a Ray cluster, or starting one on this machine."""

from __future__ import annotations

import os
import signal
import socket
import threading
from types import ModuleType
from typing import Any

from layerwalk_shared.errors import InvalidRequestError, LayerwalkError, ServerUnreachableError

REACH_S = 10.0
"""Longest wait for the address of a cluster."""


def load_ray() -> ModuleType:
    """Return Ray.

    Raises:
        LayerwalkError: it is not installed.
    """
    try:
        import ray
        import ray.exceptions
    except ModuleNotFoundError as error:
        raise LayerwalkError(
            f"{error.name} is not installed: pip install 'layerwalk[cluster]'"
        ) from error
    return ray


def join(ray: ModuleType, address: str | None, *, workers: int, store_bytes: int) -> None:
    """Join a cluster, or start one; signal handlers stay as they were.

    Args:
        ray: see `load_ray`.
        address: HOST:PORT, "auto" for the one this machine is in; None: one is started here.
        workers: processes of one that is started.
        store_bytes: memory that they share.

    Raises:
        InvalidRequestError: the address is none.
        ServerUnreachableError: nobody answers there, or none can be started.
    """
    if address is not None and address != "auto":
        _check_reachable(address)
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM) if is_main else None
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        if address is None:
            ray.init(
                num_cpus=workers,
                include_dashboard=False,
                object_store_memory=store_bytes,
                _node_ip_address="127.0.0.1",
                **quiet,
            )
        else:
            ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = "on this machine" if address in (None, "auto") else f"at {address}"
        raise ServerUnreachableError(f"no Ray cluster {where}: {first_line(error)}") from error
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _check_reachable(address: str) -> None:
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise InvalidRequestError(f"address {address!r} of a cluster, expected auto or HOST:PORT")
    try:
        socket.create_connection((host, int(port)), timeout=REACH_S).close()
    except OSError as error:
        raise ServerUnreachableError(
            f"no Ray cluster at {address}: {error.strerror or error} (one is started there by "
            "`ray start --head`)"
        ) from error


def first_line(error: BaseException) -> str:
    """Return the line of an error that says what it was; Ray's are long, and end with it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
