from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import limits
from detectors.base import Floats, Ints
from detectors.boxes import (
    SAME_VIEW,
    areas,
    clip,
    cxcywh_to_xyxy,
    expand,
    iou_matrix,
    nms,
    overlap_areas,
    overlapping_pairs,
    overlaps_among,
    tlwh_to_xyxy,
    vote,
    xyxy_to_cxcywh,
    xyxy_to_tlwh,
)

modest = settings(deadline=None, max_examples=40)
seeds = st.integers(0, 2**32 - 1)
counts = st.integers(0, 40)


def random_boxes(rng: np.random.Generator, count: int) -> Floats:
    """Boxes of which many overlap, some touch, some are the same and some are empty: corners on a coarse grid."""
    corner = rng.integers(0, 12, (count, 2))
    return np.concatenate([corner, corner + rng.integers(0, 8, (count, 2))], axis=1).astype(np.float64)


def slow_iou(a: Sequence[float], b: Sequence[float]) -> float:
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height
    return width * height / union if union > 0 else 0.0


def slow_nms(boxes: Floats, scores: Floats, iou: float, class_ids: Ints | None) -> list[int]:
    """Every box, best first, stays unless one that stayed before it covers it."""
    kept: list[int] = []
    for row in sorted(range(len(boxes)), key=lambda row: (-scores[row], row)):
        rivals = [other for other in kept if class_ids is None or class_ids[other] == class_ids[row]]
        if all(slow_iou(boxes[row].tolist(), boxes[other].tolist()) <= iou for other in rivals):
            kept.append(row)
    return kept


@given(seed=seeds, n=counts, m=counts)
@modest
def test_iou_is_that_of_a_slow_loop(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = random_boxes(rng, n), random_boxes(rng, m)

    expected = [[slow_iou(p, q) for q in b.tolist()] for p in a.tolist()]

    np.testing.assert_allclose(iou_matrix(a, b), np.array(expected).reshape(n, m), atol=1e-12)


@given(seed=seeds, n=counts, m=counts)
@modest
def test_iou_is_that_of_torchvision(seed: int, n: int, m: int) -> None:
    torch = pytest.importorskip("torch", reason="needs the train extra")
    ops = pytest.importorskip("torchvision.ops", reason="needs the train extra")
    rng = np.random.default_rng(seed)
    a, b = random_boxes(rng, n) + rng.random((n, 1)), random_boxes(rng, m)
    a, b = a[areas(a) > 0], b[areas(b) > 0]  # torchvision divides zero by zero for two empty boxes

    expected = ops.box_iou(torch.from_numpy(a), torch.from_numpy(b)).numpy()

    np.testing.assert_allclose(iou_matrix(a, b), expected, atol=1e-12)


@given(seed=seeds, n=st.integers(1, 20))
@modest
def test_iou_is_symmetric_bounded_and_1_for_a_box_with_itself(seed: int, n: int) -> None:
    boxes = random_boxes(np.random.default_rng(seed), n) * 1.1
    iou = iou_matrix(boxes, boxes)

    np.testing.assert_array_equal(iou, iou.T)
    assert ((iou >= 0) & (iou <= 1)).all()
    np.testing.assert_array_equal(np.diag(iou), np.where(areas(boxes) > 0, 1.0, 0.0))


def test_boxes_that_only_touch_do_not_overlap() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [10, 0, 20, 10], [0, 10, 10, 20]])

    np.testing.assert_array_equal(overlap_areas(boxes, boxes), np.diag([100.0, 100, 100]))


@given(seed=seeds, count=counts, iou=st.sampled_from([0.0, 0.3, 0.5, 0.7, 1.0]), by_class=st.booleans())
@modest
def test_nms_is_that_of_a_slow_loop(seed: int, count: int, iou: float, by_class: bool) -> None:
    rng = np.random.default_rng(seed)
    boxes = random_boxes(rng, count)
    scores = rng.integers(0, 5, count) / 4  # many equal scores
    class_ids = rng.integers(0, 3, count) if by_class else None

    assert nms(boxes, scores, iou, class_ids).tolist() == slow_nms(boxes, scores, iou, class_ids)


@given(seed=seeds, count=counts, iou=st.floats(0.05, 0.95))
@modest
def test_nms_is_that_of_torchvision(seed: int, count: int, iou: float) -> None:
    torch = pytest.importorskip("torch", reason="needs the train extra")
    ops = pytest.importorskip("torchvision.ops", reason="needs the train extra")
    rng = np.random.default_rng(seed)
    # Off the grid, where an IoU may equal the threshold and rounding decides.
    boxes = random_boxes(rng, count) + 0.4 * rng.random((count, 4)) + [0, 0, 1, 1]
    scores, class_ids = rng.permutation(count) / max(count, 1), rng.integers(0, 3, count)
    tensors = [torch.from_numpy(column) for column in (boxes, scores, class_ids)]

    assert nms(boxes, scores, iou).tolist() == ops.nms(*tensors[:2], iou).tolist()
    assert nms(boxes, scores, iou, class_ids).tolist() == ops.batched_nms(*tensors, iou).tolist()


