from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detectors.base import Detections
from tracker.run.detection import suppressed

BOXES = np.array([[0.0, 0, 100, 100], [0, 0, 104, 100], [300, 0, 400, 100]])
SCORES = np.array([0.9, 0.3, 0.5])


def test_the_box_of_an_object_is_the_mean_of_its_candidates() -> None:
    found = suppressed(Detections(BOXES, SCORES), 0.7)
    np.testing.assert_allclose(found.boxes, [[0, 0, 101, 100], [300, 0, 400, 100]])
    assert found.scores.tolist() == [0.9, 0.5]


@pytest.mark.parametrize(
    "brought", [{"columns": {"keypoints": np.zeros((3, 17, 3))}}, {"embeddings": np.eye(3)}], ids=["columns", "looks"]
)
def test_what_a_detection_brings_keeps_the_box_that_it_fits(brought: dict[str, Any]) -> None:
    found = suppressed(Detections(BOXES, SCORES, **brought), 0.7)
    assert found.boxes.tolist() == BOXES[[0, 2]].tolist()


def test_nothing_is_found_in_nothing() -> None:
    assert len(suppressed(Detections.empty(), 0.7)) == 0
