"""keeptrack convert: one format into another, and nothing half-written."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from detectors.base import Floats
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.annotations.formats import FORMATS, read_annotations
from tracker.cli import main

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
        (("in.xml", "a.txt", "--size", "big"), "--size big: is no size"),
        (("in.xml", "a.txt", "--fps", "0"), "--fps 0: is no frame rate"),
        (("note.md", "a.txt"), "note.md: is in no format that is known"),
    ],
)
def test_bad_input_is_named_and_nothing_is_touched(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("note.md").write_text("words")
    before = {path: path.read_bytes() for path in Path().iterdir()}
    assert main(["convert", *arguments]) == 1
    assert said in capsys.readouterr().err
    assert {path: path.read_bytes() for path in Path().iterdir()} == before
