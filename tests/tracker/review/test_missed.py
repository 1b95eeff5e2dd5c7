"""Which tracks begin or end where nothing can come or go."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.base import Bools, Floats
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.review.missed import Coverage, Missed, find_missed, whole
from tracker.review.summary import summarise

WIDTH, HEIGHT, FRAMES = 640, 360, 100  # of ten frames a second


def moving(
    first: int, last: int, box: Sequence[float], step: Sequence[float] = (0, 0), track_id: int = 1
) -> AnnotatedTrack:
    """An object that moves by `step` in each frame, its boxes ``(x1, y1, x2, y2)`` clipped to the picture."""
    frames = np.arange(first, last + 1)
    boxes = np.array(box) + np.tile(step, 2) * (frames - first)[:, None]
    return AnnotatedTrack(track_id, "car", frames, np.clip(boxes, 0, [WIDTH, HEIGHT, WIDTH, HEIGHT]))


def video(*tracks: AnnotatedTrack, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Annotations:
    return Annotations("a", "a.mp4", *size, Fraction(10), FRAMES, ["car"], tracks)


def missed(*tracks: AnnotatedTrack, coverage: Coverage | None = None) -> Missed:
    """Of the first of the tracks."""
    return find_missed(video(*tracks), coverage or Coverage([(1, FRAMES)]))[0]


def right_half(boxes: Floats) -> Bools:
    return np.asarray(boxes[:, 0] >= WIDTH / 2)


MIDDLE = (300, 150, 360, 210)


def test_an_object_that_stands_in_the_middle_was_there_all_the_time() -> None:
    assert missed(moving(31, 60, MIDDLE)) == pytest.approx((3.0, 4.0))
    assert missed(moving(31, 60, MIDDLE)).sign == "appears and vanishes inside the picture: missed before and after?"
    assert missed(moving(1, 60, MIDDLE)).sign == "vanishes inside the picture: missed after?"


def test_one_that_is_found_while_it_leaves_was_missed_before() -> None:
    leaves_at_the_top = moving(31, 40, (300, 2, 360, 100), (0, -10))
    assert missed(leaves_at_the_top) == pytest.approx((3.0, 0.0))


@pytest.mark.parametrize(
    "track",
    [
        moving(1, 100, MIDDLE),  # from the first frame to the last
        moving(31, 100, (0, 150, 60, 210), (4, 0)),  # comes in at the left
        moving(31, 100, (580, 150, 640, 210), (0, 1)),  # along the right border
        moving(31, 100, (30, 150, 90, 210), (8, 0)),  # half a second ago it was at the left border
        moving(4, 98, MIDDLE),  # a moment after the first frame, and before the last
        moving(31, 60, (300, 150, 312, 160)),  # far away
    ],
)
def test_what_can_come_and_go_is_no_sign(track: AnnotatedTrack) -> None:
    assert missed(track) == Missed()


def test_another_track_may_hide_it() -> None:
    track = moving(31, 60, MIDDLE)
    neighbour = moving(1, 40, (362, 150, 420, 210), track_id=2)
    assert missed(track, neighbour) == pytest.approx((0.0, 4.0))
    assert missed(track, moving(1, 100, (500, 150, 560, 210), track_id=2)) == pytest.approx((3.0, 4.0))


def test_a_shot_begins_and_ends_what_can_be_seen() -> None:
    assert missed(moving(31, 60, MIDDLE), coverage=Coverage([(1, 30), (31, 60), (61, 100)])) == Missed()
    assert missed(moving(31, 60, MIDDLE), coverage=Coverage([(11, 100)])) == pytest.approx((2.0, 4.0))


def test_what_nobody_looks_at_is_as_good_as_outside() -> None:
    track = moving(31, 100, (330, 150, 390, 210), (2, 0))
    assert missed(track, coverage=Coverage([(1, FRAMES)], right_half)) == Missed()
    assert missed(track).before == pytest.approx(3.0)


def test_of_a_video_without_a_size_nothing_is_known() -> None:
    unknown = video(moving(31, 60, MIDDLE), size=(0, 0))
    assert find_missed(unknown, whole(unknown)) == [Missed()]
    assert summarise(unknown)[0].missed == ""


@given(st.integers(0, 2**32 - 1))
def test_backwards_what_appears_vanishes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tracks = []
    for number in range(1, 5):
        first, last = np.sort(rng.integers(1, FRAMES + 1, 2))
        corner, size = rng.uniform(0, 300, 2), rng.uniform(20, 90, 2)
        step = rng.uniform(-5, 5, 2)
        tracks.append(moving(int(first), int(last), [*corner, *(corner + size)], step, number))  # type: ignore[arg-type]
    turned = [AnnotatedTrack(t.track_id, t.label, FRAMES + 1 - t.frames[::-1], t.boxes[::-1]) for t in tracks]
    forth, back = (find_missed(video(*each), Coverage([(1, FRAMES)])) for each in (tracks, turned))
    assert [each.before for each in forth] == pytest.approx([each.after for each in back])
    assert [each.after for each in forth] == pytest.approx([each.before for each in back])
