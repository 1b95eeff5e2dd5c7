"""The quality of the annotated video: words and numbers for people, rate factors for the encoder."""

from __future__ import annotations

from detectors.errors import InputError

QUALITIES = {"low": 40.0, "medium": 60.0, "high": 80.0}
DEFAULT = "medium"
LOWEST, HIGHEST = 0.0, 100.0
WORST_FACTOR, BEST_FACTOR = 40.0, 10.0  # below 10 the file only grows, and 0 is a format that browsers do not play


def rate_factor(quality: str | float) -> float:
    """The constant rate factor of x264 (lower is better) for a word of `QUALITIES` or a number from 0 to 100.

    Twenty points are six of x264's, and double the file. Raises InputError for anything else.
    """
    try:
        points = QUALITIES.get(str(quality)) or float(quality)
    except (ValueError, TypeError):
        points = float("nan")
    if not LOWEST <= points <= HIGHEST:
        why = f"is neither {', '.join(QUALITIES)} nor a number from {LOWEST:g} to {HIGHEST:g}"
        raise InputError(f"--quality {quality}", why, f"{DEFAULT} is the default; 20 more double the file")
    return WORST_FACTOR + (BEST_FACTOR - WORST_FACTOR) * points / HIGHEST
