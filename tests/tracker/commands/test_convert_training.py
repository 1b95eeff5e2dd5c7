"""keeptrack convert --video: pictures beside the boxes, as training reads them, and only of the right video."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import MakeVideo
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.annotations.formats import FORMATS, read_annotations
from tracker.commands.cli import main
from tracker.sources import open_source
from training.data.dataset import load_dataset

LENGTH = 20
BOXES = np.array([[-30.0, 10, 40, 50]]) + np.arange(LENGTH)[:, None] * [3, 0, 3, 0]
TRACKS = [
    AnnotatedTrack(1, "car", np.arange(1, 1 + LENGTH), BOXES),
    AnnotatedTrack(2, "a, b", np.array([4, 5, 9]), BOXES[:3] + 60),
    AnnotatedTrack(3, "car", np.array([1, 2]), BOXES[:2] - 500),
]


@pytest.fixture
def clip(make_video: MakeVideo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Annotations:
    """A video of 20 frames in the current folder, and its annotations in in.xml."""
    monkeypatch.chdir(tmp_path)
    make_video("clip.mp4")
    source = open_source(Path("clip.mp4"))
    found = Annotations(
        "clip", "clip.mp4", source.width, source.height, source.frame_rate, LENGTH, ["a, b", "car"], TRACKS
    )
    FORMATS["cvat"].load().write(found, Path("in.xml"))
    return found


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("name", ["coco", "yolo"])
def test_training_loads_the_right_boxes(clip: Annotations, name: str, every: int) -> None:
    assert main(["convert", "in.xml", "set", "--format", name, "--video", "clip.mp4", "--every", str(every)]) == 0
    dataset = load_dataset("set")
    assert dataset.class_names == ("a, b", "car")
    frames = range(1, LENGTH + 1, every)
    assert [image.path.name for image in dataset.images] == [f"clip_{frame:06d}.jpg" for frame in frames]
    assert len(list(Path("set/images").iterdir())) == len(frames)
    for frame, image in zip(frames, dataset.images, strict=True):
        expected = [(track.label, track.boxes[track.frames == frame]) for track in TRACKS[:2]]
        labels = [dataset.class_names[class_id] for class_id in image.class_ids]
        assert labels == [label for label, boxes in expected for _ in boxes]
        boxes = np.concatenate([boxes for _, boxes in expected]).clip(0, [image.width, image.height] * 2)
        np.testing.assert_allclose(image.boxes, boxes, atol=2e-3)


def test_what_was_written_is_what_is_counted(clip: Annotations, capsys: pytest.CaptureFixture[str]) -> None:
    del clip
    for name in ("coco", "yolo"):
        assert main(["convert", "in.xml", name, "--format", name, "--video", "clip.mp4", "--every", "3"]) == 0
        boxes = sum(len(image.boxes) for image in load_dataset(name).images)
        assert f"1 video, 3 tracks, {boxes} boxes in 7 pictures\n" in capsys.readouterr().out
    assert main(["convert", "coco", "again.json", "--format", "coco"]) == 0
    assert capsys.readouterr().err == "", "images/ belongs to the set"


def test_labels_without_pictures_say_what_is_missing(clip: Annotations, capsys: pytest.CaptureFixture[str]) -> None:
    del clip
    assert main(["convert", "in.xml", "bare", "--format", "yolo"]) == 0
    assert "labels without pictures; to train on them, add --video VIDEO" in capsys.readouterr().out


def test_a_sequence_with_pictures_is_a_source(clip: Annotations) -> None:
    assert main(["convert", "in.xml", "seq", "--format", "mot", "--video", "clip.mp4"]) == 0
    source = open_source(Path("seq"))
    assert (source.width, source.height, source.frame_rate) == (clip.width, clip.height, clip.frame_rate)
    assert sum(1 for _ in source.frames) == LENGTH


def test_the_video_says_what_the_annotations_do_not(clip: Annotations) -> None:
    assert main(["convert", "in.xml", "a.zip"]) == 0
    assert main(["convert", "a.zip", "tasks.json", "--format", "labelstudio", "--video", "clip.mp4"]) == 0
    (found,) = read_annotations(Path("tasks.json"))
    assert (found.width, found.height, found.frame_rate) == (clip.width, clip.height, clip.frame_rate)
    assert found.frame_count == LENGTH


@pytest.mark.parametrize(
    ("made_of", "said"),
    [
        ({"width": 500}, "clip.mp4: has pictures of 320x240, the annotations are of 500x240"),
        ({"frame_count": 21}, "clip.mp4: has 20 frames, the annotations 21"),
        ({"frame_count": 10, "tracks": ()}, "clip.mp4: goes on after frame 10"),
    ],
)
@pytest.mark.parametrize("name", ["coco", "yolo", "mot"])
def test_another_video_is_noticed_and_nothing_is_left(
    clip: Annotations, made_of: dict[str, int], said: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    FORMATS["cvat"].load().write(replace(clip, **made_of), Path("other.xml"))  # type: ignore[arg-type]
    before = sorted(Path().iterdir())
    assert main(["convert", "other.xml", "set", "--format", name, "--video", "clip.mp4"]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert sorted(Path().iterdir()) == before


def test_the_end_of_the_video_may_have_no_annotations(clip: Annotations) -> None:
    FORMATS["cvat"].load().write(replace(clip, frame_count=10, tracks=[_first(10)]), Path("part.xml"))
    assert main(["convert", "part.xml", "set", "--format", "yolo", "--video", "clip.mp4", "--partial"]) == 0
    assert len(load_dataset("set").images) == 10


def _first(count: int) -> AnnotatedTrack:
    return AnnotatedTrack(1, "car", np.arange(1, count + 1), BOXES[:count])


def test_a_sequence_without_pictures_is_no_video(clip: Annotations, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "in.xml", "seq", "--format", "mot"]) == 0
    for name in ("coco", "yolo", "mot"):
        assert main(["convert", "in.xml", "set", "--format", name, "--video", "seq"]) == 1
        assert "seq: has no pictures" in capsys.readouterr().err


def test_unknown_frame_rates_are_asked_for(clip: Annotations, capsys: pytest.CaptureFixture[str]) -> None:
    FORMATS["cvat"].load().write(replace(clip, frame_rate=Fraction(0)), Path("cvat.xml"))
    assert main(["convert", "cvat.xml", "tasks.json", "--format", "labelstudio"]) == 1
    assert "clip: has no known frame rate (add --fps, such as --fps 25, or --video)" in capsys.readouterr().err
    assert main(["convert", "cvat.xml", "tasks.json", "--format", "labelstudio", "--fps", "25"]) == 0


@pytest.mark.parametrize(("target", "name"), [("out.txt", "mot"), ("out.zip", "mot"), ("out.json", "coco")])
def test_a_file_gets_no_pictures_and_what_the_video_says(clip: Annotations, target: str, name: str) -> None:
    del clip
    box = {"frame": 1, "x": 10, "y": 10, "width": 10, "height": 20, "enabled": True}
    region = {"type": "videorectangle", "value": {"sequence": [box], "framesCount": LENGTH, "labels": ["car"]}}
    task = {"data": {"video": "/data/upload/1/0123abcd-clip.mp4"}, "annotations": [{"result": [region]}]}
    Path("ls.json").write_text(json.dumps([task]))
    source = open_source(Path("clip.mp4"))
    for given in ("clip.mp4", "."):
        assert main(["convert", "ls.json", target, "--format", name, "--video", given, "--overwrite"]) == 0
        (track,) = read_annotations(Path(target))[0].tracks
        expected = np.array([0.1, 0.1, 0.2, 0.3]) * ([source.width, source.height] * 2)
        np.testing.assert_allclose(track.boxes, np.tile(expected, (LENGTH, 1)), atol=1e-3)


def test_a_file_without_pictures_has_no_every(clip: Annotations, capsys: pytest.CaptureFixture[str]) -> None:
    del clip
    assert main(["convert", "in.xml", "out.txt", "--video", "clip.mp4", "--every", "5"]) == 1
    assert "--every 5: out.txt is a file without pictures" in capsys.readouterr().err
