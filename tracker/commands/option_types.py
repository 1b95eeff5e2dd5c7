"""What the text of an option stands for."""

from __future__ import annotations


def seconds(text: str) -> float:
    """Seconds of a time written as seconds, MM:SS or HH:MM:SS. Raises ValueError for anything else."""
    total = 0.0
    for part in text.split(":"):
        total = total * 60 + float(part)
    if text.count(":") > 2 or not 0 <= total < float("inf"):
        raise ValueError(text)
    return total


def address(text: str) -> str:
    """Check that a text is an address: else `--view` would take the source that follows it. Raises InputError."""
    from tracker.view.address import parse_address

    parse_address(text)
    return text
