"""The similarity of tracks and detections, cue by cue."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Detections, Floats
from detectors.boxes import expand, iou_matrix
from tracker.association.cues import (
    MAX_EXPANSION,
    MAX_MISSED,
    Cues,
    DetectionCues,
    TrackCues,
    occluded_share,
    similarity,
)
from tracker.association.frame_detections import contained_in_better

PLAIN = Cues(
    height_overlap=False,
    expansion=0.0,
    expansion_rate=0.0,
    score_change=0.0,
    bottom_edge=0.0,
    low_score=0.0,
    missed=0.0,
    occlusion=0.0,
    class_change=0.0,
)
TYPICAL = 0.8


def random_boxes(rng: np.random.Generator, count: int) -> Floats:
    corner = rng.uniform(0, 80, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(5, 60, (count, 2))], axis=1)


def expected(boxes: Floats, **columns: object) -> TrackCues:
    count = len(boxes)
    tracks = TrackCues(
        boxes=boxes,
        scores=np.full(count, 0.8),
        missed=np.zeros(count, dtype=np.int64),
        class_ids=np.zeros(count, dtype=np.int64),
        confirmed=np.ones(count, dtype=bool),
        occluded=occluded_share(boxes, np.ones(count, dtype=bool)),
    )
    return replace(tracks, **columns)  # type: ignore[arg-type]


def worth(
    cues: Cues, tracks: TrackCues, boxes: Floats, scores: float = 0.8, strong: bool = True, elapsed: float = 0.0
) -> Floats:
    count = len(boxes)
    are_strong = np.full(count, strong)
    found = DetectionCues(
        boxes, np.full(count, scores), np.zeros(count, dtype=np.int64), are_strong, occluded_share(boxes, are_strong)
    )
    return similarity(cues, tracks, found, TYPICAL, elapsed).matrix()


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_without_other_cues_it_is_the_iou(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tracks, boxes = random_boxes(rng, 5), random_boxes(rng, 7)
    iou = iou_matrix(tracks, boxes)
    np.testing.assert_allclose(worth(PLAIN, expected(tracks), boxes), np.where(iou > 0, iou, -np.inf))


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_cues_only_ever_take_away(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tracks, boxes = random_boxes(rng, 5), random_boxes(rng, 7)
    everything = worth(replace(Cues(), expansion=0.0), expected(tracks), boxes)
    assert (everything <= worth(PLAIN, expected(tracks), boxes) + 1e-12).all()


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10), st.floats(-500, 500))
def test_neither_place_nor_size_of_the_picture_matters(seed: int, zoom: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    tracks, boxes = random_boxes(rng, 5), random_boxes(rng, 7)
    moved = worth(Cues(), expected(zoom * tracks + shift), zoom * boxes + shift)
    np.testing.assert_allclose(moved, worth(Cues(), expected(tracks), boxes), atol=1e-6)


def test_an_undisturbed_pair_is_worth_one() -> None:
    box = np.array([[10.0, 20, 40, 90]])
    assert worth(Cues(), expected(box), box)[0, 0] == pytest.approx(1.0)


BOX = np.array([[10.0, 20, 40, 90]])
SHORTER = np.array([[10.0, 20, 40, 76]])  # 14 of 70 are missing at the feet


@pytest.mark.parametrize(
    ("cues", "columns", "given", "price"),
    [
        (replace(PLAIN, score_change=0.1), {"scores": np.array([0.4])}, {}, 0.1 * 0.4 / TYPICAL),
        (replace(PLAIN, low_score=0.4), {}, {"strong": False}, 0.4),
        (replace(PLAIN, missed=0.05), {"missed": np.array([2])}, {}, 0.05 * 2 / MAX_MISSED),
        (replace(PLAIN, missed=0.05), {"missed": np.array([900])}, {}, 0.05),
        (replace(PLAIN, class_change=0.3), {"class_ids": np.array([4])}, {}, 0.3),
        (replace(PLAIN, bottom_edge=0.2), {}, {"boxes": SHORTER}, 0.2 + 0.2 * 2 * 14 / 56),
        (replace(PLAIN, height_overlap=True), {}, {"boxes": SHORTER}, 1 - 0.8 * 0.8),
    ],
)
def test_the_price_of_a_difference(cues: Cues, columns: dict, given: dict, price: float) -> None:  # type: ignore[type-arg]
    boxes = given.pop("boxes", BOX)
    assert worth(cues, expected(BOX, **columns), boxes, **given)[0, 0] == pytest.approx(1 - price)


def test_growing_lets_neighbours_touch() -> None:
    apart = BOX + np.array([33, 0, 33, 0])
    assert worth(PLAIN, expected(BOX), apart)[0, 0] == -np.inf
    assert worth(replace(PLAIN, expansion=0.1), expected(BOX), apart)[0, 0] > 0
    for elapsed, share in ((1 / 30, 0.0), (1 / 5, 0.1), (60.0, MAX_EXPANSION)):
        grown = worth(replace(PLAIN, expansion_rate=0.5), expected(BOX), apart, elapsed=elapsed)[0, 0]
        assert (grown > 0) == (share > 1.5 / 30)
    np.testing.assert_allclose(expand(BOX, 0.1), [[7, 13, 43, 97]])


def test_a_tentative_track_takes_no_weak_detection() -> None:
    tracks = expected(BOX, confirmed=np.array([False]))
    assert worth(Cues(), tracks, BOX, strong=False)[0, 0] == -np.inf
    assert np.isfinite(worth(Cues(), tracks, BOX)[0, 0])


def slow_hidden_share(boxes: Floats, occluders: list[bool]) -> list[float]:
    shares = []
    for box in boxes:
        covered = [0.0]
        for other, counts in zip(boxes, occluders, strict=True):
            if counts and other[3] > box[3]:
                width = min(box[2], other[2]) - max(box[0], other[0])
                height = min(box[3], other[3]) - max(box[1], other[1])
                covered.append(max(width, 0) * max(height, 0) / ((box[2] - box[0]) * (box[3] - box[1])))
        shares.append(max(covered))
    return shares


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
def test_hidden_shares_equal_the_slow_loop(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    boxes, occluders = random_boxes(rng, count), rng.random(count) < 0.7
    np.testing.assert_allclose(occluded_share(boxes, occluders), slow_hidden_share(boxes, occluders.tolist()))


def test_who_is_hidden_alike_goes_together() -> None:
    """Two walk one behind the other; the detection that is cut off by the front one is the back one's."""
    front, back = np.array([10.0, 20, 40, 100]), np.array([14.0, 18, 44, 96])
    tracks = expected(np.stack([front, back]))
    boxes = np.stack([front, back]) + np.array([2.0, 0, 2, 0])
    gained = worth(replace(PLAIN, occlusion=0.2), tracks, boxes) - worth(PLAIN, tracks, boxes)
    np.testing.assert_allclose(np.diagonal(gained), 0, atol=0.02)
    assert (gained[~np.eye(2, dtype=bool)] < -0.1).all()


def test_a_part_is_weak_inside_a_better_one_and_of_its_class() -> None:
    whole, half = np.array([10.0, 20, 40, 90]), np.array([10.0, 20, 40, 55])
    for score, class_id, is_part in ((0.3, 0, True), (0.9, 0, False), (0.3, 1, False)):
        detections = Detections(np.stack([whole, half]), np.array([0.8, score]), np.array([0, class_id]))
        assert contained_in_better(detections, detections.scores < 0.5, 0.9).tolist() == [False, is_part]
    beside = Detections(np.stack([whole, half + np.array([20, 0, 20, 0])]), np.array([0.8, 0.3]))
    assert not contained_in_better(beside, beside.scores < 0.5, 0.9).any()


def test_nothing_to_compare_is_fine() -> None:
    nothing = np.empty((0, 4))
    assert worth(Cues(), expected(nothing), BOX).shape == (0, 1)
    assert worth(Cues(), expected(BOX), nothing).shape == (1, 0)
    assert not contained_in_better(Detections.empty(), np.empty(0, dtype=bool), 0.9).size
