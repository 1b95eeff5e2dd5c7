from __future__ import annotations

import numpy as np
import pytest

from detectors.base import Detections
from detectors.scores import are_percentages, rescaled, without_rounding


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([95, 60], [0.95, 0.6]),  # percent
        ([100, 3], [1, 0.03]),
        ([250, 100, 0], [1, 0.4, 0]),  # of 0 to 255, or anything: the worst of them is not lost
        ([30, 15], [1, 0.5]),
        ([-1, 3, 0], [0, 1, 0.25]),  # with negative ones, the whole range
        ([-3, -1], [0, 1]),
        ([9, 9], [1, 1]),
        ([-2, -2], [1, 1]),
        ([0, 0], [1, 1]),
        ([], []),
    ],
)
def test_scores_of_any_range_become_0_to_1(scores: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(rescaled(np.array(scores, dtype=np.float64)), expected, atol=1e-12)


def test_percentages_are_told_from_other_scores() -> None:
    found = [are_percentages(np.array(scores)) for scores in ([95.0, 60.0], [40.0], [101.0], [60.0, -1.0], [1.0], [])]
    assert found == [True, False, False, False, False, False]


def test_only_rounding_is_forgiven() -> None:
    scores = np.array([1.0000001192092896, 1.0009765625, -1e-9, 1.01, -0.1, 0.3])
    assert without_rounding(scores).tolist() == [1, 1, 0, 1.01, -0.1, 0.3]
    assert Detections(np.zeros((1, 4)), np.array([1.0000001])).scores.tolist() == [1]
    with pytest.raises(ValueError, match="outside"):
        Detections(np.zeros((1, 4)), np.array([1.01]))
