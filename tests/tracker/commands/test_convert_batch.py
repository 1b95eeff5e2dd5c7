"""keeptrack convert of a whole batch: annotated, corrected by a person, and back for evaluation and for training."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests import scenes
from tests.conftest import ROOT
from tracker.annotations.document import Annotations
from tracker.annotations.formats import FORMATS, read_annotations
from tracker.batch.manifest import Manifest
from tracker.commands.cli import main
from training.data.dataset import load_dataset

FRAMES = 40
ALL = ",".join(FORMATS)


@pytest.fixture(scope="module")
def annotated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of two videos of one name in two folders, and of a third one that cannot be read."""
    place = tmp_path_factory.mktemp("annotated")
    for folder in ("day", "night"):
        (place / "clips" / folder).mkdir(parents=True)
        shutil.copy(ROOT / "videos" / "crossing.mp4", place / "clips" / folder / "crossing.mp4")
    (place / "clips" / "broken.mp4").write_text("no video")
    lines = scenes.detection_lines(scenes.CROSSING, FRAMES)
    (place / "found.txt").write_text("".join(f"{line}\n" for line in lines))
    options = ("--detections", str(place / "found.txt"), "--max-frames", str(FRAMES), "--quiet")
    assert main(["annotate", str(place / "clips"), "-o", str(place / "out"), "--format", ALL, *options]) == 1
    return place


@pytest.fixture
def batch(annotated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of them in the current folder, as out/, and the videos in clips/."""
    shutil.copytree(annotated / "out", tmp_path / "out")
    (tmp_path / "clips").symlink_to(annotated / "clips")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "out"


def _only(path: str) -> Annotations:
    (found,) = read_annotations(Path(path))
    return found


def _scores(truth: str, results: str) -> dict[str, float]:
    assert main(["eval", truth, results, "--json", "scores.json", "--overwrite"]) == 0
    told = json.loads(Path("scores.json").read_text())["results"]
    found: dict[str, float] = next(iter(told.values()))["combined"]
    return found


def _corrected(path: Path) -> None:
    """As a person does in CVAT: the first track's first box is moved away, and the export begins its ids at 0."""
    document = ET.parse(path)
    for number, track in enumerate(document.iterfind("track")):
        track.set("id", str(number))
    box = document.find("track/box")
    assert box is not None
    for side in ("xtl", "xbr"):
        box.set(side, str(float(box.attrib[side]) + 100))
    for rate in document.findall("meta/frame_rate"):  # of which CVAT knows nothing
        document.find("meta").remove(rate)  # type: ignore[union-attr]
    document.write(path, encoding="utf-8", xml_declaration=True)


def test_one_coco_file_of_all_and_what_is_missing_is_named(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "out", "all.json", "--format", "coco"]) == 0
    assert "warning: broken: not done (failed, is not a video" in capsys.readouterr().err
    videos = read_annotations(Path("all.json"))
    assert [video.name for video in videos] == ["crossing", "crossing.mp4"]
    one = _only("out/crossing/coco.json")
    for video in videos:
        assert [len(track) for track in video.tracks] == [len(track) for track in one.tracks]
        assert (video.width, video.height, video.frame_count) == (one.width, one.height, FRAMES)


@pytest.mark.parametrize("name", FORMATS)
def test_a_folder_a_video_in_every_other_format(batch: Path, name: str) -> None:
    target = "all.json" if name == "coco" else "all"
    assert main(["convert", "out", target, "--format", name]) == 0
    if name != "coco":
        assert sorted(path.name for path in Path("all").iterdir()) == ["crossing", "crossing.mp4"]
        place = "" if name == "mot" else FORMATS[name].place
        before, after = _only("out/crossing/coco.json"), _only(f"all/crossing/{place}")
        assert [len(track) for track in after.tracks] == [len(track) for track in before.tracks]
        for also in () if name == "mot" else FORMATS[name].also:
            assert Path("all", "crossing", also).is_file()


def test_a_corrected_box_comes_back_and_counts(batch: Path) -> None:
    pytest.importorskip("trackeval")
    assert main(["convert", "out", "truth", "--format", "mot"]) == 0
    assert _scores("truth", "out")["MOTA"] == 100
    shutil.copy("out/crossing/cvat.xml", "export.xml")
    _corrected(Path("export.xml"))
    assert main(["convert", "export.xml", "corrected", "--format", "mot"]) == 0
    scores = _scores("corrected", "out/crossing/mot.txt")
    boxes = sum(len(track) for track in _only("out/crossing/cvat.xml").tracks)
    assert scores["MOTA"] == pytest.approx(100 * (1 - 2 / boxes))  # one is missed, and one is too many
    assert scores["IDSW"] == 0


