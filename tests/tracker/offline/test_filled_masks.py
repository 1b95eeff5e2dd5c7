"""Boxes that no detection supports get the mask of the nearest detection, moved along."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detectors.masks import Mask
from tracker.offline.filled_masks import fill_masks
from tracker.offline.trajectory import Trajectory

SMALL, LARGE = Mask.pack(np.ones((4, 2), bool), 0, 0), Mask.pack(np.ones((8, 4), bool), 60, 0)
FILLED = np.array([False, True, True, True, False, True])


def trajectory(masks: list[Mask | None]) -> Trajectory:
    x = np.array([0.0, 10, 20, 30, 60, 70])
    size = np.array([2.0, 2, 3, 4, 4, 4])
    boxes = np.stack([x, x * 0, x + size, 2 * size], axis=1)
    scores = np.ones(len(x))
    return Trajectory(1, 0, np.arange(6), boxes, scores, FILLED, FILLED & False, columns={"masks": masks})


def test_each_filled_box_has_the_mask_of_the_nearest_detection() -> None:
    track = trajectory([SMALL, None, None, None, LARGE, None])
    masks = fill_masks(track).columns["masks"]
    assert [mask.rectangle for mask in masks] == [tuple(box) for box in track.boxes.astype(int).tolist()]
    assert all(mask.pixels().all() for mask in masks)
    assert (masks[0], masks[4]) == (SMALL, LARGE)


def test_what_a_detector_has_not_told_stays_untold() -> None:
    assert fill_masks(trajectory([None] * 6)).columns["masks"] == [None] * 6
    assert fill_masks(trajectory([SMALL, None, None, None, None, None])).columns["masks"][4] is None
    track = replace(trajectory([]), columns={})
    assert fill_masks(track) is track
