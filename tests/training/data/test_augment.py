"""Varied pictures keep their labels: what is painted inside a box is inside the box that comes out."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from detectors.boxes import areas
from tests.training.pictures import COLOURS, DARK, draw_scene, label, painted
from training.data.augment import READABLE, VISIBLE, Augmentation, Sample, _mirrored, draw_sample
from training.data.dataset import LabelledImage

PLAIN = Augmentation(side=96, long_side=128, colour=0.0, grey=0.0, blur=0.0)
SEEDS = range(60)


def sample_of(image: LabelledImage, how: Augmentation, seed: int) -> Sample:
    return draw_sample(lambda: image, painted, how, np.random.default_rng(seed))


def scene(seed: int) -> LabelledImage:
    return draw_scene(np.random.default_rng(1000 + seed), (128, 96))


def is_painted(sample: Sample, class_id: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which pixels ``(side, side)`` have the colour of a class."""
    strong, weak = (2, 0) if COLOURS[class_id][2] > COLOURS[class_id][0] else (0, 2)
    difference = sample.image[..., strong].astype(int) - sample.image[..., weak]
    return np.asarray(difference > 95)


@pytest.mark.parametrize("mosaic", [0.0, 1.0])
def test_labels_stay_in_the_picture_and_belong_together(mosaic: float) -> None:
    how = dataclasses.replace(PLAIN, mosaic=mosaic, colour=1.0, grey=0.2, blur=0.3)
    difficult = 0
    for seed in SEEDS:
        sample = sample_of(scene(seed), how, seed)
        assert sample.image.shape == (96, 96, 3)
        assert sample.image.dtype == np.uint8
        assert (sample.boxes >= 0).all()
        assert (sample.boxes <= 96).all()
        assert (areas(sample.boxes) > 0).all()
        assert len(sample.boxes) == len(sample.class_ids) == len(sample.difficult)
        assert len(sample.region_boxes) == len(sample.region_labels) == (4 if mosaic else 1)
        difficult += int(sample.difficult.sum())
    assert difficult, "some objects are cut off"


@pytest.mark.parametrize("mosaic", [0.0, 1.0])
def test_what_was_painted_in_a_box_is_in_its_box_afterwards(mosaic: float) -> None:
    seen = 0
    for seed in SEEDS:
        sample = sample_of(scene(seed), dataclasses.replace(PLAIN, mosaic=mosaic), seed)
        for class_id in (0, 1):
            colour = is_painted(sample, class_id)
            outside = colour.copy()
            for left, top, right, bottom in sample.boxes[sample.class_ids == class_id]:
                inner = colour[int(top) + 2 : max(0, int(bottom) - 1), int(left) + 2 : max(0, int(right) - 1)]
                assert inner.all()
                seen += inner.size
                outside[max(0, int(top) - 1) : int(bottom) + 2, max(0, int(left) - 1) : int(right) + 2] = False
            assert outside.mean() < 0.02, "only slivers have no box"
    assert seen > 10_000


def test_boxes_are_true_to_a_fraction_of_a_pixel() -> None:
    """A systematic shift would be learnt, and then be wrong on every frame."""
    image = label([(40, 30, 88, 66)], [0], (128, 96))
    for long_side in (32.0, 64.0, 256.0):
        how = dataclasses.replace(PLAIN, side=320, long_side=long_side, mosaic=0.0, mirror=0.0)
        shifts = []
        for seed in range(30):
            sample = sample_of(image, how, seed)
            weight = np.clip(sample.image[..., 0].astype(float) - sample.image[..., 2], 0, None)  # of the colour
            y, x = np.indices(weight.shape) + 0.5
            middle = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
            shifts.append(middle - (sample.boxes[0, :2] + sample.boxes[0, 2:]) / 2)
        assert np.abs(np.mean(shifts, axis=0)).max() < 0.15, f"scaled by {long_side / 128}"


def test_zoomed_samples_show_small_objects_as_if_from_close() -> None:
    image = label([(40, 30, 64, 48)], [0], (128, 96))
    how = dataclasses.replace(PLAIN, mosaic=0.0, mirror=0.0, spread=0.0)
    for seed in SEEDS:
        far, close = (sample_of(image, dataclasses.replace(how, zoom=zoom), seed) for zoom in (0.0, 1.0))
        assert all((box[2:] - box[:2]).max() < 0.3 * how.side for box in far.boxes)
        (box,) = close.boxes  # always in the cut
        assert 0.2 * how.side < (box[2:] - box[:2]).max() <= how.side
        assert is_painted(close, 0)[int(box[1:4:2].mean()), int(box[0:3:2].mean())]
    tiny = label([(40, 30, 43, 33)], [0], (128, 96))
    assert max(areas(sample_of(tiny, dataclasses.replace(how, zoom=1.0), seed).boxes).max() for seed in SEEDS) < 15**2


def test_mirrored_twice_is_the_same() -> None:
    image = dataclasses.replace(scene(3), labelled=np.array([True, False]))
    how = dataclasses.replace(PLAIN, mosaic=1.0)
    sample = sample_of(image, how, 5)
    once, twice = _mirrored(sample), _mirrored(_mirrored(sample))
    assert (once.image != sample.image).any()
    assert not np.allclose(once.boxes, sample.boxes)
    for field in dataclasses.fields(Sample):
        assert np.allclose(getattr(twice, field.name), getattr(sample, field.name)), field.name


