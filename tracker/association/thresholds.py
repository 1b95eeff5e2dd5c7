"""The score thresholds of a preset, as they apply to the detector at hand."""

from __future__ import annotations

from detectors.base import Floats
from tracker.association.calibration import ScoreCalibration
from tracker.association.presets import Preset


class ScoreThresholds:
    """Thresholds on scores; with `Preset.relative_thresholds` they are shares of the typical score.

    The typical score belongs to the detector, so it stays the same over cuts.
    """

    def __init__(self, preset: Preset) -> None:
        self._preset = preset
        self._calibration = ScoreCalibration()

    def update(self, scores: Floats) -> None:
        """Take in the scores ``(N,)`` of one frame."""
        self._calibration.update(scores)

    @property
    def typical(self) -> float:
        """The score of a typical object."""
        return self._calibration.typical

    @property
    def low(self) -> float:
        """Detections below it are ignored."""
        return self._absolute(self._preset.low_threshold)

    @property
    def high(self) -> float:
        """Detections from it on are of a high score."""
        return self._absolute(self._preset.high_threshold)

    @property
    def birth(self) -> float:
        """Detections from it on may start a track."""
        return self._absolute(self._preset.birth_threshold)

    def _absolute(self, threshold: float) -> float:
        return threshold * self.typical if self._preset.relative_thresholds else threshold
