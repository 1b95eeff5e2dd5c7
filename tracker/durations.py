"""Times, lengths of time and frame rates as people write them."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from numbers import Real

from detectors import limits
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


def seconds(text: str) -> float:
    """Seconds of a time written as seconds, MM:SS or HH:MM:SS. Raises ValueError for anything else."""
    total = 0.0
    for part in text.split(":"):
        total = total * 60 + float(part)
    if text.count(":") > 2 or not 0 <= total < float("inf"):
        raise ValueError(text)
    return total


def time_of(option: str, value: object) -> float:
    """Seconds of a number, or of a text as `seconds` takes it. Raises InputError for anything else."""
    if isinstance(value, Real) and not isinstance(value, bool):
        return float(value)
    try:
        return seconds(str(value))
    except ValueError:
        raise InputError(f"{option} {value}"[:100], "is no time", "give seconds, MM:SS or HH:MM:SS") from None


def frame_rate(text: str) -> Fraction:
    """Frames a second of "25", "29.97", "30000/1001" or "2.5e1". Raises ValueError for anything else.

    Rates that cannot be are refused before they become fractions, which spell out exponents digit by digit.
    """
    number, slash, divisor = text.strip().partition("/")
    try:
        if len(text) > limits.RATE_CHARACTERS:
            raise ValueError
        rate = float(number) / (float(divisor) if slash else 1.0)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise ValueError(f"{text[: limits.RATE_CHARACTERS]!r} is no number of frames a second") from None
    if not (math.isfinite(rate) and limits.FRAME_RATES[0] <= rate <= limits.FRAME_RATES[1]):
        raise ValueError(
            f"{text.strip()} frames a second are not between {limits.FRAME_RATES[0]:g} and {limits.FRAME_RATES[1]:g}"
        )
    return Fraction(number) / (Fraction(divisor) if slash else 1)
