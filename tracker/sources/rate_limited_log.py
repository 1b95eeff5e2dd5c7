"""Warnings about a live source, limited in number: an outage must not fill the log of a service."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

BURST, PERIOD = 20, 60.0  # messages that are logged at once; seconds for each further one (a token bucket)

logger = logging.getLogger(__name__)


class RateLimitedLog:
    """Logs warnings about one source, and counts those beyond the limit.

    shown: the source as messages call it. clock: seconds, for tests.
    """

    def __init__(self, shown: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._shown, self._clock = shown, clock
        self._tokens, self._last, self._left_out = float(BURST), clock(), 0

    def warn(self, text: str) -> None:
        """Log a warning, or count it."""
        now = self._clock()
        self._tokens = min(float(BURST), self._tokens + (now - self._last) / PERIOD)
        self._last = now
        if self._tokens < 1:
            self._left_out += 1
            return
        more = f" ({self._left_out} such messages left out)" if self._left_out else ""
        self._tokens, self._left_out = self._tokens - 1, 0
        logger.warning("%s: %s%s", self._shown, text, more)
