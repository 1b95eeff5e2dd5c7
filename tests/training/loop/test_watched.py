"""What is said of a run's length."""

from __future__ import annotations

import dataclasses

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("pycocotools", reason="needs the extra `train`")

from training.loop.detector_plan import Plan
from training.loop.schedule import ENDLESS_MINUTES
from training.loop.watched import announced, what_it_took


def plan(minutes: float | None) -> Plan:
    return Plan("lenet5", ("a",), minutes=minutes)


def test_time_beside_the_steps_is_told() -> None:
    told = what_it_took(plan(5), 1234, 300.0, 127.0)
    assert told == "trained for 1,234 steps in 5.0 minutes, and 2.1 minutes for reading and judging"
    assert what_it_took(plan(None), 1, 0.4, 0.2) == "trained for 1 step in 0 s"


@pytest.mark.parametrize(("steps", "minutes"), [(50, "40"), (199, "11"), (0, "2000")])
def test_a_run_of_few_steps_says_how_long_it_should_be(steps: int, minutes: str) -> None:
    told = what_it_took(plan(5), steps, 300.0, 0.0)
    assert "note: fewer than 200 steps were possible" in told
    assert f"--minutes, such as {minutes}," in told
    assert "note" not in what_it_took(plan(None), steps, 300.0, 0.0), "so many were asked for"


def test_what_comes_on_top_is_told_before() -> None:
    judged = dataclasses.replace(plan(5), judgements=4)
    assert announced(judged, True) == "training for 5 minutes; reading, judging 4 times and writing come on top"
    assert announced(judged, False) == "training for 5 minutes; reading and writing come on top"
    assert announced(plan(None), True) == ""
    assert announced(judged, True, 400.0) == "", "it has ended"
    assert announced(plan(ENDLESS_MINUTES), True) == "", "it ends when it is interrupted"


def test_of_a_run_that_goes_on_what_remains_is_told() -> None:
    endless = plan(ENDLESS_MINUTES).annealed(8 * 3600.0, 30.0)
    assert announced(endless, True, 8 * 3600.0) == (
        "training for 30 more minutes; reading, judging 4 times and writing come on top"
    )
    judged = dataclasses.replace(plan(10), judgements=5)
    assert (
        announced(judged, True, 459.4)
        == "training for 2.34 more minutes; reading, judging 2 times and writing come on top"
    )
