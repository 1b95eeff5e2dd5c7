"""Long videos in pieces: which, what comes of them, and what is left when somebody dies."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests import scenes
from tests.conftest import ROOT, MakeVideo
from tracker.annotations.formats import read_annotations
from tracker.batch import annotate_video, batch, piece_files, results
from tracker.batch.batch import AnnotateOptions, Batch
from tracker.batch.events import Event, JobFinished, JobStarted
from tracker.batch.job import Job, Outcome
from tracker.batch.listing import ListedVideo
from tracker.batch.manifest import Manifest
from tracker.batch.piecewise import piece_options, track_piece
from tracker.batch.splitting import measure_length, pieces_of, split_jobs
from tracker.commands.cli import main
from tracker.offline.archive import load

SECONDS = 75.0  # of the clip, in as many frames as the scene has
DETECTIONS = "found.txt"


@pytest.fixture
def clip(tmp_path: Path, make_video: MakeVideo, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A video of two pieces; its detections are in the current folder."""
    times = [SECONDS * index / scenes.CROSSING_FRAMES for index in range(scenes.CROSSING_FRAMES)]
    lines = scenes.detection_lines(scenes.CROSSING, scenes.CROSSING_FRAMES)
    (tmp_path / DETECTIONS).write_text("".join(f"{line}\n" for line in lines))
    monkeypatch.chdir(tmp_path)
    return make_video("clip.mp4", times=times, codec="mjpeg")  # each frame a key frame


def annotate(*arguments: str, out: str = "out") -> int:
    return main(["annotate", *arguments, "-o", out, "--detections", DETECTIONS])


def the_job(source: Path, **options: object) -> Job:
    return Job(str(source), source.stem, {"detections": DETECTIONS, **options}, ("mot",), "all", False, False, "out")


def quiet(doing: str, done: int, total: int | None) -> None:
    """Nobody listens."""


def in_turn(jobs: Iterator[Job]) -> Iterator[Event]:
    """The engine of whoever has one process."""
    for job in jobs:
        yield JobStarted(job)
        yield JobFinished(job, annotate_video.run_job(job, quiet))


