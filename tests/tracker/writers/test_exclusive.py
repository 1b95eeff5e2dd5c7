"""Two runs with the same outputs, and disks that are full: nothing is mixed, nothing is half."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from detectors import Frame, InputError
from tests.conftest import ROOT
from tests.tracker.regions.test_activity import event
from tests.tracker.view.pages import make_tracks
from tracker.annotations.atomic_replacement import atomic_replacement
from tracker.writers.events import EventWriter
from tracker.writers.exclusive import append, create, write_whole
from tracker.writers.h264 import VideoFormat
from tracker.writers.mot import MotWriter
from tracker.writers.stats import write_stats
from tracker.writers.video import VideoWriter

PICTURE = np.zeros((48, 64, 3), np.uint8)
FRAME = Frame(PICTURE, 1, 0.0)


def test_what_another_run_has_made_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with MotWriter(path, new=True) as first, MotWriter(path, new=True) as second:
        first.write(FRAME, make_tracks(1))
        before = path.read_bytes()
        with pytest.raises(InputError, match=r"a\.txt: exists already: another run has made it"):
            second.write(FRAME, make_tracks(1, 2))
    assert path.read_bytes() == before


def test_what_another_run_is_writing_is_not_overwritten_either(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with MotWriter(path) as first, MotWriter(path) as second:
        first.write(FRAME, make_tracks(1))
        with pytest.raises(InputError, match=r"a\.txt: is being written by another run"):
            second.write(FRAME, make_tracks(1, 2))
    with MotWriter(path) as third:  # which it may be once that is over
        third.write(FRAME, make_tracks(1, 2))
    assert path.read_text().count("\n") == 2


def test_a_log_has_one_writer(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with append(path) as file:
        write_whole(file, b"one\n")
        with pytest.raises(InputError, match="log: is being written by another run"):
            append(path)
    with append(path) as file:
        write_whole(file, b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"


@pytest.mark.parametrize("links", [True, False])
def test_figures_of_another_run_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    def no_links(draft: Path, path: Path) -> None:
        raise PermissionError

    if not links:
        monkeypatch.setattr(os, "link", no_links)
    path = tmp_path / "s.json"
    write_stats(path, {"run": 1}, new=True)
    with pytest.raises(InputError, match=r"s\.json: (exists already|cannot be written: File exists)"):
        write_stats(path, {"run": 2}, new=True)
    assert "1" in path.read_text()
    write_stats(path, {"run": 3})
    assert "3" in path.read_text()
    assert [each.name for each in tmp_path.iterdir()] == ["s.json"]


def test_what_another_conversion_has_made_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.json"

    def convert() -> None:
        with atomic_replacement(path, new=True) as draft:
            draft.write_text("second")
            path.write_text("first")

    with pytest.raises(InputError, match=r"a\.json: exists already"):
        convert()
    assert path.read_text() == "first"
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("new", [False, True])
def test_a_video_has_one_writer(tmp_path: Path, new: bool) -> None:
    path, wanted = tmp_path / "a.mp4", VideoFormat(Fraction(25), Fraction(1, 25))
    with VideoWriter(path, wanted, new=new) as first:
        first.write(PICTURE, 0.0)
        while not path.exists():
            first.write(PICTURE, 0.04)
        second = VideoWriter(path, wanted, new=new)
        second.write(PICTURE, 0.0)
        with pytest.raises(InputError, match=r"a\.mp4: (exists already|is being written)"):
            second.close()
    assert path.stat().st_size > 500
    create(path).close()  # nobody holds it any more


def test_two_runs_at_once_leave_one_result(crossing: Path, tmp_path: Path) -> None:
    options = ["--detector", "motion", "--appearance", "none", "-o", "none", "--jsonl", "a.jsonl", "--quiet"]
    command = [sys.executable, "-m", "tracker", str(crossing), *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    runs = [subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) for _ in "ab"]
    errors = [run.communicate(timeout=120)[1] for run in runs]
    assert sorted(run.returncode for run in runs) == [0, 1]
    assert "a.jsonl: exists already" in "".join(errors)
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    assert [line.startswith(f'{{"index": {number},') for number, line in enumerate(lines, 1)] == [True] * len(lines)


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    with append(path) as file:
        write_whole(file, b"one\n")
        full = Nearly(file, 5)
        with pytest.raises(OSError, match="full"):
            write_whole(full, b"a longer line\n")  # type: ignore[arg-type]
    assert path.read_bytes() == b"one\n"


class Nearly:
    """A file on a disk that takes `room` more bytes."""

    def __init__(self, file: object, room: int) -> None:
        self.file, self.room = file, room

    def write(self, data: memoryview) -> int:
        if not self.room:
            raise OSError("full")
        count, self.room = min(self.room, len(data)), max(0, self.room - len(data))
        return self.file.write(data[:count])  # type: ignore[attr-defined,no-any-return]

    def fileno(self) -> int:
        return self.file.fileno()  # type: ignore[attr-defined,no-any-return]


def test_a_log_with_a_torn_line_goes_on_in_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text('{"time": 1}\n{"time": 2, "ev')
    with EventWriter(path, append=True) as writer:
        writer.write([event()])
    lines = path.read_text().splitlines()
    assert lines[1] == '{"time": 2, "ev'
    assert lines[2].startswith('{"time": 1.5')


def test_devices_and_pipes_are_opened_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with create(path, new=True) as file:  # neither must it be new, nor is it emptied or locked
        write_whole(file, b"a line\n")
        assert os.read(reader, 100) == b"a line\n"
    os.close(reader)
    with create(Path("/dev/null"), new=True) as file:
        write_whole(file, b"gone\n")
    assert path.is_fifo()
    assert Path("/dev/null").is_char_device()