def test_a_file_corrected_in_its_place_is_the_one_that_is_read(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _corrected(Path("out/crossing/cvat.xml"))
    assert main(["convert", "out/crossing", "a.json", "--format", "coco"]) == 0
    assert "out/crossing/cvat.xml: was changed, so it is the one that is read" in capsys.readouterr().err
    old, new = _only("out/crossing/coco.json"), _only("a.json")
    assert new.tracks[0].boxes[0, 0] == pytest.approx(old.tracks[0].boxes[0, 0] + 100, abs=0.01)
    assert (new.frame_rate, new.name) == (old.frame_rate, "crossing")
    with open("out/crossing/mot.txt", "a") as file:
        file.write("\n")
    assert main(["convert", "out/crossing", "b.json", "--format", "coco"]) == 1
    assert "several files that were changed: cvat.xml, mot.txt" in capsys.readouterr().err
    assert main(["convert", "out/crossing", "b.json", "--format", "coco", "--from", "mot"]) == 0
    unchanged = _only("b.json")
    np.testing.assert_allclose(unchanged.tracks[0].boxes, old.tracks[0].boxes, atol=2e-3)
    assert [track.label for track in unchanged.tracks] == [track.label for track in old.tracks]
    assert (unchanged.width, unchanged.frame_count, unchanged.frame_rate) == (old.width, FRAMES, old.frame_rate)


def test_a_batch_trains(batch: Path) -> None:
    command = ["convert", "out", "set", "--format", "coco", "--video", "clips", "--every", "4", "--partial"]
    assert main(command) == 0
    images = load_dataset("set").images
    assert len(images) == 2 * FRAMES / 4
    assert {image.path.name for image in images} == {path.name for path in Path("set/images").iterdir()}
    truth = _only("out/crossing/coco.json")
    for image in images:
        frame = int(image.path.stem[-6:])
        there = [track.boxes[track.frames == frame] for track in truth.tracks]
        expected = np.concatenate(there).clip(0, [image.width, image.height] * 2)
        np.testing.assert_allclose(image.boxes, expected, atol=2e-3)
    picture = cv2.imread("set/images/crossing_000005.jpg")
    assert picture is not None
    assert np.abs(picture.astype(int) - list(scenes.render(scenes.CROSSING, 5))[-1]).mean() < 12


def test_a_batch_of_several_videos_makes_one_set_for_a_yolo_trainer(
    batch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["convert", "out", "set", "--format", "yolo", "--video", "clips", "--every", "4", "--partial"]
    assert main(command) == 0
    truth = [_only(f"out/{name}/coco.json") for name in ("crossing", "crossing.mp4")]
    taken = (np.arange(1, FRAMES + 1) - 1) % 4 == 0
    boxes = sum(int(taken[track.frames - 1].sum()) for video in truth for track in video.tracks)
    tracks = sum(len(video.tracks) for video in truth)
    told = f"wrote    set: 2 videos, {tracks} tracks, {boxes} boxes in {2 * FRAMES // 4} pictures"
    assert f"{told}; data.yaml for a trainer: all videos, to judge by crossing\n" in capsys.readouterr().out
    data = Path("set/data.yaml").read_text().splitlines()
    assert data[:2] == ['train: ["crossing.mp4/yolo/images"]', 'val: ["crossing/yolo/images"]']
    assert data[2:] == Path("set/crossing/yolo/data.yaml").read_text().splitlines()[2:]
    images = load_dataset("set").images
    assert sum(len(image.boxes) for image in images) == boxes
    assert len(images) == 2 * FRAMES // 4
    assert main([*command, "--overwrite"]) == 0, "what it has written itself it may replace"
    capsys.readouterr()
    assert main(["convert", "set", "again.json", "--format", "coco"]) == 0
    assert capsys.readouterr().err == ""


def test_classes_have_one_number_in_all_sets_of_a_folder(batch: Path) -> None:
    for name, labels in (("day", ["cat", "car"]), ("night", ["car", "dog"])):
        video = replace(_only("out/crossing/coco.json"), name=name, source="crossing.mp4", labels=labels)
        video = replace(video, tracks=[replace(track, label="car") for track in video.tracks])
        Path("two").mkdir(exist_ok=True)
        FORMATS["coco"].load().write(video, Path("two", f"{name}.json"))
    assert main(["convert", "two", "set", "--format", "yolo", "--video", "clips/day", "--every", "9", "--partial"]) == 0
    heads = {Path("set", name, "yolo", "classes.txt").read_text() for name in ("day", "night")}
    assert heads == {"cat\ncar\ndog\n"}
    rows = [row for path in Path("set").glob("*/yolo/labels/*") for row in path.read_text().splitlines()]
    assert {row.split()[0] for row in rows} == {"1"}


def test_a_batch_that_has_nothing_yet_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    with Manifest(Path("out")) as manifest:
        manifest.add({"/a.mp4": "a"})
    assert main(["convert", "out", "all.json", "--format", "coco"]) == 1
    assert "out: has no video that is done: a: not done (waiting)" in capsys.readouterr().err
    assert not Path("all.json").exists()
