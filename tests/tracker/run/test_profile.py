"""Where the time went, and what is said about it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.tracker.commands.test_cli import run
from tests.tracker.threads.test_stage_clock import burn
from tracker.run.profile import OPENING, TRACKING, Profile, ThreadTime, profile_of
from tracker.threads.stage_clock import WAIT, StageClock, StageTime

DETECTIONS = ROOT / "tests" / "golden" / "crossing.det.txt"


def thread(name: str, stage: str, wall: float, cpu: float, count: int = 1) -> ThreadTime:
    return ThreadTime(name, count, {stage: StageTime(wall, cpu)}, {})


def profile(seconds: float, *threads: ThreadTime, cores: int = 2) -> Profile:
    cpu = sum(one.work.cpu for one in threads)
    return Profile(100, seconds, cpu, StageTime(), cores, threads)


def test_busy_cores_are_the_limit_and_the_dearest_stage_is_named() -> None:
    found = profile(10.0, thread("detecting", "detect", 12.0, 11.0, 2), thread("encoding", "write", 9.0, 8.0))
    assert found.least == pytest.approx(9.5)
    assert found.used == pytest.approx(0.95)
    assert found.bound().startswith("the processor: the 2 cores busy 95% of the time; detect takes 58% of the work")
    assert "--imgsz" in found.bound()


def test_a_stage_in_two_threads_costs_what_both_took() -> None:
    found = profile(
        10.0, thread("a", "detect", 7.0, 7.0), thread("b", "write", 6.0, 6.0), thread("c", "write", 6.0, 6.0)
    )
    assert "write takes 63% of the work" in found.bound()


def test_a_thread_that_is_always_at_work_while_cores_are_idle_is_named() -> None:
    found = profile(10.0, thread("detecting", "detect", 3.0, 2.9), thread("encoding", "write", 9.8, 9.7), cores=8)
    assert found.bound().startswith("encoding, at work 98% of the time, while 16% of the 8 cores is used; it is write")


def test_a_slow_source_is_named() -> None:
    found = profile(10.0, thread("reading", "read", 9.9, 0.5), thread("detecting", "detect", 3.0, 2.9))
    assert found.bound() == "the source: reading waits for it 95% of the time"


def test_other_programs_are_named() -> None:
    found = profile(20.0, thread("detecting", "detect", 19.0, 5.0), thread("encoding", "write", 18.0, 5.0))
    assert found.bound().startswith("other programs, which have the cores: a second of work takes 3.7 seconds")


def test_what_other_threads_do_is_beside() -> None:
    found = profile(
        10.0,
        thread("reading", "read", 1.0, 1.0),
        ThreadTime(TRACKING, 1, {"track": StageTime(2.0, 2.0), "write": StageTime(0.1, 0.1)}, {}),
        thread("encoding", "write", 5.0, 5.0),
    )
    assert [found.is_beside(stage) for stage in ("read", "track", "write", "embed")] == [True, False, True, False]


def test_a_run_without_work_has_a_profile_too() -> None:
    assert profile(0.0).bound() == "nothing: there was nothing to do"
    assert profile(0.0).used == 0


def test_the_profile_is_what_the_threads_have_told() -> None:
    clock = StageClock()

    def work() -> None:
        with clock.timing("detect"):
            burn(0.02)
        with clock.timing(f"{WAIT}room"):
            threading.Event().wait(timeout=0.01)

    threads = [threading.Thread(target=work, name="detecting") for _ in range(2)]
    for one in threads:
        one.start()
    with clock.timing(OPENING):
        burn(0.01)
    with clock.timing("draw"):
        burn(0.01)
    for one in threads:
        one.join()
    found = profile_of(clock, 5, 1.0, 0.1, 2, (threading.current_thread().name, 0.05))
    assert [one.name for one in found.threads] == ["detecting", TRACKING]
    detecting, tracking = found.threads
    assert detecting.count == 2
    assert detecting.work.cpu == pytest.approx(0.04, abs=0.01)
    assert detecting.waits["room"] >= 0.02
    assert tracking.stages["other"].cpu == pytest.approx(0.03, abs=0.01)
    assert found.opening.cpu == pytest.approx(0.01, abs=0.005)
    assert found.seconds == pytest.approx(1 - found.opening.wall)
    assert found.libraries == pytest.approx(found.cpu - detecting.work.cpu - tracking.work.cpu, abs=1e-9)


def test_the_command_line_shows_threads_and_the_limit(
    crossing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options: list[str | Path] = [
        "--detector",
        "motion",
        "--appearance",
        "none",
        "-o",
        tmp_path / "out.mp4",
        "--overwrite",
    ]
    assert run(crossing, *options, "--profile", "--stats", tmp_path / "stats.json") == 0
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("reading", "detecting", TRACKING, "encoding", "together", "bound by"))
    stats = json.loads((tmp_path / "stats.json").read_text())
    assert set(stats["threads"]) == {"reading", "detecting", TRACKING, "encoding"}
    assert 0 < stats["first_frame_seconds"] <= stats["seconds"]
    ours = sum(one["cpu_seconds"] for one in stats["threads"].values())
    assert 0 < ours <= stats["cpu_seconds"] * 1.05
    assert stats["threads"]["detecting"]["seconds"] == pytest.approx(stats["stages"]["detect"], abs=1e-3)
    assert run(crossing, *options, "--profile", "--quiet") == 0
    assert capsys.readouterr().out == ""
