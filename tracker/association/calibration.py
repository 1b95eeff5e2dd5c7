"""What a tracker learns about its detector and embedder while it runs, so that no threshold is tuned to one of them.

Two detectors that find the same objects may score them 0.9 or 0.5, and their boxes may be more or less noisy. Both can
be measured on the detections themselves, from the first frames on.
"""

from __future__ import annotations

import math

import numpy as np

from detectors.base import Floats


class ScoreCalibration:
    """The typical score of a real object: the mean of all scores so far, weighted by their squares.

    The weights leave the many low-score detections, mostly false ones, almost out of it. Multiplying all scores by a
    factor multiplies `typical` by the same, so a threshold that is a share of it selects the same detections. A prior
    keeps a single stray score from deciding the first frame, and a minimum keeps an empty scene from being filled with
    false detections of low scores.
    """

    MIN_TYPICAL = 0.45
    PRIOR_COUNT, PRIOR_SCORE = 1.0, 0.8
    MEMORY = 1e4  # sum of squares; about as many sure detections, so that a camera's day does not outweigh its night

    def __init__(self) -> None:
        self._cubes = self.PRIOR_COUNT * self.PRIOR_SCORE**3
        self._squares = self.PRIOR_COUNT * self.PRIOR_SCORE**2

    @property
    def typical(self) -> float:
        """In [MIN_TYPICAL, 1]."""
        return max(self.MIN_TYPICAL, self._cubes / self._squares)

    def update(self, scores: Floats) -> None:
        """Take in the scores ``(N,)`` of one frame."""
        squares = scores * scores
        self._cubes += float((squares * scores).sum())
        self._squares += float(squares.sum())
        fade = min(1.0, self.MEMORY / self._squares)
        self._cubes, self._squares = fade * self._cubes, fade * self._squares


class NoiseCalibration:
    """A factor on the process noise of the Kalman filter that makes its predictions as uncertain as they prove to be.

    For the right noise the squared innovation over its variance has a median of about 0.45 (chi-square, one degree of
    freedom). A detector's boxes follow objects more smoothly than the papers' noise supposes: TARGET is the median for
    well-followed tracks. A factor that keeps the median there adapts to noisier boxes and faster changes of motion.
    """

    TARGET, STEP, MAX_LOG_RATIO = 0.10, 0.02, 2.0
    LIMITS = (0.25, 4.0)
    CONVERGED = 0.3  # about the factor that all detectors and sequences at hand lead to, after 80 to 160 frames

    def __init__(self) -> None:
        self.factor = 1.0

    def start_converged(self) -> None:
        """Start with the usual final factor, for tracking that begins in the middle of a video."""
        self.factor = self.CONVERGED

    def update(self, ratios: Floats) -> None:
        """Take in the squared innovations of steadily matched tracks in one frame, over their variances: ``(N, 4)``."""
        if not len(ratios):
            return
        ratios = ratios.flatten()
        ratios.sort()  # far quicker than `numpy.median` for so few
        middle = len(ratios) // 2
        median = float(ratios[middle] + ratios[-1 - middle]) / 2
        excess = min(max(math.log(max(median, 1e-6) / self.TARGET), -self.MAX_LOG_RATIO), self.MAX_LOG_RATIO)
        low, high = self.LIMITS
        self.factor = min(max(self.factor * math.exp(self.STEP * excess), low), high)


class AppearanceCalibration:
    """Calibrates the cosine similarities of an embedder, whichever it is.

    Embedders differ in what they call similar: two views of one person may score 0.95 and two people 0.9, or 0.7 and
    0.1. The running means over matched pairs and over all other pairs of the same frames make the scale: a calibrated
    similarity is 0.5 for a pair as similar as one object's views usually are, -0.5 for one as similar as different
    objects.
    """

    DECAY = 0.98  # of a mean in a frame that adds to it; its memory is 50 such frames
    PRIOR = (0.8, 0.4)  # similarities of the same and of different objects before anything is known
    PRIOR_COUNT = 5.0  # pairs that the prior counts for
    RANGE = (-1.5, 1.0)
    MIN_CONTRAST = 0.05  # so that an embedder that sees hardly any difference is not magnified without bounds

    def __init__(self) -> None:
        self._weight = np.full(2, self.PRIOR_COUNT)
        self._sum = self.PRIOR_COUNT * np.asarray(self.PRIOR)

    @property
    def state(self) -> Floats:
        """Weights and weighted sums ``(2, 2)`` of the similarities of the same and of different objects."""
        return np.stack([self._weight, self._sum])

    @classmethod
    def from_state(cls, state: Floats) -> AppearanceCalibration:
        """The calibration of this `state`."""
        calibration = cls()
        calibration._weight, calibration._sum = np.array(state, dtype=np.float64)
        return calibration

    def update(self, similarities: Floats) -> None:
        """Take in the similarities ``(N, N)`` of N tracks and their N matches of one frame, in the same order."""
        count = len(similarities)
        same = np.diagonal(similarities)
        for at, values, share in ((0, same, 1.0), (1, similarities[~np.eye(count, dtype=bool)], 1 / max(count, 1))):
            if values.size:  # a frame without such pairs changes nothing
                self._weight[at] = self.DECAY * self._weight[at] + share * values.size
                self._sum[at] = self.DECAY * self._sum[at] + share * float(values.sum())

    def calibrate(self, similarities: Floats) -> Floats:
        """Calibrated similarities, of the same shape."""
        same, other = self._sum / np.maximum(self._weight, 1e-6)
        contrast = max(float(same - other), self.MIN_CONTRAST)
        return np.asarray(np.clip((similarities - other) / contrast - 0.5, *self.RANGE))
