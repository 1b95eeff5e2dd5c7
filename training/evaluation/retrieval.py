"""How well vectors tell identities apart: rank-1, mean average precision, and what a tracker needs of them.

The protocol: each crop in turn is the query, all other crops of its source are the gallery, most alike first; those of
the same identity less than `APART` seconds away are left out, since neighbouring frames are the same picture. rank-1 is
the share of queries whose first answer is of their identity, mAP the mean of their average precisions (Zheng et al.,
"Scalable person re-identification", 2015, section 5.1). AUC is the chance that two crops of one identity are more
alike than two of different identities, over all pairs of a scene at most `TOGETHER` seconds apart, as a tracker
compares them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.stats import rankdata

from detectors.base import Bools, Floats, Ints

APART = 0.5
TOGETHER = 2.0


@dataclass(frozen=True, eq=False)
class Gallery:
    """Crops to judge by: unit vectors ``(N, D)``; identities, scenes and sources ``(N,)``; seconds ``(N,)``."""

    vectors: Floats
    identities: Ints
    scenes: Ints
    sources: Ints
    seconds: Floats

    def only(self, rows: Bools) -> Gallery:
        """Some of the crops."""
        return Gallery(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True)
class Separation:
    """Shares in [0, 1], NaN where nothing could be compared. queries, identities: how many were judged."""

    rank1: float
    mean_ap: float
    auc: float
    queries: int
    identities: int


def judge(gallery: Gallery) -> Separation:
    """Rank-1, mAP and AUC of a gallery."""
    likeness = gallery.vectors @ gallery.vectors.T
    same = gallery.identities[:, None] == gallery.identities[None, :]
    gap = np.abs(gallery.seconds[:, None] - gallery.seconds[None, :])
    junk = (same & (gap < APART)) | (gallery.sources[:, None] != gallery.sources[None, :])
    firsts, precisions = [], []
    for row in range(len(same)):
        right = same[row, ~junk[row]][np.argsort(-likeness[row, ~junk[row]], kind="stable")]
        if right.any() and not right.all():
            firsts.append(bool(right[0]))
            precisions.append(average_precision(right))
    pairs = np.triu(gap <= TOGETHER, k=1) & (gallery.scenes[:, None] == gallery.scenes[None, :])
    return Separation(
        float(np.mean(firsts)) if firsts else np.nan,
        float(np.mean(precisions)) if precisions else np.nan,
        area_under_curve(likeness[pairs], same[pairs]),
        len(firsts),
        len(np.unique(gallery.identities)),
    )


def average_precision(right: Bools) -> float:
    """Mean precision at each right answer, of answers ``(N,)`` in order, at least one of them right."""
    places = np.flatnonzero(right)
    return float(np.mean((np.arange(len(places)) + 1) / (places + 1)))


def area_under_curve(likeness: Floats, same: Bools) -> float:
    """The chance that a pair of the same is more alike than another pair, ties counting half: both ``(N,)``."""
    alike = int(same.sum())
    if not 0 < alike < len(same):
        return float("nan")
    ranks = rankdata(likeness)[same]
    return float((ranks.sum() - alike * (alike + 1) / 2) / (alike * (len(same) - alike)))
