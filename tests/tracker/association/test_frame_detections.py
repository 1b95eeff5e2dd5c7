"""Which detections of a frame count."""

from __future__ import annotations

import numpy as np

from detectors.base import Detections
from tracker.association.frame_detections import contained_in_better


def test_a_part_of_an_object_has_a_low_score_and_lies_inside_a_better_box_of_its_class() -> None:
    whole, half = np.array([10.0, 20, 40, 90]), np.array([10.0, 20, 40, 55])
    for score, class_id, is_part in ((0.3, 0, True), (0.9, 0, False), (0.3, 1, False)):
        detections = Detections(np.stack([whole, half]), np.array([0.8, score]), np.array([0, class_id]))
        assert contained_in_better(detections, detections.scores < 0.5, 0.9).tolist() == [False, is_part]
    beside = Detections(np.stack([whole, half + np.array([20, 0, 20, 0])]), np.array([0.8, 0.3]))
    assert not contained_in_better(beside, beside.scores < 0.5, 0.9).any()


def test_no_detections_are_contained_in_none() -> None:
    assert not contained_in_better(Detections.empty(), np.empty(0, dtype=bool), 0.9).size
