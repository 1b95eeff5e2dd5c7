"""The sample clip is what its script makes, and its ground truth is true."""

from __future__ import annotations

import numpy as np

from tests import scenes
from tests.conftest import ROOT
from tracker.sources import open_source


def test_the_clip_in_the_repository_is_the_rendered_one() -> None:
    clip = [frame.image for frame in open_source(ROOT / "videos" / "crossing.mp4").frames]
    assert len(clip) == scenes.CROSSING_FRAMES
    for shown, rendered in zip(clip, scenes.render(scenes.CROSSING, scenes.CROSSING_FRAMES), strict=True):
        assert np.abs(shown.astype(int) - rendered).mean() < 12  # colour is stored at half resolution


def test_the_ground_truth_in_the_repository_is_the_scenes() -> None:
    true = scenes.read_truth(ROOT / "videos" / "crossing.txt")
    for frame in range(1, scenes.CROSSING_FRAMES + 1):
        ids, boxes = scenes.truth(scenes.CROSSING, frame)
        assert np.array_equal(true[frame][0], ids)
        assert np.abs(true[frame][1] - boxes).max() < 0.02
