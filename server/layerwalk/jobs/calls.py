"""A function on its way to the model thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from layerwalk_shared.errors import ClosedError

_LOG = logging.getLogger(__name__)


class Call:
    """A function that someone waits for, or whose failure is logged."""

    def __init__(self, function: Callable[[], Any], *, is_logged: bool = False) -> None:
        self._function = function
        self._is_logged = is_logged
        self.future: Future[Any] = Future()

    def run(self) -> None:
        """Run it; what it raises is raised again where it was asked for."""
        try:
            result = self._function()
        except BaseException as error:  # noqa: BLE001  (raised again where it was asked for)
            if self._is_logged:
                _LOG.exception("work on the model thread failed")
            self.future.set_exception(error)
        else:
            self.future.set_result(result)

    def refuse(self) -> None:
        """Let go who waits for it; it will not run."""
        self.future.set_exception(ClosedError("the session was closed"))
