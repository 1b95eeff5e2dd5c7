"""The fewest keyframes that reproduce every box."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Floats
from detectors.boxes import iou_matrix
from detectors.errors import InputError
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.annotations.interpolation import interpolate
from tracker.annotations.keyframes import IOU, Keyframes, parse_keyframes, with_keyframes
from tracker.annotations.optimal_keyframes import LONGEST, optimal_keyframes


def walk(count: int, seed: int, jitter: float) -> Floats:
    rng = np.random.default_rng(seed)
    feet = np.cumsum(rng.normal(0, 3, (count, 2)), axis=0) + 500
    corners = np.hstack([feet - np.array([20, 60]), feet + np.array([20, 60])])
    return np.asarray(corners + rng.normal(0, jitter, (count, 4)))


def reproduces(boxes: Floats, kept: tuple[int, ...], overlap: float) -> bool:
    frames = np.arange(len(boxes))
    lines = interpolate(np.array(kept), boxes[list(kept)], frames)
    return bool((np.diagonal(iou_matrix(lines, boxes)) >= overlap).all())


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 9), st.integers(0, 10**6), st.floats(0, 4), st.sampled_from([0.6, 0.8, 0.9]))
def test_it_is_as_few_as_trying_all_finds(count: int, seed: int, jitter: float, overlap: float) -> None:
    boxes = walk(count, seed, jitter)
    kept = tuple(np.flatnonzero(optimal_keyframes(boxes, boxes, overlap)).tolist())
    assert reproduces(boxes, kept, overlap)
    inner = range(1, count - 1)
    fewer = (kept_too for kept_too in combinations(inner, max(len(kept) - 3, 0)))
    assert len(kept) == 2 or not any(reproduces(boxes, (0, *some, count - 1), overlap) for some in fewer)


def test_a_straight_walk_needs_as_few_as_may_be() -> None:
    boxes = np.array([0.0, 0, 40, 120]) + np.arange(5 * LONGEST)[:, None] * [2.0, 1, 2, 1]
    assert optimal_keyframes(boxes, boxes, IOU).sum() == 6
    assert np.flatnonzero(optimal_keyframes(boxes[: LONGEST + 1], boxes[: LONGEST + 1], IOU)).tolist() == [0, LONGEST]


@pytest.mark.parametrize("free", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_gaps_are_kept_and_what_is_no_keyframe_lies_between(free: bool, seed: int) -> None:
    boxes = walk(60, seed, 1.0)
    frames = np.concatenate([np.arange(1, 31), np.arange(41, 71)])
    track = AnnotatedTrack(3, "person", frames, boxes)
    sparse = with_keyframes(Annotations("v", "", 0, 0, Fraction(25), 80, ["person"], [track]), 0.8, free).tracks[0]
    assert sparse.keyframes[[0, 29, 30, 59]].all()
    assert sparse.keyframes.sum() < 30
    assert (np.diagonal(iou_matrix(sparse.boxes, boxes)) >= 0.8).all()
    for rows in sparse.stretches():
        kept = rows.start + np.flatnonzero(sparse.keyframes[rows])
        lines = interpolate(frames[kept], sparse.boxes[kept], frames[rows])
        assert np.allclose(sparse.boxes[rows], lines, atol=1e-9)
    assert (sparse.frames == frames).all()


@pytest.mark.parametrize(("text", "overlap"), [("all", None), ("auto", (IOU, True)), ("tracked:0.95", (0.95, False))])
def test_the_option_is_understood(text: str, overlap: Keyframes | None) -> None:
    assert parse_keyframes(text) == overlap


@pytest.mark.parametrize("text", ["", "few", "auto:", "auto:2", "auto:x", "autos"])
def test_anything_else_is_not(text: str) -> None:
    with pytest.raises(InputError, match="is no choice of keyframes"):
        parse_keyframes(text)


@pytest.mark.parametrize("free", [False, True])
def test_it_tells_how_far_it_is(free: bool) -> None:
    tracks = [AnnotatedTrack(n, "person", np.arange(1, 3001), walk(3000, n, 0.1)) for n in (1, 2)]
    told: list[int] = []
    with_keyframes(Annotations("v", "", 0, 0, Fraction(25), 3000, ["person"], tracks), 0.8, free, told.append)
    assert told == [3000, 6000]
