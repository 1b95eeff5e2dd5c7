"""A live source for tests that gives some pictures."""

from __future__ import annotations

import numpy as np

from detectors.base import Image
from tracker.sources.connection import ConnectionLostError


class FakeConnection:
    """Gives pictures, then is lost."""

    stamp: float | None = None

    def __init__(self, pictures: int, shape: tuple[int, int] = (24, 32)) -> None:
        self._left, self._shape = pictures, shape

    def read(self) -> Image:
        if not self._left:
            raise ConnectionLostError("it ended")
        self._left -= 1
        return np.zeros((*self._shape, 3), np.uint8)

    def close(self) -> None:
        pass
