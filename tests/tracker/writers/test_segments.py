"""Annotated video in several files."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import InputError
from tests import scenes
from tests.conftest import MakeVideo
from tracker.run.options import Options
from tracker.run.run import Run
from tracker.sources.base import Source
from tracker.sources.live_status import LiveStatus
from tracker.writers.faststart import remove_drafts
from tracker.writers.h264 import VideoFormat
from tracker.writers.segments import SegmentedVideo, existing_segments, segment_names
from tracker.writers.video import VideoWriter

PICTURE = np.zeros((48, 64, 3), np.uint8)


class Clock(LiveStatus):
    """A live source that began at a time of day which may be set."""

    def __init__(self, began: datetime) -> None:
        super().__init__()
        self.began = began

    def time_of_day(self, seconds: float) -> datetime:
        return self.began + timedelta(seconds=seconds)


def source_of(began: datetime | None = None) -> Source:
    return Source(iter(()), "a", 64, 48, Fraction(25), live=Clock(began) if began else None)


def times_in(path: Path, kind: str = "video") -> list[float]:
    with av.open(str(path)) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [float(packet.pts * packet.time_base) for packet in container.demux(stream) if packet.pts is not None]


class Recorded:
    """Takes the place of a video file."""

    def __init__(self, path: Path) -> None:
        self.path, self.times, self.finished, self.closed = path, list[float](), False, 0
        self.warnings: list[str] = []

    def write(self, image: object, seconds: float) -> None:
        assert not self.finished
        self.times.append(seconds)

    def finish(self) -> None:
        self.finished = True

    def close(self) -> None:
        self.closed += 1


@given(steps=st.lists(st.floats(0.01, 30), min_size=1, max_size=60), length=st.floats(1, 10))
def test_every_frame_is_in_one_file_of_limited_length_and_every_file_is_closed(
    steps: list[float], length: float
) -> None:
    files: list[Recorded] = []

    def open_file(path: Path) -> VideoWriter:
        files.append(Recorded(path))
        return files[-1]  # type: ignore[return-value]

    times = np.cumsum(steps).tolist()
    with SegmentedVideo(length, segment_names(Path("a.mp4"), source_of()), open_file) as video:
        for time in times:
            video.write(PICTURE, time)
    assert [time for file in files for time in file.times] == times
    assert all(file.times[-1] - file.times[0] < length for file in files)
    assert all(file.closed == 1 for file in files)
    assert video.count == len(files)


def played(times: list[float]) -> list[float]:
    """Without what a decoder needs before the start, which the file's edit list hides. A packet lasts 23 ms at most."""
    return [time for time in times if time > -0.024]


def test_files_are_whole_and_called_by_their_time(make_video: MakeVideo, tmp_path: Path) -> None:
    source = make_video("a.mp4", [index / 25 for index in range(100)], sound="aac")
    with Run(source, Options(output=tmp_path / "b.mp4", segment="1.5s", detector="motion")) as run:
        assert sum(1 for _ in run) == 100
    paths = [tmp_path / f"b.{label}.mp4" for label in ("00-00-00", "00-00-01", "00-00-03")]
    assert existing_segments(tmp_path / "b.mp4") == paths
    assert [len(times_in(path)) for path in paths] == [38, 37, 25]
    for path, seconds in zip(paths, (1.5, 1.5, 1.0), strict=True):
        sound = played(times_in(path, "audio"))
        assert abs(sound[0]) < 0.05
        assert sound[-1] == pytest.approx(seconds, abs=0.12)
    assert run.sinks.segments == 3
    assert not list(tmp_path.glob(".*"))


def test_sound_from_far_inside_a_file_starts_with_its_picture(make_video: MakeVideo, tmp_path: Path) -> None:
    source = make_video("a.mp4", [index / 2 for index in range(90)], sound="aac")
    options = Options(output=tmp_path / "b.mp4", segment=20, detector="motion")
    with Run(source, options) as run:
        for _ in run:
            pass
    _, _, last = existing_segments(tmp_path / "b.mp4")
    sound = played(times_in(last, "audio"))
    assert abs(sound[0]) < 0.05
    assert sound[-1] == pytest.approx(4.5, abs=0.2)


