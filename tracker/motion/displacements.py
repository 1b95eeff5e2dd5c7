"""How far boxes were seen to move; in a file of its own, since the tracker needs it without OpenCV."""

from __future__ import annotations

from dataclasses import dataclass

from detectors.base import Bools, Floats


@dataclass(frozen=True, eq=False)
class Displacements:
    """How far N boxes were seen to move from one frame to the next.

    offsets: ``(N, 2)`` pixels. reliable: ``(N,)``, which offsets can be relied on. deviation: ``(2,)`` pixels, standard
    deviation of the reliable ones.
    """

    offsets: Floats
    reliable: Bools
    deviation: Floats
