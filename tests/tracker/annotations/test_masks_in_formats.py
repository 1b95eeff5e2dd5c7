"""Every format that has masks gives back every pixel of them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from detectors.columns import masks_in
from detectors.errors import InputError
from detectors.masks import Mask
from tests.tracker.annotations.test_coco import _video
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.annotations.formats import FORMATS, format_of
from training.data.dataset import load_dataset

HEIGHT, WIDTH = 90, 120
WITH_MASKS = ("coco", "coco-polygons", "cvat-polygons", "yolo")


def blobs(seed: int) -> Mask:
    """Several parts with holes in them, in a rectangle that begins at 20, 10."""
    noise = np.random.default_rng(seed).random((60, 70))
    return Mask.pack(cv2.GaussianBlur(noise, (0, 0), 2) > 0.5, 20, 10)


def video(*masks: Mask | None) -> Annotations:
    """A track with those masks in its frames, and one without masks."""
    count = len(masks)
    boxes = np.array([[20.0, 10, 90, 70]] * count)
    frames = np.arange(1, count + 1)
    tracks = [
        AnnotatedTrack(3, "car", frames, boxes, columns={"masks": list(masks)}),
        AnnotatedTrack(5, "person", frames, boxes + 7.0),
    ]
    return Annotations("clip", "clip.mp4", WIDTH, HEIGHT, Fraction(25), count, ["car", "person"], tracks)


def back(annotations: Annotations, name: str, folder: Path) -> Annotations:
    path = folder / FORMATS[name].place
    FORMATS[name].load().write(annotations, path)
    (found,) = FORMATS[name].read(path)
    return found


def pixels_of(track: AnnotatedTrack) -> list[np.ndarray | None]:
    return [None if mask is None else mask.on_frame(HEIGHT, WIDTH) for mask in masks_in(track.columns, len(track))]


@pytest.mark.parametrize("name", WITH_MASKS)
def test_every_pixel_comes_back(tmp_path: Path, name: str) -> None:
    masks = [blobs(seed) for seed in range(6)] + [Mask.pack(np.ones((1, 1), bool), 119, 89)]
    before = video(*masks)
    after = back(before, name, tmp_path)
    assert [track.track_id for track in after.tracks] == [3, 5]
    for ours, theirs in zip(pixels_of(before.tracks[0]), pixels_of(after.tracks[0]), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert pixels_of(after.tracks[1])[0] is None or name == "yolo"
    np.testing.assert_allclose(after.tracks[1].boxes, before.tracks[1].boxes, atol=1e-3)


@pytest.mark.parametrize("name", WITH_MASKS)
def test_what_lies_outside_of_the_picture_is_lost_and_no_more(tmp_path: Path, name: str) -> None:
    mask = Mask.pack(np.ones((30, 40), bool), -10, 75)
    (found,) = pixels_of(back(video(mask), name, tmp_path).tracks[0])
    np.testing.assert_array_equal(found, mask.on_frame(HEIGHT, WIDTH))


@pytest.mark.parametrize("name", ["coco", "coco-polygons", "yolo"])
def test_a_missing_mask_stays_missing(tmp_path: Path, name: str) -> None:
    after = back(video(blobs(1), None, blobs(2)), name, tmp_path)
    assert [mask is None for mask in pixels_of(after.tracks[0])] == [False, True, False]


def test_of_polygons_in_cvat_a_missing_mask_is_its_box(tmp_path: Path) -> None:
    found = pixels_of(back(video(blobs(1), None), "cvat-polygons", tmp_path).tracks[0])
    assert found[1] is not None
    assert found[1].sum() == 70 * 60


def test_polygon_files_are_known_by_what_is_in_them(tmp_path: Path) -> None:
    for name, known in (("coco-polygons", "coco"), ("cvat-polygons", "cvat")):
        path = tmp_path / FORMATS[name].place
        FORMATS[name].load().write(video(blobs(0)), path)
        found = format_of(path)
        assert found is not None
        assert found.name == known
        assert "counts" not in path.read_text()


def test_labels_of_segmentation_are_outlines_and_a_change_in_them_is_not_lost(tmp_path: Path) -> None:
    back(video(blobs(0), None), "yolo", tmp_path)
    folder = tmp_path / "yolo"
    first, second = ((folder / "labels" / f"clip_00000{at}.txt").read_text().splitlines() for at in (1, 2))
    assert [len(line.split()) % 2 for line in [*first, *second]] == [1] * 4
    assert len(first[0].split()) > 50
    assert len(second[0].split()) == 9, "the corners of a box"
    (folder / "labels" / "clip_000001.txt").write_text("\n".join([second[0], *first[1:]]) + "\n")
    with pytest.raises(InputError, match="is not what tracks/"):
        FORMATS["yolo"].read(folder)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0 0.5 0.5 0.1 0.1 1 3 0.1 0.2 0.3 0.4", "has 11 columns"),
        ("0 0.5 0.5 0.1 0.1 1 3 0.1 0.2 0.3 0.4 0.5", "has 12 columns"),
        ("0 0.5 0.5 0.1 0.1 1 3 0.1 0.2 0.3 0.4 0.5 inf", "a point"),
    ],
)
def test_outlines_that_are_none_are_told(tmp_path: Path, line: str, words: str) -> None:
    FORMATS["yolo"].load().write(_video(), tmp_path)
    (tmp_path / "tracks" / "a_000001.txt").write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"a_000001\.txt:1: .*{words}"):
        FORMATS["yolo"].read(tmp_path)


@pytest.mark.parametrize("points", ["", "1,2;3,4", "1,2;3,4;5", "1,2;3,4;x,6", "1,2;3,4;1e300,6"])
def test_polygons_of_cvat_that_are_none_are_told(tmp_path: Path, points: str) -> None:
    path = tmp_path / "cvat.xml"
    FORMATS["cvat-polygons"].load().write(video(Mask.pack(np.ones((4, 5), bool), 2, 3)), path)
    text = path.read_text()
    start = text.index('points="') + 8
    path.write_text(text[:start] + points + text[text.index('"', start) :])
    with pytest.raises(InputError, match="track 3: has a polygon without a frame and points"):
        FORMATS["cvat"].read(path)


def test_training_reads_the_boxes_around_outlines(tmp_path: Path) -> None:
    path = tmp_path / "yolo"
    FORMATS["yolo"].load().write(replace(video(blobs(0)), tracks=video(blobs(0)).tracks[:1]), path)
    (path / "images").mkdir()
    cv2.imwrite(str(path / "images" / "clip_000001.png"), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    (image,) = load_dataset(path).images
    rows, columns = blobs(0).on_frame(HEIGHT, WIDTH).nonzero()
    expected = [[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]]
    np.testing.assert_allclose(image.boxes, expected, atol=1e-4)
