"""What happens during a long run, told on standard error at once."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class Notices(logging.Handler):
    """Prints what is logged as ``warning: ...``."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a line. A progress bar takes the place of `sys.stderr` while it is there, and makes room for it."""
        try:
            print(f"warning: {record.getMessage()}", file=sys.stderr, flush=True)
        except (OSError, ValueError):  # nobody reads it any more
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # its name there
        """Say nothing, as there is nobody to say it to."""


@contextmanager
def told_at_once() -> Iterator[None]:
    """Print the package's warnings as they are logged, inside the block."""
    logger, notices = logging.getLogger("tracker"), Notices(logging.WARNING)
    logger.addHandler(notices)
    try:
        yield
    finally:
        logger.removeHandler(notices)
