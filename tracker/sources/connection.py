"""An open camera or stream, and the error that ends it."""

from __future__ import annotations

from typing import Protocol

from detectors.base import Image


class ConnectionLostError(Exception):
    """No more pictures come. The text tells why, and holds no address."""


class Connection(Protocol):
    """A camera or stream that is open. stamp: seconds of the last picture on its own clock, None if it has none."""

    stamp: float | None

    def read(self) -> Image:
        """Wait for the next picture ``(H, W, 3)`` BGR. Raises ConnectionLostError when none comes."""

    def close(self) -> None:
        """Close the connection."""
