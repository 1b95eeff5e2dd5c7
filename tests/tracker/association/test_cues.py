"""The similarity of tracks and detections, cue by cue."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Floats
from detectors.boxes import iou_matrix
from tracker.association.cues import (
    MAX_EXPANSION,
    MAX_HEIGHT_CHANGE,
    MAX_MISSED,
    MAX_REACH,
    STEADY,
    Cues,
    DetectionCues,
    TrackCues,
    distant_similarity,
    occluded_share,
    similarity,
)
from tracker.association.running_means import log_heights

PLAIN = Cues(
    height_overlap=False,
    expansion=0.0,
    expansion_rate=0.0,
    score_change=0.0,
    height_change=0.0,
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


def track_cues(boxes: Floats, **columns: object) -> TrackCues:
    count = len(boxes)
    tracks = TrackCues(
        boxes=boxes,
        scores=np.full(count, 0.8),
        log_heights=log_heights(boxes),
        height_variances=np.zeros(count),
        missed=np.zeros(count, dtype=np.int64),
        class_ids=np.zeros(count, dtype=np.int64),
        confirmed=np.ones(count, dtype=bool),
        occluded=occluded_share(boxes, np.ones(count, dtype=bool)),
        deviations=np.zeros((count, 2)),
    )
    return replace(tracks, **columns)  # type: ignore[arg-type]


def similarity_of(
    cues: Cues, tracks: TrackCues, boxes: Floats, scores: float = 0.8, high_score: bool = True, elapsed: float = 0.0
) -> Floats:
    count = len(boxes)
    are_high = np.full(count, high_score)
    found = DetectionCues(
        boxes, np.full(count, scores), np.zeros(count, dtype=np.int64), are_high, occluded_share(boxes, are_high)
    )
    return similarity(cues, tracks, found, TYPICAL, elapsed).matrix()


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_without_other_cues_it_is_the_iou(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tracks, boxes = random_boxes(rng, 5), random_boxes(rng, 7)
    iou = iou_matrix(tracks, boxes)
    np.testing.assert_allclose(similarity_of(PLAIN, track_cues(tracks), boxes), np.where(iou > 0, iou, -np.inf))


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_cues_only_ever_take_away(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tracks, boxes = random_boxes(rng, 5), random_boxes(rng, 7)
    everything = similarity_of(replace(Cues(), expansion=0.0), track_cues(tracks), boxes)
    assert (everything <= similarity_of(PLAIN, track_cues(tracks), boxes) + 1e-12).all()


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10), st.floats(-500, 500))
def test_neither_place_nor_size_of_the_picture_matters(seed: int, zoom: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    tracks, boxes = random_boxes(rng, 5), random_boxes(rng, 7)
    moved = similarity_of(Cues(), track_cues(zoom * tracks + shift), zoom * boxes + shift)
    np.testing.assert_allclose(moved, similarity_of(Cues(), track_cues(tracks), boxes), atol=1e-6)


def test_an_undisturbed_pair_is_worth_one() -> None:
    box = np.array([[10.0, 20, 40, 90]])
    assert similarity_of(Cues(), track_cues(box), box)[0, 0] == pytest.approx(1.0)


BOX = np.array([[10.0, 20, 40, 90]])
SHORTER = np.array([[10.0, 20, 40, 76]])  # 14 of 70 are missing at the feet


@pytest.mark.parametrize(
    ("cues", "columns", "given", "price"),
    [
        (replace(PLAIN, score_change=0.1), {"scores": np.array([0.4])}, {}, 0.1 * 0.4 / TYPICAL),
        (replace(PLAIN, height_change=2.0), {"log_heights": np.log([50.0])}, {}, 2 * np.log(70 / 50)),
        (replace(PLAIN, height_change=2.0), {"log_heights": np.log([900.0])}, {}, 2 * MAX_HEIGHT_CHANGE),
        (
            replace(PLAIN, height_change=2.0),
            {"log_heights": np.log([50.0]), "height_variances": np.array([STEADY**2])},
            {},
            np.log(70 / 50),
        ),
        (replace(PLAIN, low_score=0.4), {}, {"high_score": False}, 0.4),
        (replace(PLAIN, missed=0.05), {"missed": np.array([2])}, {}, 0.05 * 2 / MAX_MISSED),
        (replace(PLAIN, missed=0.05), {"missed": np.array([900])}, {}, 0.05),
        (replace(PLAIN, class_change=0.3), {"class_ids": np.array([4])}, {}, 0.3),
        (replace(PLAIN, bottom_edge=0.2), {}, {"boxes": SHORTER}, 0.2 + 0.2 * 2 * 14 / 56),
        (replace(PLAIN, height_overlap=True), {}, {"boxes": SHORTER}, 1 - 0.8 * 0.8),
    ],
)
def test_the_price_of_a_difference(cues: Cues, columns: dict, given: dict, price: float) -> None:  # type: ignore[type-arg]
    boxes = given.pop("boxes", BOX)
    assert similarity_of(cues, track_cues(BOX, **columns), boxes, **given)[0, 0] == pytest.approx(1 - price)


def test_expanded_boxes_touch_their_neighbours() -> None:
    apart = BOX + np.array([33, 0, 33, 0])
    assert similarity_of(PLAIN, track_cues(BOX), apart)[0, 0] == -np.inf
    assert similarity_of(replace(PLAIN, expansion=0.1), track_cues(BOX), apart)[0, 0] > 0
    for elapsed, share in ((1 / 30, 0.0), (1 / 5, 0.1), (60.0, MAX_EXPANSION)):
        found = similarity_of(replace(PLAIN, expansion_rate=0.5), track_cues(BOX), apart, elapsed=elapsed)[0, 0]
        assert (found > 0) == (share > 1.5 / 30)


def test_a_tentative_track_takes_no_low_score_detection() -> None:
    tracks = track_cues(BOX, confirmed=np.array([False]))
    assert similarity_of(Cues(), tracks, BOX, high_score=False)[0, 0] == -np.inf
    assert np.isfinite(similarity_of(Cues(), tracks, BOX)[0, 0])


def slow_occluded_share(boxes: Floats, occluders: list[bool]) -> list[float]:
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
def test_occluded_shares_equal_the_slow_loop(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    boxes, occluders = random_boxes(rng, count), rng.random(count) < 0.7
    np.testing.assert_allclose(occluded_share(boxes, occluders), slow_occluded_share(boxes, occluders.tolist()))


def test_equally_occluded_boxes_match() -> None:
    """Two walk one behind the other; the detection that is cut off by the front one is the back one's."""
    front, back = np.array([10.0, 20, 40, 100]), np.array([14.0, 18, 44, 96])
    tracks = track_cues(np.stack([front, back]))
    boxes = np.stack([front, back]) + np.array([2.0, 0, 2, 0])
    gained = similarity_of(replace(PLAIN, occlusion=0.2), tracks, boxes) - similarity_of(PLAIN, tracks, boxes)
    np.testing.assert_allclose(np.diagonal(gained), 0, atol=0.02)
    assert (gained[~np.eye(2, dtype=bool)] < -0.1).all()