def test_a_mirrored_sample_is_the_mirror_image() -> None:
    for seed in range(10):
        plain = sample_of(scene(seed), dataclasses.replace(PLAIN, mosaic=0.0, mirror=0.0), seed)
        mirrored = sample_of(scene(seed), dataclasses.replace(PLAIN, mosaic=0.0, mirror=1.0), seed)
        assert np.array_equal(mirrored.image, plain.image[:, ::-1])
        assert np.allclose(mirrored.boxes[:, [0, 2]], 96 - plain.boxes[:, [2, 0]])


@pytest.mark.parametrize("mosaic", [0.0, 1.0])
def test_the_regions_tile_the_picture_and_tell_what_was_looked_for(mosaic: float) -> None:
    kinds = [dataclasses.replace(scene(0), labelled=np.array(row)) for row in ((True, False), (False, True))]
    how = dataclasses.replace(PLAIN, mosaic=mosaic)
    drawn: list[LabelledImage] = []
    rng = np.random.default_rng(0)

    def pick() -> LabelledImage:
        drawn.append(kinds[int(rng.integers(2))])
        return drawn[-1]

    for seed in SEEDS:
        drawn.clear()
        sample = draw_sample(pick, painted, how, np.random.default_rng(seed))
        covered = np.zeros((96, 96), int)
        for left, top, right, bottom in sample.region_boxes.astype(int):
            covered[top:bottom, left:right] += 1
        assert (covered == 1).all()
        assert sample.region_labels.tolist() == [image.labelled.tolist() for image in drawn]


def test_a_mosaics_regions_are_where_their_pictures_are() -> None:
    pictures = [
        label([(20, 20, 100, 80)], [number % 2], labelled=(number % 2 == 0, number % 2 == 1)) for number in range(4)
    ]
    for seed in range(20):
        how, rng = dataclasses.replace(PLAIN, mosaic=1.0), np.random.default_rng(seed)
        sample = draw_sample(iter(pictures).__next__, painted, how, rng)
        regions = zip(sample.region_boxes.astype(int), sample.region_labels, strict=True)
        for (left, top, right, bottom), looked_for in regions:
            for class_id in (0, 1):
                there = is_painted(sample, class_id)[top:bottom, left:right]
                assert there[2:-2, 2:-2].any() == looked_for[class_id]


def test_objects_mostly_cut_off_or_unreadably_small_are_difficult() -> None:
    image = label([(0, 0, 60, 96), (70, 40, 73, 43)], [0, 1], (128, 96))
    how = dataclasses.replace(PLAIN, side=64, mosaic=0.0, mirror=0.0, spread=0.0, stretch=0.0)
    judged = set()
    for seed in range(200):
        sample = sample_of(image, how, seed)
        for box, class_id, difficult in zip(sample.boxes, sample.class_ids, sample.difficult, strict=True):
            share = areas(box[None])[0] / (60 * 96 if class_id == 0 else 9)
            small = (box[2:] - box[:2]).min() < READABLE
            assert difficult == (share < VISIBLE or small)
            judged.add((int(class_id), bool(difficult)))
    assert {(0, True), (0, False), (1, True)} <= judged


def test_what_was_difficult_stays_so() -> None:
    image = label([(40, 30, 88, 66)], [0], (128, 96), difficult=[True])
    samples = [sample_of(image, dataclasses.replace(PLAIN, mosaic=0.0), seed) for seed in range(20)]
    assert all(sample.difficult.all() for sample in samples)


def test_pictures_are_scaled_around_the_size_of_use() -> None:
    image = label([(40, 30, 88, 66)], [0], (128, 96))
    how = dataclasses.replace(PLAIN, side=512, long_side=256, mosaic=0.0, spread=0.4)
    widths = np.array([np.diff(sample_of(image, how, seed).boxes[0, ::2])[0] for seed in SEEDS])
    assert widths.min() >= 96 * np.exp(-0.5)
    assert widths.max() <= 96 * np.exp(0.5)
    assert np.exp(np.log(widths).mean()) == pytest.approx(96, rel=0.1)
    assert widths.max() / widths.min() > 1.7
    squares = [sample_of(label([(40, 20, 80, 60)]), how, seed).boxes[0] for seed in SEEDS]
    shapes = np.array([(box[2] - box[0]) / (box[3] - box[1]) for box in squares])
    assert np.exp(-0.2) <= shapes.min() < 0.9
    assert np.exp(0.2) >= shapes.max() > 1.1


def test_colours_vary_and_stay_when_they_are_to_stay() -> None:
    empty, still = label([], size=(128, 96)), dataclasses.replace(PLAIN, long_side=512, mosaic=0.0)
    images = [sample_of(empty, still, seed).image[4:-4, 4:-4] for seed in range(10)]
    assert all((image == DARK).all() for image in images)
    varied = [sample_of(empty, dataclasses.replace(still, colour=1.0), seed).image[48, 48] for seed in range(20)]
    assert len({tuple(pixel) for pixel in varied}) > 10
    assert any(np.ptp(pixel) for pixel in varied), "the white balance too"
    grey = sample_of(scene(0), dataclasses.replace(still, grey=1.0), 0).image
    assert (grey == grey[..., :1]).all()


def test_a_picture_without_objects_gives_samples_too() -> None:
    for seed in range(10):
        sample = sample_of(label([], size=(128, 96)), PLAIN, seed)
        assert sample.boxes.shape == (0, 4)
        assert sample.image.shape == (96, 96, 3)
