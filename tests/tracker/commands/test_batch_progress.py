"""What is said of videos in pieces."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tracker.batch.events import Event, JobFinished, JobProgress, JobStarted
from tracker.batch.job import Job, JobState, Outcome
from tracker.batch.manifest import VideoStatus
from tracker.commands.batch_progress import BatchDisplay
from tracker.offline.pieces import plan_pieces
from tracker.review.report import ToLookAt

WHOLE = Job("/a.mp4", "a", {}, ("mot",), "all", False, False, "out")
IN_PIECES = replace(WHOLE, source="/b.mp4", name="b", pieces=tuple(plan_pieces(100.0, count=2)))
FIRST, SECOND = (replace(IN_PIECES, piece=number) for number in (0, 1))
DONE = Outcome("done", frames=50, tracks=1, seconds=2.0)


def said(events: list[Event], total: int, capsys: pytest.CaptureFixture[str]) -> list[str]:
    display = BatchDisplay(total, quiet=False)
    for event in events:
        display.update(event)
    display.stop()
    return capsys.readouterr().out.splitlines()


def test_pieces_are_steps_and_videos_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    events: list[Event] = [JobStarted(FIRST), JobStarted(WHOLE), JobFinished(FIRST, DONE), JobFinished(WHOLE, DONE)]
    events += [JobStarted(SECOND), JobFinished(SECOND, DONE), JobStarted(IN_PIECES), JobFinished(IN_PIECES, DONE)]
    assert said(events, 2, capsys) == [
        "0/2 looked at b piece 1 of 2",
        "1/2 done    a: 1 track in 50 frames, 25 a second",
        "1/2 looked at b piece 2 of 2",
        "2/2 done    b: 1 track in 50 frames, 25 a second",
    ]


def test_a_video_fails_once(capsys: pytest.CaptureFixture[str]) -> None:
    failed = Outcome("failed", "in piece 1 of 2: no light")
    events: list[Event] = [
        JobStarted(FIRST),
        JobStarted(SECOND),
        JobFinished(FIRST, failed),
        JobFinished(SECOND, failed),
    ]
    assert said(events, 1, capsys) == ["1/1 failed  b: in piece 1 of 2: no light"]
    assert said([*events[:3], JobFinished(SECOND, DONE)], 1, capsys) == ["1/1 failed  b: in piece 1 of 2: no light"]


def test_each_piece_has_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    events: list[Event] = [JobStarted(FIRST), JobStarted(SECOND), JobProgress(SECOND, "tracking", 3, 60)]
    events += [JobFinished(SECOND, DONE), JobFinished(FIRST, DONE)]
    display = BatchDisplay(1, quiet=False)
    assert display._bars is not None
    bars = []
    for event in events:
        display.update(event)
        bars.append([re.sub(r"\\[.*?]", "", task.description).strip() for task in display._bars.tasks[1:]])
    assert not display._bars.tasks[0].completed
    display.stop()
    one, other = "b piece 1 of 2", "b piece 2 of 2"
    assert bars == [[one], [one, other], [one, f"{other} [dim]tracking[/]"], [one], []]


def status(state: JobState) -> VideoStatus:
    return VideoStatus("/a.mp4", "a", state, "", "", 50, 1, 2.0, 1)


@pytest.mark.parametrize(
    ("seconds", "to_look_at", "told"),
    [
        (
            9.0,
            ToLookAt(0, 0),
            ["done     2 of 2 videos", "found    1,001 tracks, 9,001 boxes to correct", "wrote    r"],
        ),
        (720.0, ToLookAt(1, 0), ["done     2 of 2 videos, 10 videos an hour", "wrote    r: 1 track to look at"]),
        (9.0, ToLookAt(11, 1), ["wrote    r: 11 tracks to look at; objects may be missed in 1 video"]),
        (9.0, ToLookAt(0, 2), ["wrote    r: objects may be missed in 2 videos"]),
    ],
)
def test_the_end_tells_what_there_is_to_do_by_hand(
    seconds: float, to_look_at: ToLookAt, told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    display = BatchDisplay(2, quiet=False)
    display.update(JobFinished(WHOLE, replace(DONE, tracks=1000, boxes=9000)))
    display.update(JobFinished(FIRST, DONE))
    display.update(JobFinished(IN_PIECES, replace(DONE, boxes=1)))
    capsys.readouterr()
    display.summary([status("done")] * 2, 0, seconds, Path("r"), to_look_at)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line in told] == told


def test_where_all_was_done_before_nothing_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    BatchDisplay(1, quiet=False).summary([status("done")], 1, 900.0, Path("r"), ToLookAt(0, 0))
    assert capsys.readouterr().out.splitlines() == ["done     0 of 1 videos, 1 done before", "wrote    r"]
