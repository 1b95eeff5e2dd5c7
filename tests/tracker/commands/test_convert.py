"""keeptrack convert: one format into another, and nothing half-written."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from detectors.base import Floats
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.annotations.formats import FORMATS, read_annotations
from tracker.commands.cli import main
from tracker.evaluation.ground_truth import load_ground_truth

BOXES: Floats = np.array([[10.0, 20, 50, 100]]) + np.arange(20.0)[:, None]
SIZED = Annotations(
    "clip", "clip.mp4", 640, 480, Fraction(25), 30, ["car"], [AnnotatedTrack(4, "car", np.arange(5, 25), BOXES)]
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    FORMATS["cvat"].load().write(SIZED, Path("in.xml"))
    return tmp_path


@pytest.mark.parametrize("name", FORMATS)
def test_there_and_back_are_the_same_tracks(name: str) -> None:
    target = f"out{Path(FORMATS[name].place).suffix}"
    assert main(["convert", "in.xml", target, "--format", name]) == 0
    (found,) = read_annotations(Path(target))
    (track,) = found.tracks
    assert track.track_id == 4
    assert track.frames.tolist() == list(range(5, 25))
    assert np.allclose(track.boxes, BOXES, atol=0.01)


def test_keyframes_and_what_the_input_does_not_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "in.xml", "a.txt"]) == 0
    assert main(["convert", "a.txt", "b.xml", "--keyframes", "auto", "--fps", "12.5", "--size", "320x200"]) == 0
    (found,) = read_annotations(Path("b.xml"))
    assert (found.width, found.height, found.frame_rate) == (320, 200, Fraction(25, 2))
    assert found.tracks[0].keyframes.sum() == 2
    assert capsys.readouterr().out.splitlines()[-1] == "wrote    b.xml: 1 video, 1 track, 20 boxes"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing.xml", "a.txt"), "nothing.xml: no such file"),
        (("in.xml", "a"), "a: does not tell its format"),
        (("in.xml", "a", "--format", "avi"), "there is no such format"),
        (("in.xml", "a", "--format", "mot,cvat"), "names several formats"),
        (("in.xml", "in.xml"), "in.xml: exists already"),
        (("in.xml", "in.xml", "--overwrite"), "in.xml: is the input"),
        (("in.xml", ".", "--format", "yolo", "--overwrite"), ".: holds the input"),
        (("in.xml", "no/a.txt"), "the folder no does not exist"),
        (("", "a.txt"), "IN: is empty"),
        (("in.xml", ""), "OUT: is empty"),
        (("in.xml", "a", "--format", "cvat"), "a: is no name for CVAT for video 1.1, a file that ends in .xml"),
        (("in.xml", "a.xml", "--format", "coco"), "a.xml: is no name for COCO of videos, a file that ends in .json"),
        (("in.xml", "a.txt", "--format", "yolo"), "a.txt: has the name of a file, and YOLO text makes a folder"),
        (("in.xml", "a.txt", "--from", "avi"), "--from avi: there is no such format"),
        (("in.xml", "a.txt", "--from", "yolo"), "in.xml/video.json: is no YOLO annotation"),
        (("in.xml", "more", "--format", "yolo", "--overwrite"), "more: holds other files, which would be lost"),
        (("more", "a.txt"), "a.txt: has the name of a file, and several videos make a folder"),
        (("twice", "a.json", "--format", "coco"), "twice: has two videos of one name, clip and clip"),
        (("in.xml", "set.json", "--format", "yolo", "--video", "note.md"), "set.json: has the name of a file"),
        (("in.xml", "set", "--format", "coco", "--video", "note.md"), "note.md: is not a video that can be read"),
        (("in.xml", "set", "--format", "coco", "--video", "no.mp4"), "no.mp4: no such file or folder"),
        (("in.xml", "a.txt", "--every", "2"), "--every 2: is about pictures, and there is no --video"),
        (("in.xml", "a.txt", "--partial"), "--partial: is about pictures"),
        (("in.xml", "a", "--format", "mot", "--video", "in.xml", "--every", "0"), "--every 0: is not above 0"),
        (("in.xml", "b.xml", "--video", "in.xml", "--every", "2"), "--every 2: cvat gets no pictures"),
        (("in.xml", "a.txt", "--fps", "1/0"), "--fps 1/0: is no frame rate"),
        (("in.xml", "a.txt", "--fps", "fast"), "--fps fast: is no frame rate"),
        (("in.xml", "a.txt", "--size", "0x5"), "--size 0x5: is no size"),
        (("in.xml", "a.txt", "--size", "big"), "--size big: is no size"),
        (("in.xml", "a.txt", "--fps", "0"), "--fps 0: is no frame rate"),
        (("note.md", "a.txt"), "note.md: is in no format that is known"),
    ],
)
def test_bad_input_is_named_and_nothing_is_touched(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("note.md").write_text("words")
    for folder, names in {"more": ("note.md", "in.xml"), "twice": ("in.xml", "IN.xml")}.items():
        Path(folder).mkdir()
        for name in names:
            (Path(folder) / name).write_bytes(Path(name.lower()).read_bytes())
    before = _files()
    assert main(["convert", *arguments]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert _files() == before


def _files() -> dict[Path, bytes]:
    return {path: path.read_bytes() if path.is_file() else b"" for path in sorted(Path().rglob("*"))}


def test_a_folder_of_files_is_read_file_by_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("some").mkdir()
    for name in ("day", "night"):
        FORMATS["cvat"].load().write(replace(SIZED, name=name), Path("some", f"{name}.xml"))
    Path("some", "note.md").write_text("words")
    assert main(["convert", "some", "all.json", "--format", "coco"]) == 0
    assert capsys.readouterr().err == "warning: some/note.md: is in no format that is known, and left out\n"
    assert [video.name for video in read_annotations(Path("all.json"))] == ["day", "night"]
    assert main(["convert", "all.json", "yolos", "--format", "yolo"]) == 0
    assert sorted(map(str, Path("yolos").glob("*/*/video.json"))) == [
        "yolos/day/yolo/video.json",
        "yolos/night/yolo/video.json",
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_what_it_writes_of_several_it_reads_again(name: str) -> None:
    Path("some").mkdir()
    for video in ("day", "night"):
        FORMATS["cvat"].load().write(replace(SIZED, name=video), Path("some", f"{video}.xml"))
    target = "all.json" if name == "coco" else "all"
    assert main(["convert", "some", target, "--format", name]) == 0
    assert main(["convert", target, "again", "--format", "mot"]) == 0
    assert sorted(path.name for path in Path("again").iterdir()) == ["day", "night"]


def test_what_cvat_exports_unpacks_to_a_folder_that_is_read() -> None:
    Path("task 7").mkdir()
    Path("in.xml").rename("task 7/annotations.xml")
    assert main(["convert", "task 7", "a.zip"]) == 0
    assert len(read_annotations(Path("a.zip"))[0].tracks) == 1


def test_names_out_of_a_file_lead_nowhere_else() -> None:
    Path("some").mkdir()
    FORMATS["cvat"].load().write(replace(SIZED, name="../../away"), Path("some", "a.xml"))
    assert main(["convert", "some", "all", "--format", "mot"]) == 0
    (found,) = Path("all").iterdir()
    assert (found / "gt" / "gt.txt").is_file()


def test_what_was_there_is_replaced_only_by_what_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["convert", "in.xml", "set", "--format", "yolo"]) == 0
    before = _files()
    assert main(["convert", "in.xml", "set", "--format", "yolo", "--overwrite", "--video", "in.xml"]) == 1
    assert _files() == before
    FORMATS["cvat"].load().write(replace(SIZED, name="other"), Path("b.xml"))
    assert main(["convert", "b.xml", "set", "--format", "yolo", "--overwrite"]) == 0
    assert read_annotations(Path("set"))[0].name == "other"


def test_a_full_disk_leaves_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fill(_: Annotations, path: Path) -> None:
        path.write_text("half of i")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(FORMATS["cvat"].load(), "write", fill)
    before = _files()
    assert main(["convert", "in.xml", "a.xml"]) == 1
    said = "a.xml: cannot be written: No space left on device (choose another place)"
    assert capsys.readouterr().err == f"error: {said}\n"
    assert _files() == before


def test_the_labelling_configuration_is_written_by_its_name() -> None:
    assert main(["convert", "in.xml", "config.xml", "--format", "labelstudio"]) == 0
    assert '<Label value="car"/>' in Path("config.xml").read_text()


@pytest.mark.parametrize("place", [*(each.place for each in FORMATS.values()), "mot.zip"])
def test_every_format_comes_back_as_ground_truth(place: str) -> None:
    name = next(each.name for each in FORMATS.values() if place in (each.place, *each.also))
    FORMATS[name].load().write(SIZED, Path(place))
    assert main(["convert", place, "truth", "--format", "mot"]) == 0
    (truth,) = load_ground_truth("truth")
    assert truth.length == (
        24 if name in ("mot", "mots") else 30
    )  # the last frame that has a box, where nothing else is known
    assert truth.considered.all()
    assert np.flatnonzero(np.diff(truth.bounds)).tolist() == list(range(4, 24))
    assert np.allclose(truth.boxes, BOXES, atol=1 if name == "mots" else 2e-3)  # whole pixels, or as written


def test_a_sequence_folder_is_the_truth_of_an_evaluation(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("trackeval")
    assert main(["convert", "in.xml", "seq", "--format", "mot"]) == 0
    assert main(["convert", "in.xml", "result.txt"]) == 0
    assert main(["eval", "seq", "result.txt"]) == 0
    assert capsys.readouterr().out.count("100.00") == 10
