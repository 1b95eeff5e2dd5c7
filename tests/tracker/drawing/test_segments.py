"""The class of each pixel on a picture: tinted where it is, nowhere else, and named."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from detectors import Frame, InputError
from detectors.base import Image
from detectors.segmenter import Classes
from detectors.sliding import EMBEDDED
from tests.conftest import ROOT
from tests.onnx_models import segmenter_by_shade
from tests.tracker.writers.made_tracks import tracks_of
from tracker import track
from tracker.drawing.annotator import Annotator
from tracker.drawing.segments import TINT, SegmentPainter, class_colour

DETECTIONS = ROOT / "tests" / "golden" / "crossing.det.txt"
NAMES = {0: "floor", 1: "water"}


def classes_of(picture: Image) -> Classes:
    """A square of water, one of floor, and a corner of a class without a name."""
    classes = np.zeros(picture.shape[:2], np.uint8)
    classes[20:80, 30:90], classes[120:180, 200:300], classes[:10, 310:] = 2, 1, 9
    return classes


def grey() -> Image:
    return np.full((240, 320, 3), 90, np.uint8)


def test_each_class_is_tinted_where_it_is() -> None:
    picture = grey()
    SegmentPainter(classes_of, NAMES).draw(picture)
    for number, place in ((2, picture[50, 60]), (1, picture[150, 250]), (9, picture[4, 315])):
        expected = 90 + TINT * (np.array(class_colour(number)) - 90)
        assert np.abs(place - expected).max() < 1
    assert (picture[100:115, 20:300] == 90).all()
    assert (picture[30:70, 110:190] == 90).all()
    edge = np.abs(picture[50, 30].astype(int) - class_colour(2)).sum()
    assert edge < np.abs(picture[50, 60].astype(int) - class_colour(2)).sum() / 3, "a clean edge"


def test_the_classes_that_are_seen_are_named_in_the_corner() -> None:
    with_names, without = grey(), grey()
    SegmentPainter(classes_of, NAMES).draw(with_names)
    SegmentPainter(lambda picture: np.zeros(picture.shape[:2], np.uint8), NAMES).draw(without)
    assert (without == 90).all(), "nothing but background"
    corner = with_names[180:, :90]
    for number in (1, 2, 9):
        assert (np.abs(corner.astype(int) - class_colour(number)).sum(axis=2) < 12).sum() > 100


def test_tracks_are_drawn_above() -> None:
    seen: list[Image] = []

    def look(picture: Image) -> Classes:
        seen.append(picture.copy())
        return np.ones(picture.shape[:2], np.uint8)

    annotator = Annotator({0: "person"}, segments=SegmentPainter(look, NAMES))
    drawn = annotator.draw(Frame(grey(), 1, 0.0), tracks_of((4, [100, 80, 160, 200], 0.87, 0)))
    alone = Annotator({0: "person"}).draw(Frame(grey(), 1, 0.0), tracks_of((4, [100, 80, 160, 200], 0.87, 0)))
    assert (seen[0] == 90).all(), "nothing is on the picture yet"
    box = (alone != 90).any(axis=2) & (alone[..., 1] > 120)
    assert (drawn[140, 100] == alone[140, 100]).all()
    assert box.any()
    assert (drawn[30, 30] != 90).any()


def test_a_run_tints_what_a_segmenter_sees(crossing: Path, tmp_path: Path) -> None:
    model = segmenter_by_shade(tmp_path / "shades.onnx")
    means = []
    for name, more in (("plain", {}), ("tinted", {"segmenter": model})):
        output = tmp_path / f"{name}.mp4"
        for _ in track(crossing, detections=DETECTIONS, max_frames=3, output=output, **more):
            pass
        with av.open(str(output)) as file:
            means.append(next(file.decode(video=0)).to_ndarray(format="bgr24").astype(float))
    assert np.abs(means[0] - means[1]).mean() > 3


def test_a_segmenter_needs_a_picture_to_draw_on(crossing: Path, tmp_path: Path) -> None:
    model = segmenter_by_shade(tmp_path / "shades.onnx")
    with pytest.raises(InputError, match="--segmenter: is drawn on the picture, and none is shown"):
        next(track(crossing, detections=DETECTIONS, segmenter=model))
    with pytest.raises(InputError, match="is no segmenter"):
        next(track(crossing, detections=DETECTIONS, segmenter=EMBEDDED, output=tmp_path / "out.mp4"))
    assert not (tmp_path / "out.mp4").exists()
