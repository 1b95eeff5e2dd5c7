"""Ctrl-C and SIGTERM, so that files are closed on the way out."""

from __future__ import annotations

import os
import signal
from types import FrameType

INTERRUPTED, TERMINATED = 130, 143  # exit statuses


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM, as an exception, so that files are closed on the way out."""


class Interruption:
    """Takes Ctrl-C and SIGTERM from now on, and remembers the exit status that belongs to them.

    The first one closes all files on its way out; whoever cannot wait for that ends the process at once with a second.
    """

    def __init__(self) -> None:
        self.status = 0
        signal.signal(signal.SIGTERM, self._interrupt)
        signal.signal(signal.SIGINT, self._interrupt)  # a shell script's background jobs start without it

    def _interrupt(self, number: int, _frame: FrameType | None) -> None:
        if self.status:
            os._exit(self.status)
        self.status = TERMINATED if number == signal.SIGTERM else INTERRUPTED
        raise Interrupted
