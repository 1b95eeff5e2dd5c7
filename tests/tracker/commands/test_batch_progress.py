"""What is said of videos in pieces."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tracker.batch.events import Event, JobFinished, JobProgress, JobStarted
from tracker.batch.job import Job, Outcome
from tracker.commands.batch_progress import BatchDisplay
from tracker.offline.pieces import plan_pieces

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
