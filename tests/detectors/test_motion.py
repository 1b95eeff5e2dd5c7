from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
import pytest

from detectors.base import Detections, Frame, Image
from detectors.boxes import iou_matrix
from detectors.motion import MotionDetector
from tests.scenes import FRAME_RATE, HEIGHT, WIDTH, Walker, render, truth

APART = (
    Walker((20, 110), (2.4, 0), (26, 62), (60, 60, 200)),
    Walker((300, 225), (-2.4, 0), (30, 72), (190, 120, 40)),
)
"""Two walkers who never come near each other."""
FRAMES = 50
SECONDS = float(1 / FRAME_RATE)


def frames(pictures: Iterable[Image], first: int = 1) -> Iterator[Frame]:
    for index, picture in enumerate(pictures, start=first):
        yield Frame(picture, index, (index - 1) * SECONDS)


def noise(count: int, level: float, seed: int = 0) -> Iterator[Image]:
    """A still picture through a noisy camera."""
    rng = np.random.default_rng(seed)
    still = next(render((), 1, seed)).astype(np.float64) if level else np.zeros((HEIGHT, WIDTH, 3))
    for _ in range(count):
        yield np.clip(still + rng.normal(0, level, still.shape), 0, 255).astype(np.uint8)


def test_walkers_are_found_in_most_frames_and_nothing_else_is() -> None:
    detector = MotionDetector()
    seen, shown, surplus = 0, 0, 0
    for frame in frames(render(APART, FRAMES)):
        found = detector(frame)
        _, boxes = truth(APART, frame.index)
        iou = iou_matrix(boxes, found.boxes)
        seen += int((iou >= 0.5).any(axis=1).sum())
        shown += len(boxes)
        surplus += int((iou < 0.5).all(axis=0).sum())

    assert shown == 2 * FRAMES
    assert seen >= 0.9 * shown
    assert surplus <= 0.05 * shown


def test_boxes_are_in_pixels_of_the_frame_however_large_it_is() -> None:
    detector = MotionDetector()
    for small in frames(render(APART, 20)):
        large = cv2.resize(small.image, (3 * WIDTH, 3 * HEIGHT), interpolation=cv2.INTER_NEAREST).astype(np.uint8)
        found = detector(Frame(large, small.index, small.time))

    assert (iou_matrix(3 * truth(APART, 20)[1], found.boxes) >= 0.5).any(axis=1).all()


@pytest.mark.parametrize("level", [0.0, 2.0, 6.0])
def test_nothing_moves_in_a_still_picture(level: float) -> None:
    detector = MotionDetector(conf=0.0)

    assert [len(detector(frame)) for frame in frames(noise(30, level))] == [0] * 30


def test_one_picture_alone_shows_no_motion() -> None:
    assert len(MotionDetector(conf=0.0)(next(frames(render(APART, 1))))) == 0


def test_weak_blobs_are_left_out() -> None:
    found = {conf: _last(MotionDetector(conf), render(APART, 15)) for conf in (0.1, 0.999)}

    assert len(found[0.1]) == 2
    assert (found[0.1].scores < 0.999).all()
    assert len(found[0.999]) == 0


def test_at_a_cut_the_shot_before_is_forgotten() -> None:
    after = [*noise(12, 2.0, seed=3)]

    def found(cut: bool) -> int:
        detector = MotionDetector()
        _last(detector, render(APART, 20))
        shots = frames(after, first=21)
        first = next(shots)
        detections = [detector(Frame(first.image, first.index, first.time, cut)), *(detector(frame) for frame in shots)]
        return sum(len(d) for d in detections)

    assert found(cut=False) > 0  # one picture against the other looks like motion
    assert found(cut=True) == 0


def test_after_a_cut_it_answers_like_a_new_detector() -> None:
    used, fresh = MotionDetector(), MotionDetector()
    _last(used, render(APART, 10, seed=5))

    for frame in frames(render(APART, 12)):
        marked = Frame(frame.image, frame.index, frame.time, cut=frame.index == 1)
        _assert_same(used(marked), fresh(frame))


@pytest.mark.parametrize("size", [(90, 160), (480, 640), (240, 321)])
def test_a_frame_of_another_size_does_no_harm(size: tuple[int, int]) -> None:
    detector = MotionDetector()
    _last(detector, render(APART, 10))
    height, width = size

    for frame in frames(render(APART, 20), first=11):
        other = cv2.resize(frame.image, (width, height)).astype(np.uint8)
        found = detector(Frame(other, frame.index, frame.time))
        assert (found.boxes <= [width, height, width, height]).all()
        assert (found.boxes >= 0).all()

    if width >= WIDTH:  # on a smaller picture these walkers are too slow to stand out from the flow's own noise
        assert len(found) == 2


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (12, 12), (4, 2000), (700, 1)])
def test_a_picture_too_small_for_motion_has_none(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    detector = MotionDetector()

    for frame in frames(rng.integers(0, 256, (*size, 3), dtype=np.uint8) for _ in range(3)):
        found = detector(frame)

    assert len(found) == 0


def test_the_same_pictures_give_the_same_boxes() -> None:
    first, second = MotionDetector(), MotionDetector()

    for frame in frames(render(APART, 15)):
        _assert_same(first(frame), second(frame))


def _last(detector: MotionDetector, pictures: Iterable[Image]) -> Detections:
    found = Detections.empty()
    for frame in frames(pictures):
        found = detector(frame)
    return found


def _assert_same(a: Detections, b: Detections) -> None:
    np.testing.assert_array_equal(a.boxes, b.boxes)
    np.testing.assert_array_equal(a.scores, b.scores)
