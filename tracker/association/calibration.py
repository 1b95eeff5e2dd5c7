"""What a tracker learns about its detector while it runs, so that no threshold is tuned to one detector.

Two detectors that find the same objects may score them 0.9 or 0.5, and place boxes steadily or shakily. Both show in
the detections themselves, from the first frames on.
"""

from __future__ import annotations

import math

import numpy as np

from detectors.base import Floats


class ScoreScale:
    """The typical score of a real object: the mean of all scores so far, weighted by their squares.

    The weights leave the many weak detections, mostly clutter, almost out of it. Multiplying all scores by a factor
    multiplies `typical` by the same, so a threshold that is a share of it sees no difference. An imagined detection
    keeps the first frame from being judged by a single stray score, and a least value keeps an empty scene from being
    filled with what little a detector believes in there.
    """

    LEAST = 0.45
    IMAGINED, IMAGINED_SCORE = 1.0, 0.8
    MEMORY = 1e4  # sum of squares; about as many sure detections, so that a camera's day does not outweigh its night

    def __init__(self) -> None:
        self._cubes = self.IMAGINED * self.IMAGINED_SCORE**3
        self._squares = self.IMAGINED * self.IMAGINED_SCORE**2

    @property
    def typical(self) -> float:
        """In [LEAST, 1]."""
        return max(self.LEAST, self._cubes / self._squares)

    def see(self, scores: Floats) -> None:
        """Take in the scores ``(N,)`` of one frame."""
        self._cubes += float((scores**3).sum())
        self._squares += float((scores**2).sum())
        fade = min(1.0, self.MEMORY / self._squares)
        self._cubes, self._squares = fade * self._cubes, fade * self._squares


class NoiseScale:
    """A factor for the process noise of the Kalman filter, so that its predictions are as uncertain as they prove.

    For the right noise the squared innovation over its variance has a median of about 0.45 (chi-square, one degree of
    freedom). Boxes of a detector follow objects more smoothly than the papers' noise supposes; FIT is what tracks that
    are followed well show, and a factor that keeps a sequence there adapts to shakier boxes and wilder motion.
    """

    FIT, STEP, WILDEST = 0.10, 0.02, 2.0
    LIMITS = (0.25, 4.0)
    SETTLED = 0.3  # about where it comes to rest with all detectors and sequences at hand, after 80 to 160 frames

    def __init__(self) -> None:
        self.factor = 1.0

    def settle(self) -> None:
        """Begin where it usually comes to rest, for whoever comes in when a video has been going on for long."""
        self.factor = self.SETTLED

    def see(self, innovation: Floats, variance: Floats) -> None:
        """Take in the innovations ``(N, 4)`` of steadily matched tracks in one frame, and their variances."""
        if not len(innovation):
            return
        surprises = np.sort((innovation**2 / variance).ravel())  # far quicker than `numpy.median` for so few
        middle = len(surprises) // 2
        median = float(surprises[middle] + surprises[-1 - middle]) / 2
        surprise = min(max(math.log(max(median, 1e-6) / self.FIT), -self.WILDEST), self.WILDEST)
        low, high = self.LIMITS
        self.factor = min(max(self.factor * math.exp(self.STEP * surprise), low), high)


class LikenessScale:
    """Turns the cosine similarity of an embedder, whichever it is, into likeness.

    Embedders differ in what they call similar: two views of one person may score 0.95 and two people 0.9, or 0.7 and
    0.1. The running means over matched pairs and over all others of the same frames make the scale: likeness is 0.5 for
    a pair as similar as one object's views usually are, -0.5 for one as similar as different objects.
    """

    FADE = 0.98  # a frame that shows some; its inverse, 50 frames, is the memory
    START = (0.8, 0.4)  # similarities of the same and of different objects before anything is known
    CAUTION = 5.0  # pairs that the start counts for
    RANGE = (-1.5, 1.0)
    LEAST_CONTRAST = 0.05  # an embedder that sees hardly any difference must not be magnified without bounds

    def __init__(self) -> None:
        self._weight = np.full(2, self.CAUTION)
        self._sum = self.CAUTION * np.asarray(self.START)

    @property
    def state(self) -> Floats:
        """All that it knows, ``(2, 2)``: weights, and weighted sums, of the same and of different objects."""
        return np.stack([self._weight, self._sum])

    @classmethod
    def from_state(cls, state: Floats) -> LikenessScale:
        """The scale that has this `state`."""
        scale = cls()
        scale._weight, scale._sum = np.array(state, dtype=np.float64)
        return scale

    def see(self, similarities: Floats) -> None:
        """Take in the similarities ``(N, N)`` of N tracks and their N matches of one frame, in the same order."""
        count = len(similarities)
        same = np.diagonal(similarities)
        for at, values, share in ((0, same, 1.0), (1, similarities[~np.eye(count, dtype=bool)], 1 / max(count, 1))):
            if values.size:  # what was not seen in a frame is not forgotten in it
                self._weight[at] = self.FADE * self._weight[at] + share * values.size
                self._sum[at] = self.FADE * self._sum[at] + share * float(values.sum())

    def of(self, similarities: Floats) -> Floats:
        """Likeness, of the same shape."""
        same, other = self._sum / np.maximum(self._weight, 1e-6)
        contrast = max(float(same - other), self.LEAST_CONTRAST)
        return np.asarray(np.clip((similarities - other) / contrast - 0.5, *self.RANGE))
