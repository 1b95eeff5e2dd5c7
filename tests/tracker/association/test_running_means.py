"""The usual height and score of tracks follow their detections by time, and tell how steady the height is."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.base import Detections
from tracker.association.running_means import DEVIATION, RunningMeans


def found(heights: list[float], scores: list[float]) -> Detections:
    return Detections(np.array([[0.0, 0.0, 20.0, height] for height in heights]), np.array(scores))


def played(heights: list[float], interval: float) -> RunningMeans:
    means = RunningMeans()
    means.append(found(heights[:1], [0.8]))
    for hits, height in enumerate(heights[1:], start=2):
        means.update(np.array([0]), found([height], [0.8]), np.array([hits]), np.array([interval]))
    return means


def test_the_first_detections_count_alike() -> None:
    means = played([50.0, 60.0, 70.0], 0.01)
    assert means.log_heights[0] == pytest.approx(np.log([50.0, 60.0, 70.0]).mean())
    assert means.scores.tolist() == [pytest.approx(0.8)]


def test_means_forget_by_time_and_not_by_frames() -> None:
    slow = played([50.0] * 20 + [80.0] * 3, 0.1)
    quick = played([50.0] * 200 + [80.0] * 30, 0.01)
    np.testing.assert_allclose(slow.log_heights, quick.log_heights, atol=0.01)
    assert 50 < np.exp(slow.log_heights[0]) < 80


def test_a_steady_height_has_a_small_variance_and_a_dancer_a_large_one() -> None:
    dancer = [50.0, 60.0, 70.0, 60.0] * 30
    assert played([50.0] * 120, 1 / 30).height_variances[0] < 0.001
    assert played(dancer, 1 / 30).height_variances[0] == pytest.approx(np.var(np.log(dancer)), rel=0.3)


def test_rows_are_kept_together() -> None:
    means = RunningMeans()
    means.append(found([50.0, 60.0, 70.0], [0.7, 0.8, 0.9]))
    means.update(np.array([2]), found([90.0], [0.5]), np.array([2]), np.array([0.1]))
    means.keep(np.array([True, False, True]))
    np.testing.assert_allclose(means.log_heights, [np.log(50), np.log([70, 90]).mean()])
    np.testing.assert_allclose(means.scores, [0.7, 0.7])
    assert means.height_variances[0] == DEVIATION**2
    assert means.height_variances[1] != DEVIATION**2
