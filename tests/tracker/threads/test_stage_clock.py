"""What each thread spends on what."""

from __future__ import annotations

import threading
import time

import pytest

from tracker.threads.stage_clock import WAIT, StageClock


def burn(seconds: float) -> None:
    """Keep the processor busy."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_work_is_counted_by_thread_and_stage() -> None:
    clock = StageClock()

    def work() -> None:
        for _ in range(2):
            with clock.timing("detect"):
                burn(0.01)

    threads = [threading.Thread(target=work, name="detecting") for _ in range(2)]
    for thread in threads:
        thread.start()
    with clock.timing("draw"):
        burn(0.01)
    for thread in threads:
        thread.join()
    found = {name: (count, stages) for name, count, stages in clock.threads()}
    assert set(found) == {"detecting", threading.current_thread().name}
    count, stages = found["detecting"]
    assert count == 2
    assert stages["detect"].cpu == pytest.approx(0.04, rel=0.2)
    assert stages["detect"].wall >= stages["detect"].cpu - 1e-3
    assert set(clock.by_stage()) == {"detect", "draw"}
    assert clock.by_stage()["detect"] == pytest.approx(stages["detect"].wall)
    assert clock.by_stage()["nothing"] == 0


def test_waiting_is_no_stage_and_costs_no_processor() -> None:
    clock, never = StageClock(), threading.Event()
    with clock.timing(f"{WAIT}frames"):
        never.wait(timeout=0.05)
    [(_, _, stages)] = clock.threads()
    spent = stages[f"{WAIT}frames"]
    assert spent.wall >= 0.05
    assert spent.cpu < 0.04
    assert clock.by_stage() == {}


def test_time_counts_even_when_the_work_fails() -> None:
    clock = StageClock()
    with pytest.raises(KeyError), clock.timing("detect"):
        raise KeyError
    assert "detect" in clock.by_stage()


def test_a_stage_inside_another_counts_once() -> None:
    clock = StageClock()
    with clock.timing("track"):
        burn(0.01)
        with clock.timing("embed"):
            burn(0.03)
        burn(0.01)
    found = clock.threads()[0][2]
    assert found["embed"].cpu == pytest.approx(0.03, rel=0.2)
    assert found["track"].cpu == pytest.approx(0.02, rel=0.2)
