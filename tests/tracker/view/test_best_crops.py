"""The best crop of each object, in memory of limited size."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tracker.view.pages import make_frame, make_tracks
from tracker.view import best_crops
from tracker.view.best_crops import BestCrops, view_quality


def test_a_better_view_takes_the_place_of_a_worse_one() -> None:
    found = BestCrops()
    for index, (score, shade) in enumerate([(0.5, 10), (0.9, 20), (0.6, 30)], start=1):
        found.update(make_frame(index, time=float(index), shade=shade), make_tracks(1, score=score))
    crop = found.get(1)
    assert crop is not None
    assert (crop.version, int(crop.image[0, 0, 0])) == (2, 20)
    assert max(crop.image.shape[:2]) <= best_crops.SIDE
    frame = make_frame(1, time=9.0)
    for track_id in range(2, 1000):
        found.update(frame, make_tracks(track_id))
    assert len(found._crops) == best_crops.MOST
    assert found.get(1) is None


def test_who_is_there_keeps_the_best_view_whoever_comes() -> None:
    found = BestCrops()
    found.update(make_frame(1), make_tracks(1, score=0.9))
    for track_id in range(2, 200):
        found.update(make_frame(track_id), make_tracks(1, track_id, score=0.5))
    assert found.get(1) is not None
    assert len(found._crops) == best_crops.MOST


def test_a_crop_is_no_view_of_the_picture_that_is_drawn_on() -> None:
    found, frame = BestCrops(), make_frame(1)
    found.update(frame, make_tracks(1))
    frame.image[:] = 255
    crop = found.get(1)
    assert crop is not None
    assert crop.image.max() == 90


def test_who_is_hidden_or_cut_off_is_worth_less() -> None:
    tracks = make_tracks(1, 2, 3)
    whole = view_quality(tracks, 160, 120)
    tracks.boxes[1] = tracks.boxes[0] + [5, 10, 5, 10]  # lower in the picture: in front
    tracks.boxes[2] += [90, 0, 90, 0]  # half outside
    quality = view_quality(tracks, 160, 120)
    assert quality[0] < 0.3 * whole[0]
    assert quality[1] == pytest.approx(whole[1])
    assert quality[2] < 0.3 * whole[2]
    assert np.isfinite(view_quality(make_tracks(), 160, 120)).all()