def test_nothing_to_compare_is_fine() -> None:
    nothing = np.empty((0, 4))
    assert similarity_of(Cues(), track_cues(nothing), BOX).shape == (0, 1)
    assert similarity_of(Cues(), track_cues(BOX), nothing).shape == (1, 0)


def distant(cues: Cues, boxes: Floats, found: Floats, deviation: float, confirmed: bool = True) -> Floats:
    """Similarities ``(N, M)`` of tracks at `boxes` whose centres are uncertain by `deviation` pixels."""
    count, ones = len(found), np.ones(len(found), dtype=bool)
    tracks = track_cues(boxes, deviations=np.full((len(boxes), 2), deviation), confirmed=np.full(len(boxes), confirmed))
    columns = DetectionCues(found, np.full(count, 0.8), np.zeros(count, dtype=np.int64), ones & confirmed, 0.0 * ones)
    return distant_similarity(cues, tracks, columns, TYPICAL).matrix()


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_a_certain_prediction_reaches_no_farther_than_overlap(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tracks, boxes = random_boxes(rng, 5), random_boxes(rng, 7)
    iou = iou_matrix(tracks, boxes)
    np.testing.assert_allclose(distant(PLAIN, tracks, boxes, 0.0), np.where(iou > 0, iou, -np.inf))


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 200))
def test_the_reach_finds_every_pair_of_expanded_boxes_that_overlap(seed: int, deviation: float) -> None:
    """Against the same by brute force: the rows that are compared at all are chosen by a bound."""
    rng = np.random.default_rng(seed)
    tracks, boxes = random_boxes(rng, 6), random_boxes(rng, 6) + np.tile(rng.uniform(-300, 300, (6, 2)), 2)
    value = distant(PLAIN, tracks, boxes, deviation)
    for row, track in enumerate(tracks):
        size = track[2:] - track[:2]
        share = np.clip(PLAIN.reach * deviation / size, 0, MAX_REACH)
        for column, box in enumerate(boxes):
            a, b = share * size, share * np.sqrt(size * (box[2:] - box[:2]))
            grown = np.stack([np.append(track[:2] - a, track[2:] + a), np.append(box[:2] - b, box[2:] + b)])
            iou = iou_matrix(grown[:1], grown[1:])[0, 0]
            assert max(value[row, column], 0.0) == pytest.approx(iou)


def test_with_the_same_uncertainty_the_nearer_and_the_one_of_its_size_are_more_similar() -> None:
    track = np.array([[0.0, 0, 40, 80]])
    near, far, larger = [60, 0, 100, 80], [90, 0, 130, 80], [40, -80, 120, 80]
    value = distant(Cues(), track, np.array([near, far, larger], dtype=float), 40.0)[0]
    assert value[0] > value[1] > 0
    assert value[0] > value[2]
