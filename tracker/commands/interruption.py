"""Ctrl-C and SIGTERM, so that files are closed on the way out."""

from __future__ import annotations

import os
import signal
from types import FrameType

INTERRUPTED, TERMINATED = 130, 143  # exit statuses


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM, as an exception, so that files are closed on the way out."""


class Interruption:
    """Handles Ctrl-C and SIGTERM from now on. status: the exit status that belongs to the signal, 0 before one.

    The first signal raises Interrupted, so that all files are closed; a second one ends the process at once.
    """

    def __init__(self) -> None:
        self.status = 0
        signal.signal(signal.SIGTERM, self._interrupt)
        signal.signal(signal.SIGINT, self._interrupt)  # the shell disables it for background jobs of scripts

    def _interrupt(self, number: int, _frame: FrameType | None) -> None:
        if self.status:
            os._exit(self.status)
        self.status = TERMINATED if number == signal.SIGTERM else INTERRUPTED
        raise Interrupted
