"""How many of something, in words."""

from __future__ import annotations


def counted(count: int, thing: str) -> str:
    """``1, "picture"`` -> "1 picture"; ``2, "picture"`` -> "2 pictures"."""
    return f"{count} {thing}{'' if count == 1 else 's'}"
