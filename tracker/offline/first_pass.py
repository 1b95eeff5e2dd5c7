"""All that is kept of a video, or of a piece of it, once its pictures have been looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from detectors.base import Ints
from tracker.offline.trajectory import Recording


@dataclass(frozen=True, eq=False)
class FirstPass:
    """What the first of two passes has found.

    indices: ``(T,)`` numbers in the source, from 1, of the recording's frames. class_names: of the detector. width,
    height: pixels, 0 if unknown. frame_rate: frames a second, on average. warnings: what the user should know.
    """

    indices: Ints
    recording: Recording
    class_names: Mapping[int, str]
    width: int
    height: int
    frame_rate: Fraction
    warnings: tuple[str, ...] = field(default=())
