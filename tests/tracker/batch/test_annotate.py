"""Whole batches by the command line: results, resuming, bad videos."""

from __future__ import annotations

import csv
import filecmp
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from tests import scenes
from tests.conftest import MakeVideo
from tests.tracker.sources.test_video import hide_beginning
from tracker.annotations.formats import FORMATS, read_annotations
from tracker.batch.events import Event, JobFinished
from tracker.batch.manifest import Manifest
from tracker.commands.batch_progress import BatchDisplay
from tracker.commands.cli import main

DETECTIONS = "found.txt"


@pytest.fixture
def clips(tmp_path: Path, crossing: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two videos of one name in two folders; the current folder holds their detections."""
    for folder in ("day", "night"):
        (tmp_path / "clips" / folder).mkdir(parents=True)
        shutil.copy(crossing, tmp_path / "clips" / folder / "crossing.mp4")
    lines = scenes.detection_lines(scenes.CROSSING, 60)
    (tmp_path / DETECTIONS).write_text("".join(f"{line}\n" for line in lines))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "clips"


def annotate(*arguments: str) -> int:
    return main(["annotate", *arguments, "-o", "out", "--detections", DETECTIONS, "--max-frames", "60"])


def files(folder: Path) -> Iterator[Path]:
    return (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())


def states() -> dict[str, tuple[str, int]]:
    with Manifest(Path("out")) as manifest:
        return {entry.name: (entry.state, entry.attempts) for entry in manifest.statuses()}


def test_each_video_gets_a_folder_and_every_format_the_same_tracks(clips: Path) -> None:
    assert annotate("clips", "--format", ",".join(FORMATS), "--crops", "--video", "--quiet") == 0
    assert sorted(path.name for path in Path("out").iterdir() if path.is_dir()) == ["crossing", "crossing.mp4"]
    folder = Path("out", "crossing")
    read = {name: read_annotations(folder / each.place)[0] for name, each in FORMATS.items()}
    tracks = {name: {track.track_id: len(track) for track in found.tracks} for name, found in read.items()}
    assert len(tracks["mot"]) == len(scenes.CROSSING)
    assert all(found == tracks["mot"] for found in tracks.values())
    rows = list(csv.DictReader((folder / "summary.csv").read_text().splitlines()))
    assert {int(row["id"]): int(row["frames"]) for row in rows} == tracks["mot"]
    assert sorted(path.stem for path in (folder / "crops").iterdir()) == [f"{each:05}" for each in tracks["mot"]]
    assert (folder / "tracked.mp4").stat().st_size > 1000
    assert len(json.loads((folder / "summary.json").read_text())["tracks"]) == len(rows)


def test_the_boxes_that_a_person_has_to_correct_are_counted(clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert annotate("clips/day", "--format", "cvat,mot", "--keyframes", "auto") == 0
    (video,) = read_annotations(Path("out/crossing/cvat.xml"))
    tracks, boxes = len(video.tracks), sum(int(track.keyframes.sum()) for track in video.tracks)
    assert boxes < sum(map(len, video.tracks))
    assert f"found    {tracks} tracks, {boxes} boxes to correct\n" in capsys.readouterr().out


def test_what_an_edit_list_hides_is_in_no_annotation(
    make_video: MakeVideo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = make_video("whole.mp4", [index / 25 for index in range(40)], (160, 120))
    cut, out = hide_beginning(whole, tmp_path / "cut.mp4", Fraction(3, 5)), tmp_path / "out"
    formats = ("--format", "cvat,coco,labelstudio")
    assert main(["annotate", str(cut), "-o", str(out), "--detector", "motion", *formats]) == 0
    assert "<size>25</size>" in (out / "cut" / "cvat.xml").read_text()
    assert len(json.loads((out / "cut" / "coco.json").read_text())["images"]) == 25
    for name, each in FORMATS.items():
        if name in ("cvat", "coco", "labelstudio"):
            read = read_annotations(out / "cut" / each.place)[0]
            assert read.frame_count == 25
            assert all(track.frames.max() <= 25 for track in read.tracks)
    assert "damaged" not in capsys.readouterr().out + (out / "report.html").read_text()


def test_a_sequence_without_pictures_needs_none(clips: Path) -> None:
    sequence = clips / "seq"
    sequence.mkdir()
    (sequence / "seqinfo.ini").write_text(
        "[Sequence]\nname=seq\nframeRate=25\nseqLength=60\nimWidth=640\nimHeight=360\n"
    )
    assert annotate("clips/seq", "--crops") == 0
    with Manifest(Path("out")) as manifest:
        (entry,) = manifest.statuses()
    assert (entry.frames, entry.tracks) == (60, len(scenes.CROSSING))
    assert not list(Path("out", "seq", "crops").iterdir())


def test_where_little_was_found_screen_and_report_say_what_to_try(
    clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--appearance", "none", "--classes", "bus", "--max-frames", "30")
    assert main(["annotate", "clips/day", "-o", "out", *options]) == 0
    advice = "little was found; to find more, try"
    assert advice in capsys.readouterr().err
    assert f'"advice":"{advice}' in Path("out", "report.html").read_text(encoding="utf-8")


def test_what_is_done_is_skipped_and_what_changed_is_done_again(
    clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert annotate("clips") == 0
    assert annotate("clips") == 0
    assert "0 of 2 videos, 2 done before" in capsys.readouterr().out
    os.utime(clips / "day" / "crossing.mp4", (1, 1))
    assert annotate("clips") == 0
    assert states() == {"crossing": ("done", 2), "crossing.mp4": ("done", 1)}
    assert annotate("clips", "--format", "mot,coco") == 0
    assert states() == {"crossing": ("done", 3), "crossing.mp4": ("done", 2)}
    shutil.rmtree(Path("out", "crossing"))  # somebody wants it made anew
    assert annotate("clips", "--format", "mot,coco") == 0
    assert states() == {"crossing": ("done", 4), "crossing.mp4": ("done", 2)}


def test_a_summary_that_somebody_has_spoiled_costs_its_card_only(clips: Path) -> None:
    assert annotate("clips") == 0
    Path("out", "crossing", "summary.json").write_text("{}")
    assert annotate("clips") == 0
    page = Path("out", "report.html").read_text(encoding="utf-8")
    assert "is not a summary of a video (annotate the video again)" in page
    assert '"name":"crossing.mp4","state":"done"' in page


def test_an_interrupted_batch_shows_what_is_done(clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: BatchDisplay, event: Event) -> None:
        if isinstance(event, JobFinished):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(BatchDisplay, "update", interrupt)
    assert annotate("clips") == 130
    page = Path("out", "report.html").read_text(encoding="utf-8")
    assert '"name":"crossing","state":"done"' in page
    assert '"name":"crossing.mp4","state":"waiting"' in page
    assert states() == {"crossing": ("done", 1), "crossing.mp4": ("waiting", 0)}


def test_a_bad_video_is_told_and_the_others_are_done(clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (clips / "broken.mp4").write_bytes(b"no video at all")
    (clips / "list.txt").write_text("day\nmissing.mp4\nbroken.mp4\nnight\n")
    assert annotate("clips/list.txt", "--quiet") == 1
    told = capsys.readouterr().err
    assert "missing.mp4" in told
    assert "no such file or folder" in told.replace("\n", " ")
    assert "broken.mp4" in told
    assert states() == {
        "broken": ("failed", 1),
        "crossing": ("done", 1),
        "crossing.mp4": ("done", 1),
        "missing": ("failed", 0),
    }
    assert not Path("out", "broken").exists()
    assert not Path("out", ".work").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("clips", "--format", "mot,xyz"), "--format xyz: there is no such format (these are: mot, "),
        (("clips", "--format", ","), "--format: names no format"),
        (("clips", "--keyframes", "few"), "--keyframes few: is no choice of keyframes"),
        (("clips", "--jobs", "0"), "--jobs 0: is not between 1 and"),
        (("clips", "--stall", "0"), "--stall 0: is not above 0"),
        (("clips", "--conf", "2"), "--conf 2: is not between 0 and 1"),
        (("nowhere",), "nowhere: no such file or folder"),
    ],
)
def test_wrong_arguments_touch_nothing(
    clips: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert annotate(*arguments) == 1
    assert said in capsys.readouterr().err
    assert not Path("out").exists()


def test_a_folder_of_somebody_else_is_left_alone(clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("out").mkdir()
    Path("out", "letter.txt").write_text("mine")
    assert annotate("clips") == 1
    assert "out: holds other files and no batch" in capsys.readouterr().err
    assert list(files(Path("out"))) == [Path("letter.txt")]


def test_a_batch_that_is_killed_goes_on_where_it_was(clips: Path) -> None:
    command = [sys.executable, "-m", "tracker", "annotate", "clips", "--detections", DETECTIONS, "--max-frames", "60"]
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    killed = subprocess.Popen([*command, "-o", "out"], stdout=subprocess.PIPE, text=True, env=environment)
    assert killed.stdout is not None
    assert "1/2" in killed.stdout.readline()  # the first is done, the other begins
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed.stdout.close()
    subprocess.run([*command, "-o", "whole", "--quiet"], check=True, env=environment)
    subprocess.run([*command, "-o", "out", "--quiet"], check=True, env=environment)
    found = [path for path in files(Path("whole")) if path.name not in ("batch.sqlite", ".lock")]
    assert found == [path for path in files(Path("out")) if path.name not in ("batch.sqlite", ".lock")]
    equal, different, odd = filecmp.cmpfiles("whole", "out", [str(path) for path in found], shallow=False)
    assert (len(equal), different, odd) == (len(found), [], [])
    assert states()["crossing"] == ("done", 1)