def test_files_that_are_there_are_kept(make_video: MakeVideo, tmp_path: Path) -> None:
    source, taken = make_video("a.mp4"), tmp_path / "b.00-10-00.mp4"
    taken.write_bytes(b"mine")
    options = Options(output=tmp_path / "b.mp4", segment="10min", detector="motion")
    with pytest.raises(InputError, match=r"b\.00-10-00\.mp4: exists already"), Run(source, options):
        pass
    assert taken.read_bytes() == b"mine"


def test_live_files_are_called_by_the_clock_and_never_twice(tmp_path: Path) -> None:
    begin = datetime(2026, 1, 31, 18, 5, tzinfo=timezone(timedelta(hours=5)))
    name = segment_names(tmp_path / "door.mp4", source_of(begin))
    path = name(61.9)
    assert path.name == f"door.{(begin + timedelta(seconds=61)).astimezone():%Y-%m-%dT%H-%M-%S}.mp4"
    path.touch()
    again = name(61.2)
    assert again.stem == f"{path.stem}-2"
    again.touch()
    assert name(61.0).stem == f"{path.stem}-3"


@settings(max_examples=20)
@given(minutes=st.integers(0, 100_000))
def test_names_are_in_the_order_of_time(minutes: int) -> None:
    name = segment_names(Path("a.mp4"), source_of())
    assert name(60.0 * minutes).name == f"a.{minutes // 60:02d}-{minutes % 60:02d}-00.mp4"


def test_a_file_that_cannot_be_written_is_an_error_even_while_the_next_one_is(tmp_path: Path) -> None:
    paths = iter([tmp_path / "missing" / "a.mp4", tmp_path / "b.mp4"])

    def open_file(path: Path) -> VideoWriter:
        return VideoWriter(path, VideoFormat(Fraction(25), Fraction(1, 25)))

    def write() -> None:
        with SegmentedVideo(1, lambda _: next(paths), open_file) as video:
            video.write(PICTURE, 0.0)
            video.write(PICTURE, 1.0)

    with pytest.raises(InputError, match=r"missing.a\.mp4: cannot be written"):
        write()
    assert times_in(tmp_path / "b.mp4") == [0.0]


def test_a_picture_of_what_happens_now_is_in_the_file_soon(tmp_path: Path) -> None:
    path = tmp_path / "live.mp4"
    pictures = scenes.render(scenes.CROSSING, 12)
    with VideoWriter(path, VideoFormat(Fraction(25), Fraction(1, 1000), live=True), depth=1) as writer:
        for index, picture in enumerate(pictures):
            writer.write(picture, index * 0.5)  # each waits until the one before the last has been encoded
        assert len(times_in(path)) >= 12 - 4


def test_a_live_file_opens_from_its_first_moment_on(tmp_path: Path) -> None:
    path = tmp_path / "live.mp4"
    with VideoWriter(path, VideoFormat(Fraction(25), Fraction(1, 1000), live=True), depth=1) as writer:
        for index in range(3):  # the first has been taken, by the time that there is room for the third
            writer.write(PICTURE, index / 25)
        writer.write(PICTURE, 1.0)
        with av.open(str(path)) as container:
            assert container.streams.video[0].codec_context.name == "h264"


@pytest.mark.skipif(sys.platform == "win32", reason="nobody can be asked there whether a process runs")
def test_drafts_of_dead_processes_are_removed_and_others_are_not(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    dead, alive, other = (
        tmp_path / name
        for name in (f".a.mp4.{process.pid}.part", f".a.mp4.{os.getpid()}.part", f".b.mp4.{process.pid}.part")
    )
    mine = tmp_path / ".a.mp4.mine.part"
    for path in (dead, alive, other, mine):
        path.touch()
    remove_drafts(tmp_path, "a.mp4")
    assert not dead.exists()
    assert alive.exists()
    assert other.exists()
    assert mine.exists()
