from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from tests.conftest import MakeVideo
from tracker.annotations import coco
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.annotations.frame_extraction import extract_frames, image_stem
from tracker.sources import open_source
from training.data.dataset import load_dataset


def _annotations(name: str = "plain") -> Annotations:
    boxes = np.array([[-30, 10, 40, 50], [-20, 10, 50, 50], [-90, 10, -20, 50.0]])
    track = AnnotatedTrack(1, "car", np.array([1, 4, 7]), boxes)
    return Annotations(name, "plain.mp4", 320, 240, Fraction(20), 20, ("car",), [track])


def test_every_third_frame_of_a_video_trains(make_video: MakeVideo, tmp_path: Path) -> None:
    video = make_video("plain.mp4")
    extract_frames(_annotations(), video, tmp_path / "images", every=3)
    coco.write_many([_annotations()], tmp_path / "annotations.json", every=3, clipped=True)
    images = load_dataset(tmp_path).images
    assert [image.path.name for image in images] == [f"plain_{frame:06d}.jpg" for frame in range(1, 21, 3)]
    assert [len(image.boxes) for image in images] == [1, 1, 0, 0, 0, 0, 0]
    np.testing.assert_allclose(images[0].boxes, [[0, 10, 40, 50]])


def test_pictures_are_those_frames(make_video: MakeVideo, tmp_path: Path) -> None:
    video = make_video("plain.mp4")
    extract_frames(_annotations(), video, tmp_path, every=5)
    frames = {frame.index: frame.image for frame in open_source(video).frames}
    for index in (1, 6, 11, 16):
        picture = cv2.imread(str(tmp_path / f"plain_{index:06d}.jpg"))
        assert picture is not None
        assert np.abs(picture.astype(int) - frames[index]).mean() < 5


def test_boxes_stay_whole_where_nobody_asks_for_clipping(tmp_path: Path) -> None:
    coco.write(_annotations(), tmp_path / "a.json")
    (after,) = coco.read(tmp_path / "a.json")
    np.testing.assert_allclose(after.tracks[0].boxes, _annotations().tracks[0].boxes)


def test_a_name_leads_to_no_other_folder() -> None:
    assert image_stem("../../a", 3) == ".._.._a_000003"
