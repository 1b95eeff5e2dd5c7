"""Lengths of time as people write them."""

from __future__ import annotations

import re

from detectors.errors import InputError

UNITS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}  # seconds


def duration(option: str, value: str | float, least: float) -> float:
    """Seconds of "90", "30s", "10min", "1.5h" or "1d". option: for the message.

    Raises InputError for anything else, and for less than `least` seconds.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?) *([a-z]*)", str(value).strip().lower())
    unit = UNITS.get((match[2] or "s") if match else "")
    if match is None or unit is None:
        raise InputError(f"{option} {value}", "is no length of time", "write it as 90s, 10min or 1h")
    seconds = float(match[1]) * unit
    if seconds < least:
        raise InputError(f"{option} {value}", f"is less than {least:g} s", "give a longer time")
    return seconds
