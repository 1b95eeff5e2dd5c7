"""Prints warnings on standard error when they are logged, not only at the end of a run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from tracker.commands.screen import warn


class WarningPrinter(logging.Handler):
    """A log handler that prints ``warning: ...``."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a line. While there is a progress bar, rich has replaced `sys.stderr` and prints the line above it."""
        try:
            warn(record.getMessage())
        except (OSError, ValueError):  # the reader has closed it
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # its name there
        """Ignore the error: there is nowhere to report it."""


@contextmanager
def printed_warnings() -> Iterator[None]:
    """Print the package's warnings as they are logged, inside the block."""
    logger, printer = logging.getLogger("tracker"), WarningPrinter(logging.WARNING)
    logger.addHandler(printer)
    try:
        yield
    finally:
        logger.removeHandler(printer)