@given(seed=seeds, n=counts, m=counts, few=st.sampled_from([0, 2500]))
@modest
def test_overlapping_pairs_are_all_that_overlap(seed: int, n: int, m: int, few: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = random_boxes(rng, n), random_boxes(rng, m)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("detectors.boxes.FEW_PAIRS", few)
        rows, columns, shared = overlapping_pairs(a, b)
    found = np.zeros((n, m))
    np.add.at(found, (rows, columns), shared)  # a pair told twice would count twice
    np.testing.assert_array_equal(found, overlap_areas(a, b))
    assert (shared > 0).all()


@given(seed=seeds, n=counts, few=st.sampled_from([0, 2500]))
@modest
def test_overlaps_among_boxes_are_all_but_their_own(seed: int, n: int, few: int) -> None:
    boxes = random_boxes(np.random.default_rng(seed), n)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("detectors.boxes.FEW_PAIRS", few)
        rows, columns, shared = overlaps_among(boxes)
    found = np.zeros((n, n))
    np.add.at(found, (rows, columns), shared)
    np.testing.assert_array_equal(found, overlap_areas(boxes, boxes) * ~np.eye(n, dtype=bool))
    assert (shared > 0).all()


@given(seed=seeds, count=counts)
@modest
def test_after_nms_none_that_stays_covers_another_and_none_goes_uncovered(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    boxes, scores = random_boxes(rng, count), rng.random(count)

    kept = nms(boxes, scores, 0.5)

    assert (np.diff(scores[kept]) <= 0).all()
    assert (np.triu(iou_matrix(boxes[kept], boxes[kept]), 1) <= 0.5).all()
    for gone in set(range(count)) - set(kept.tolist()):
        assert (iou_matrix(boxes[[gone]], boxes[kept])[0] > 0.5)[scores[kept] >= scores[gone]].any()


def test_a_box_goes_above_the_allowed_overlap_and_stays_at_it() -> None:
    boxes, scores = np.array([[0.0, 0, 10, 10], [0, 0, 10, 5]]), np.array([0.9, 0.8])  # IoU: exactly a half

    assert nms(boxes, scores, 0.5).tolist() == [0, 1]
    assert nms(boxes, scores, 0.49).tolist() == [0]


def test_one_object_has_one_name() -> None:
    boxes = np.array([[0.0, 0, 100, 100], [2, 2, 100, 100], [0, 40, 100, 140]])
    scores, class_ids = np.array([0.6, 0.5, 0.4]), np.array([1, 3, 0])
    assert nms(boxes, scores, 0.7, class_ids).tolist() == [0, 1, 2]
    assert nms(boxes, scores, 0.7, class_ids, other_classes_iou=0.85).tolist() == [0, 2]


def test_of_equal_scores_the_earlier_row_stays() -> None:
    boxes = np.array([[0.0, 0, 10, 10]] * 3)

    assert nms(boxes, np.array([0.5, 0.7, 0.7]), 0.5).tolist() == [1]


def test_of_more_boxes_than_can_be_compared_the_weaker_ones_go() -> None:
    count = 30_000  # as many would make 450 million pairs
    scores = np.linspace(0, 1, count)
    on_one_spot = np.tile([10.0, 10, 20, 20], (count, 1))
    assert nms(on_one_spot, scores, 0.5).tolist() == [count - 1]
    apart = on_one_spot + np.arange(0.0, 20.0 * count, 20.0)[:, None]
    assert nms(apart, scores, 0.5).tolist() == list(range(count - 1, count - 1 - limits.CANDIDATES, -1))


def test_many_boxes_are_compared_in_parts_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    corners = rng.uniform(0, 60, (80, 2))
    boxes, scores, class_ids = np.hstack([corners, corners + 20]), rng.random(80), rng.integers(0, 2, 80)
    whole = nms(boxes, scores, 0.4, class_ids, 0.8)
    monkeypatch.setattr("detectors.boxes.AT_ONCE", 7)
    assert nms(boxes, scores, 0.4, class_ids, 0.8).tolist() == whole.tolist()


def test_nms_of_nothing_is_nothing() -> None:
    kept = nms(np.empty((0, 4)), np.empty(0), 0.5)

    assert kept.shape == (0,)
    assert kept.dtype == np.int64


@pytest.mark.parametrize(("there", "back"), [(xyxy_to_tlwh, tlwh_to_xyxy), (xyxy_to_cxcywh, cxcywh_to_xyxy)])
@given(seed=seeds, count=counts)
@modest
def test_conversions_round_trip(
    there: Callable[[Floats], Floats], back: Callable[[Floats], Floats], seed: int, count: int
) -> None:
    rng = np.random.default_rng(seed)
    boxes = random_boxes(rng, count) * rng.uniform(-3, 3)

    np.testing.assert_allclose(back(there(boxes)), boxes, atol=1e-9)
    assert there(boxes).shape == boxes.shape


def test_conversions_of_a_known_box() -> None:
    box = np.array([[10.0, 20.0, 40.0, 80.0]])

    np.testing.assert_array_equal(xyxy_to_tlwh(box), [[10, 20, 30, 60]])
    np.testing.assert_array_equal(xyxy_to_cxcywh(box), [[25, 50, 30, 60]])


def test_expanded_boxes_are_larger_on_each_side() -> None:
    box = np.array([[10.0, 20.0, 40.0, 90.0]])
    np.testing.assert_allclose(expand(box, 0.1), [[7, 13, 43, 97]])


def test_clip_cuts_at_the_borders_and_leaves_the_argument_alone() -> None:
    boxes = np.array([[-5.0, -6, 700, 500], [10, 20, 30, 40], [650, 490, 700, 500]])
    before = boxes.copy()

    np.testing.assert_array_equal(clip(boxes, 640, 480), [[0, 0, 640, 480], [10, 20, 30, 40], [640, 480, 640, 480]])
    np.testing.assert_array_equal(boxes, before)


@given(seed=seeds, count=counts)
@modest
def test_a_clipped_box_is_what_the_box_and_the_picture_share(seed: int, count: int) -> None:
    boxes = random_boxes(np.random.default_rng(seed), count) - 4
    picture = np.array([[0.0, 0.0, 9.0, 7.0]])

    np.testing.assert_allclose(areas(clip(boxes, 9, 7)), overlap_areas(boxes, picture)[:, 0])
    np.testing.assert_array_equal(clip(clip(boxes, 9, 7), 9, 7), clip(boxes, 9, 7))


def slow_vote(boxes: Floats, scores: Floats, kept: Ints, class_ids: Ints) -> Floats:
    votes: list[list[int]] = [[int(row)] for row in kept]
    for row in set(range(len(boxes))) - set(kept.tolist()):
        shares = [slow_iou(boxes[each], boxes[row]) if class_ids[each] == class_ids[row] else 0.0 for each in kept]
        if max(shares, default=0.0) >= SAME_VIEW:
            votes[int(np.argmax(shares))].append(row)
    return np.array([np.average(boxes[rows], axis=0, weights=scores[rows]) for rows in votes]).reshape(-1, 4)


@modest
@given(seed=seeds, objects=st.integers(0, 5), views=st.integers(1, 6))
def test_votes_are_those_of_a_slow_loop(seed: int, objects: int, views: int) -> None:
    rng = np.random.default_rng(seed)
    corner = np.repeat(rng.uniform(0, 100, (objects, 2)), views, axis=0)
    boxes = np.concatenate([corner, corner + 40], axis=1) + rng.normal(0, 2, (objects * views, 4))
    scores, class_ids = rng.uniform(0.1, 1, len(boxes)), rng.integers(0, 2, len(boxes))
    kept = nms(boxes, scores, 0.7, class_ids)
    np.testing.assert_allclose(vote(boxes, scores, kept, class_ids), slow_vote(boxes, scores, kept, class_ids))


def test_many_looks_at_one_object_are_closer_to_it_than_the_best_of_them() -> None:
    rng = np.random.default_rng(0)
    true = np.array([100.0, 100, 160, 260])
    best, voted = list[float](), list[float]()
    for _ in range(50):
        boxes, scores = true + rng.normal(0, 3, (8, 4)), rng.uniform(0.5, 0.9, 8)
        kept = nms(boxes, scores, 0.7)
        best.append(float(np.abs(boxes[kept[0]] - true).mean()))
        voted.append(float(np.abs(vote(boxes, scores, kept, np.zeros(8, np.int64))[0] - true).mean()))
    assert np.mean(voted) < 0.6 * np.mean(best)


def test_only_boxes_of_the_same_class_that_fit_have_a_vote() -> None:
    boxes = np.array([[0.0, 0, 100, 100], [4, 0, 104, 100], [4, 0, 104, 100], [40, 0, 140, 100]])
    scores, class_ids = np.array([0.6, 0.3, 0.5, 0.2]), np.array([0, 0, 1, 0])
    moved = vote(boxes, scores, np.array([0]), class_ids)
    np.testing.assert_allclose(moved, [[4 / 3, 0, 100 + 4 / 3, 100]])


def test_nothing_to_vote_on_and_boxes_scored_nothing_stay() -> None:
    assert vote(np.empty((0, 4)), np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64)).shape == (0, 4)
    boxes = np.array([[0.0, 0, 10, 10], [50, 50, 50, 50]])
    nothing, first = np.zeros(2), np.zeros(2, np.int64)
    np.testing.assert_allclose(vote(boxes, nothing, np.array([0, 1]), first), boxes)
