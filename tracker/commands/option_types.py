"""What the text of an option stands for."""

from __future__ import annotations


def address(text: str) -> str:
    """Check that a text is an address: else `--view` would take the source that follows it. Raises InputError."""
    from tracker.view.address import parse_address

    parse_address(text)
    return text
