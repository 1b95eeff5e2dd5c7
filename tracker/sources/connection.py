"""How a live source says that no more pictures come."""

from __future__ import annotations

from typing import Protocol

from detectors.base import Image


class Lost(Exception):  # noqa: N818  # it is what happened, and nothing that a user did wrong
    """The connection is over. Its text tells why, and holds no address."""


class Connection(Protocol):
    """A camera or stream that is open. stamp: seconds of the last picture on its own clock, None if it has none."""

    stamp: float | None

    def read(self) -> Image:
        """The next picture ``(H, W, 3)`` BGR, when it comes. Raises Lost when none does."""

    def close(self) -> None:
        """End it."""