@pytest.fixture
def at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Videos are measured in this process."""

    def here(jobs: list[Job], seconds: float) -> Iterator[Job]:
        for job in jobs:
            yield replace(job, pieces=pieces_of(job, measure_length(job, quiet, seconds).length, seconds))

    monkeypatch.setattr(batch, "split_jobs", here)


def make_batch(*sources: Path, seconds: float = 60.0, formats: tuple[str, ...] = ("mot",), **options: object) -> Batch:
    wanted = AnnotateOptions({"detections": DETECTIONS, **options}, formats, "all", False, False, seconds)
    return Batch([ListedVideo(str(source)) for source in sources], wanted, Path("out"))


def files(folder: str) -> dict[str, bytes]:
    own = ("batch.sqlite", ".lock", "report.html")
    there = (path for path in sorted(Path(folder).rglob("*")) if path.is_file() and path.name not in own)
    return {str(path.relative_to(folder)): path.read_bytes() for path in there}


def test_in_pieces_the_same_objects_are_found(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert annotate("clip.mp4", "--video", "--crops", out="whole") == 0
    assert capsys.readouterr().out.startswith("1/1 done    clip: 5 tracks in 110 frames")
    assert annotate("clip.mp4", "--video", "--crops", "--split", "60s", "--jobs", "2") == 0
    said = capsys.readouterr().out.splitlines()
    assert sorted(said[:2]) == ["0/1 looked at clip piece 1 of 2", "0/1 looked at clip piece 2 of 2"]
    assert said[2].startswith("1/1 done    clip: 5 tracks in 110 frames")
    assert said[3].startswith("done     1 of 1 videos")
    assert set(files("out")) == set(files("whole"))  # and nothing hidden is left
    mine, theirs = (read_annotations(Path(folder, "clip", "mot.txt"))[0] for folder in ("out", "whole"))
    for one, other in zip(mine.tracks, theirs.tracks, strict=True):
        assert (one.track_id, one.frames[0], one.frames[-1]) == (other.track_id, other.frames[0], other.frames[-1])
        _, rows, others = np.intersect1d(one.frames, other.frames, return_indices=True)
        assert len(rows) >= len(other) - 2  # a walker behind another, who is seen late in the second piece
        assert abs(one.boxes[rows] - other.boxes[others]).max() < 2
    with Manifest(Path("out")) as manifest:
        assert [(entry.state, entry.attempts, entry.frames) for entry in manifest.statuses()] == [("done", 1, 110)]
    assert annotate("clip.mp4", "--video", "--crops") == 0
    assert "0 of 1 videos, 1 done before" in capsys.readouterr().out  # how it was done does not matter


def test_whoever_is_killed_between_pieces_and_while_joining_goes_on_there(clip: Path, at_hand: None) -> None:
    command = [sys.executable, "-m", "tracker", "annotate", "clip.mp4", "--detections", DETECTIONS, "--split", "60s"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for piece in (1, 2):
        killed = subprocess.Popen([*command, "-o", "out"], stdout=subprocess.PIPE, text=True, env=environment)
        assert killed.stdout is not None
        assert killed.stdout.readline() == f"0/1 looked at clip piece {piece} of 2\n"
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        killed.stdout.close()
        assert len(list(Path("out", ".pieces", "clip").glob("*.npz"))) == piece
    with make_batch(clip) as again:
        assert [event.job.title for event in again.run(in_turn) if isinstance(event, JobFinished)] == ["clip"]
    resumed = files("out")
    shutil.rmtree("out")
    with make_batch(clip) as whole:
        assert len(list(whole.run(in_turn))) == 6
    assert files("out") == resumed


def due(some: batch.Batch) -> list[Job]:
    """The jobs that it would run."""
    some._queue.add(some._due_jobs())
    return list(some._queue.take())


def test_each_step_is_made_of_just_what_bears_on_it(clip: Path, at_hand: None) -> None:
    """What is there of pieces is used, unless the video or the options have changed."""
    with make_batch(clip) as first:
        assert isinstance(next(event for event in first.run(in_turn) if isinstance(event, JobFinished)), JobFinished)
    (piece,) = Path("out", ".pieces", "clip").iterdir()
    with make_batch(clip, formats=("mot", "coco")) as second:  # other files of the same tracks
        assert [job.piece for job in due(second)] == [1]
    with make_batch(clip, conf=0.5) as third:
        assert [job.piece for job in due(third)] == [0, 1]
    assert not piece.exists()
    archive = replace(the_job(clip), pieces=pieces_of(the_job(clip), SECONDS, 60.0))
    for number in (0, 1):
        track_piece(replace(archive, piece=number), quiet)
    assert piece_files.missing_pieces(archive) == []
    piece_files.path_of(archive, 0).with_name(".0001.npz.77.part").write_bytes(b"of somebody who died")
    os.utime(clip, (1, 1))
    assert piece_files.missing_pieces(archive) == [0, 1]
    assert not list(Path("out", ".pieces", "clip").iterdir())


def test_a_batch_cut_short_keeps_its_pieces_and_the_next_ends_as_if_nothing_had_been(clip: Path, at_hand: None) -> None:
    for ended in range(4):
        with make_batch(clip) as some:
            for event in some.run(in_turn):
                if isinstance(event, JobFinished):
                    break
        assert len(list(Path("out", ".pieces").glob("*/*.npz"))) == (ended + 1) % 3 * (ended < 2)
        with Manifest(Path("out")) as manifest:
            (entry,) = manifest.statuses()
        assert entry.state == ("done" if ended >= 2 else "waiting")
    assert entry.attempts == 3
    assert not Path("out", ".pieces").exists()
    first = files("out")
    shutil.rmtree("out")
    with make_batch(clip) as whole:
        assert [type(event).__name__ for event in whole.run(in_turn)] == ["JobStarted", "JobFinished"] * 3
    assert files("out") == first


def test_whoever_dies_before_the_pieces_are_cleared_away_leaves_none_for_long(clip: Path, at_hand: None) -> None:
    with make_batch(clip) as some:
        list(some.run(in_turn))
    left = Path("out", ".pieces", "clip", "0001-of-before.npz")
    left.parent.mkdir(parents=True)
    left.write_bytes(b"")
    with make_batch(clip) as again:
        assert list(again.run(in_turn)) == []
        assert again.skipped == 1
    assert not Path("out", ".pieces").exists()


def test_a_piece_that_fails_fails_its_video_once_and_the_others_stay(
    clip: Path, at_hand: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Path(shutil.copy(clip, "other.mp4"))

    def run_job(job: Job, tell: object) -> Outcome:
        if job.name == "clip" and job.piece is not None:
            return Outcome("failed", "no light") if job.piece else real_run_job(job, quiet)
        return real_run_job(job, quiet)

    real_run_job = annotate_video.run_job
    monkeypatch.setattr(annotate_video, "run_job", run_job)
    with make_batch(clip, other) as some:
        ended = [event for event in some.run(in_turn) if isinstance(event, JobFinished)]
        states = {entry.name: (entry.state, entry.reason, entry.attempts) for entry in some.statuses}
    assert states == {"clip": ("failed", "in piece 2 of 2: no light", 1), "other": ("done", "", 1)}
    assert [event.job.title for event in ended if event.job.name == "clip"] == [
        "clip piece 1 of 2",
        "clip piece 2 of 2",
    ]
    assert sorted(path.name for path in Path("out").iterdir() if path.is_dir()) == [".pieces", "other"]
    monkeypatch.setattr(annotate_video, "run_job", real_run_job)
    with make_batch(clip, other) as again:
        titles = [event.job.title for event in again.run(in_turn) if isinstance(event, JobFinished)]
    assert titles == ["clip piece 2 of 2", "clip"]


def test_both_pieces_may_fail_at_once(clip: Path, at_hand: None) -> None:
    def at_once(jobs: Iterator[Job]) -> Iterator[Event]:
        taken = list(jobs)
        yield from map(JobStarted, taken)
        for job in taken:
            yield JobFinished(job, Outcome("failed", "no light", seconds=1.0))

    with make_batch(clip) as some:
        list(some.run(at_once))
        (entry,) = some.statuses
    assert (entry.state, entry.reason, entry.attempts) == ("failed", "in piece 1 of 2: no light", 1)


def test_a_piece_that_is_damaged_is_made_anew_the_next_time(clip: Path, at_hand: None) -> None:
    with make_batch(clip) as some:
        for event in some.run(in_turn):
            if isinstance(event, JobFinished) and event.job.piece == 1:
                place = piece_files.path_of(event.job, 1)
                place.write_bytes(place.read_bytes()[:-100])
        (entry,) = some.statuses
    assert entry.reason.startswith("piece 2 of 2: is not the whole file of a first pass (give the same command again)")
    with make_batch(clip) as again:
        list(again.run(in_turn))
        assert [entry.state for entry in again.statuses] == ["done"]


def test_a_file_that_holds_less_than_it_announces_is_annotated_as_far_as_it_goes(clip: Path) -> None:
    job = the_job(clip)
    job = replace(job, pieces=pieces_of(job, 4 * SECONDS, 2 * SECONDS))  # the second piece is behind the end
    for number in (0, 1):
        assert annotate_video.run_job(replace(job, piece=number), quiet).state == "done"
    assert not len(load(piece_files.path_of(job, 1)).indices)
    assert annotate_video.run_job(job, quiet).frames == scenes.CROSSING_FRAMES
    behind = replace(job, options={**job.options, "start": 100.0}, name="behind")
    behind = replace(behind, pieces=pieces_of(behind, 4 * SECONDS, 2 * SECONDS))
    for number in range(len(behind.pieces)):
        assert annotate_video.run_job(replace(behind, piece=number), quiet).state == "done"
    assert annotate_video.run_job(behind, quiet).reason == "has no frames in that part (check --start and --end)"


def test_a_draft_that_somebody_has_begun_for_a_piece_is_not_left(clip: Path) -> None:
    job = replace(the_job(clip), pieces=pieces_of(the_job(clip), SECONDS, 60.0), piece=0)
    draft = results.create_draft(job)
    assert annotate_video.run_job(job, quiet, draft).state == "done"
    assert not draft.exists()
    assert piece_files.missing_pieces(job) == [1]


def test_which_videos_are_split(clip: Path, make_video: MakeVideo) -> None:
    unseekable = make_video("late.mp4", times=[float(second) for second in range(0, 150, 2)])  # one key frame
    broken = clip.with_name("broken.mp4")
    broken.write_bytes(b"no video")
    pictures = clip.with_name("pictures")
    pictures.mkdir()
    few = the_job(Path(shutil.copy(clip, "few.mp4")), max_frames=50)
    jobs = [the_job(path) for path in (clip, unseekable, broken, pictures)] + [few]
    assert [len(job.pieces) for job in split_jobs(jobs, 60.0)] == [2, 0, 0, 0, 0]
    assert [len(job.pieces) for job in split_jobs(jobs[:1], SECONDS)] == [0]


def test_pieces_lie_where_the_run_begins_and_ends() -> None:
    job = Job("clip.mp4", "clip", {"start": 100.0, "end": 250.0}, ("mot",), "all", False, False, "out")
    assert [(piece.first, piece.last) for piece in pieces_of(job, 1000.0, 60.0)] == [
        (100, 150),
        (150, 200),
        (200, None),
    ]
    assert [piece_options(piece, job.run_options(None)).end for piece in pieces_of(job, 1000.0, 60.0)][-1] == 250.0
    assert pieces_of(job, 150.0, 60.0) == pieces_of(job, None, 60.0) == ()
    assert [piece.last for piece in pieces_of(job, 161.0, 60.0)] == [130.5, None]


def test_a_step_can_be_sent_and_is_no_other_work(clip: Path) -> None:
    job = the_job(clip)
    step = replace(job, pieces=pieces_of(job, SECONDS, 60.0), piece=1)
    assert pickle.loads(pickle.dumps(step)) == step
    assert step.fingerprint() == job.fingerprint()
    assert step.piece_fingerprint() != replace(step, piece=0).piece_fingerprint()
    assert (job.title, step.title) == ("clip", "clip piece 2 of 2")


def test_lengths_that_are_no_pieces_are_refused(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text, said in (("10", "is less than 60 s"), ("long", "is no length of time")):
        assert annotate("clip.mp4", "--split", text) == 1
        assert f"--split {text}: {said}" in capsys.readouterr().err
    assert not Path("out").exists()
