from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import pytest

from detectors.base import Frame, Image
from tests.scenes import CROSSING, render
from tracker.motion.cuts import mark_cuts

HEIGHT, WIDTH = 240, 320


def scene(seed: int, height: int = HEIGHT, width: int = WIDTH) -> Image:
    """A picture of its own: soft patches over the whole range of grey, twelve from top to bottom."""
    rng = np.random.default_rng(seed)
    patches = np.clip(rng.normal(128, 60, (12, 12 * width // height, 3)), 0, 255).astype(np.float32)
    return np.asarray(cv2.resize(patches, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def cuts(pictures: Iterable[Image]) -> list[int]:
    """Indices, from 1, of the frames that start a shot."""
    frames = (Frame(picture, index, index / 25) for index, picture in enumerate(pictures, start=1))
    return [frame.index for frame in mark_cuts(frames) if frame.cut]


def brighter(picture: Image, gain: float, offset: float = 0.0) -> Image:
    return np.clip(gain * picture.astype(np.float64) + offset, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("size", [(240, 320), (1080, 1920), (100, 60), (18, 32), (8, 8)])
@pytest.mark.parametrize("seed", range(3))
def test_a_cut_is_found_between_two_scenes(size: tuple[int, int], seed: int) -> None:
    one, other = scene(seed, *size), scene(seed + 100, *size)

    assert cuts([one, one, one, other, other, one]) == [4, 6]


def test_the_first_frame_is_no_cut() -> None:
    assert cuts([scene(0)]) == []
    assert cuts([]) == []


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0), (1.4, 0), (1, 60), (1, -60), (0.7, 70)])
def test_a_change_of_brightness_is_no_cut(gain: float, offset: float) -> None:
    changed = brighter(scene(1), gain, offset)

    assert np.abs(changed.astype(float) - scene(1)).mean() > 20  # visible, so it is not ignored as noise
    assert cuts([scene(1), changed, changed, scene(1)]) == []


def test_a_fade_to_black_and_back_is_no_cut() -> None:
    gains = [*np.linspace(1, 0, 15), *np.linspace(0, 1, 15)]

    assert cuts(brighter(scene(2), gain) for gain in gains) == []


@pytest.mark.parametrize("step", [3, 12])
def test_a_pan_is_no_cut(step: int) -> None:
    panorama = scene(3, HEIGHT, WIDTH + 20 * step)
    views = [panorama[:, x : x + WIDTH] for x in range(0, 20 * step, step)]

    assert cuts(views) == []
    # The same pictures when there is a cut.
    assert cuts([views[0], scene(4), views[1]]) == [2, 3]


def test_walkers_are_no_cut() -> None:
    assert cuts(render(CROSSING, 40)) == []


@pytest.mark.parametrize("level", [0.0, 3.0, 12.0])
def test_noise_in_a_black_picture_is_no_cut(level: float) -> None:
    rng = np.random.default_rng(0)
    pictures = [np.clip(rng.normal(0, level, (HEIGHT, WIDTH, 3)), 0, 255).astype(np.uint8) for _ in range(10)]

    assert cuts(pictures) == []


def test_from_black_to_a_picture_is_a_cut() -> None:
    assert cuts([np.zeros_like(scene(5)), scene(5), scene(5)]) == [2]


def test_frames_without_a_picture_pass_as_they_are() -> None:
    frames = [Frame(np.empty((0, 0, 3), np.uint8), index, index / 25) for index in (1, 2, 3)]

    assert list(mark_cuts(frames)) == frames


def test_a_missing_picture_hides_no_cut() -> None:
    nothing = np.empty((0, 0, 3), np.uint8)

    assert cuts([scene(0), nothing, scene(0), nothing, scene(100)]) == [5]


def test_a_change_of_size_alone_is_no_cut() -> None:
    smaller = cv2.resize(scene(6), (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA).astype(np.uint8)

    assert cuts([scene(6), smaller, scene(6)]) == []


def test_all_but_the_mark_stays_as_it_was() -> None:
    frames = [Frame(scene(seed), index, index / 25) for index, seed in enumerate((0, 0, 100), start=7)]

    marked = list(mark_cuts(frames))

    assert [(frame.index, frame.time, frame.cut) for frame in marked] == [
        (7, 7 / 25, False),
        (8, 8 / 25, False),
        (9, 9 / 25, True),
    ]
    assert all(after.image is before.image for before, after in zip(frames, marked, strict=True))


def test_frames_are_passed_on_as_they_come() -> None:
    taken: list[int] = []

    def source() -> Iterable[Frame]:
        for index in (1, 2, 3):
            taken.append(index)
            yield Frame(scene(0), index, 0.0)

    next(iter(mark_cuts(source())))

    assert taken == [1]  # a camera's frame must not wait for the next one
