"""What the text of an option stands for."""

from __future__ import annotations


def seconds(text: str) -> float:
    """Seconds of a time, see `tracker.durations.seconds`, which is loaded once there is one: --help needs no NumPy."""
    from tracker.durations import seconds as read

    return read(text)


def address(text: str) -> str:
    """Check that a text is an address: else `--view` would take the source that follows it. Raises InputError."""
    from tracker.view.address import parse_address

    parse_address(text)
    return text
