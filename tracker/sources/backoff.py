"""How long to wait between attempts to open a lost source again: backoff with jitter."""

from __future__ import annotations

import random
from collections.abc import Callable

QUICK = 10.0  # seconds after a loss in which attempts follow each other quickly
FIRST_DELAY = 0.2  # seconds between these
GROWTH = 0.3  # after that, the delay is this share of the time since the loss
LONGEST_DELAY = 30.0  # seconds
JITTER = 0.3  # share of a delay that is left to chance
TIMEOUTS = ((QUICK, 3.0), (60.0, 5.0))  # (seconds since the loss, timeout of an attempt until then)
LATER_TIMEOUT = 10.0  # seconds


def reconnect_delay(away: float, chance: Callable[[], float] = random.random) -> float:
    """Seconds until the next attempt, `away` seconds after the source was lost.

    Chance keeps many trackers from asking a server that comes back all at once. chance: gives numbers from 0 to 1.
    """
    longest = FIRST_DELAY if away < QUICK else min(LONGEST_DELAY, GROWTH * away)
    return longest * (1 - JITTER + JITTER * chance())


def attempt_timeout(away: float) -> float:
    """Seconds that an attempt may take, `away` seconds after the source was lost."""
    return next((timeout for limit, timeout in TIMEOUTS if away < limit), LATER_TIMEOUT)
