"""A training run as data."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.loop.detector_plan import Plan

PLAN = Plan("lenet5", ("car", "cat"))


def test_a_plan_survives_json() -> None:
    other = Plan("resnet18", ("a", "ü"), fold=False, trainable_layers=3, seed=7, minutes=1.5, steps=9, averaging=0.5)
    for plan in (PLAN, other):
        assert Plan.from_json(plan.to_json()) == plan
        assert "\n" not in plan.to_json()


def test_a_plan_from_before_the_sizes_of_use_runs_as_it_learnt() -> None:
    fields = dataclasses.asdict(dataclasses.replace(PLAN, long_side=448))
    older = {name: value for name, value in fields.items() if name not in ("run_at", "run_up_to", "keep_start")}
    plan = Plan.from_json(json.dumps(older))
    assert (plan.run_at, plan.run_up_to, plan.keep_start, plan.run_side) == (0, 0, 0.0, 448)
    assert dataclasses.replace(plan, run_at=640).run_side == 640


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[1, 2]",
        "null",
        "7",
        "{}",
        '{"class_names": ["a"]}',
        '{"backbone": "lenet5", "class_names": 3}',
        json.dumps({**dataclasses.asdict(PLAN), "colour": "red"}),
    ],
)
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Plan.from_json(text)


def test_progress_is_counted_in_steps_or_in_minutes() -> None:
    by_steps = dataclasses.replace(PLAN, steps=200)
    assert [by_steps.progress(step, 1e9) for step in (0, 50, 200, 300)] == [0, 0.25, 1, 1]
    by_time = dataclasses.replace(PLAN, minutes=2.0)
    assert [by_time.progress(10**9, seconds) for seconds in (0, 30, 120, 500)] == [0, 0.25, 1, 1]


def test_rates_warm_up_and_sink_to_nothing() -> None:
    assert PLAN.rates(0.0, 0)[0] == pytest.approx(PLAN.head_rate / 200)
    assert PLAN.rates(0.0, 199)[0] == pytest.approx(PLAN.head_rate)
    assert PLAN.rates(0.5, 10_000) == pytest.approx((PLAN.head_rate / 2, PLAN.trunk_rate / 2))
    assert PLAN.rates(1.0, 10_000) == pytest.approx((0, 0), abs=1e-12)
    warming = [PLAN.rates(0.3, steps) for steps in range(0, 200, 20)]
    assert warming == sorted(warming)
    sinking = [PLAN.rates(progress / 20, 10_000)[0] for progress in range(21)]
    assert sinking == sorted(sinking, reverse=True)


@given(st.floats(0, 1), st.integers(0, 10_000), st.floats(0, 1), st.integers(0, 20))
def test_the_trunk_waits_while_it_is_frozen(progress: float, steps: int, frozen: float, layers: int) -> None:
    plan = dataclasses.replace(PLAN, frozen_share=frozen, trainable_layers=layers)
    head, trunk = plan.rates(progress, steps)
    assert 0 <= head <= plan.head_rate
    assert 0 <= trunk <= plan.trunk_rate
    released = layers > 0 and progress >= frozen
    assert plan.is_released(progress) == released
    assert released or trunk == 0
    assert not released or trunk == pytest.approx(head * plan.trunk_rate / plan.head_rate)


def test_the_last_steps_are_larger_and_plainer_cut_outs_of_as_many_pixels() -> None:
    early, late = PLAN.augmentation(0.79), PLAN.augmentation(0.8)
    assert not PLAN.is_final(0.79)
    assert PLAN.is_final(0.8)
    assert (early.side, late.side) == (320, 448)
    assert (late.spread, late.mosaic, late.colour) < (early.spread, early.mosaic, early.colour)
    assert early.long_side == late.long_side == 512
    assert (PLAN.batch_size(0.0), PLAN.batch_size(0.9)) == (8, 4)


@given(st.sampled_from([64, 96, 192, 320, 448]), st.integers(32, 2000), st.integers(1, 64), st.floats(0, 1))
def test_cut_outs_are_of_whole_strides_and_no_batch_is_empty(side: int, long: int, batch: int, progress: float) -> None:
    plan = dataclasses.replace(PLAN, side=side, long_side=long, batch=batch)
    assert plan.augmentation(progress).side % 32 == 0
    assert plan.augmentation(progress).long_side == long
    assert plan.batch_size(progress) >= 1


def test_an_open_ended_run_keeps_its_rates_until_it_is_given_an_end() -> None:
    plan = dataclasses.replace(PLAN, minutes=1000.0, steady_share=1.0, final_share=0.0)
    assert {plan.rates(progress, 1000) for progress in (0.1, 0.5, 0.99)} == {(plan.head_rate, plan.trunk_rate)}
    assert not plan.is_final(0.999)
    ended = plan.annealed(seconds=3600.0, minutes=20.0)
    assert ended.minutes == 80
    at = [ended.progress(0, 60.0 * minute) for minute in (60, 70, 80)]
    heads = [ended.rates(progress, 1000)[0] / plan.head_rate for progress in at]
    assert heads == pytest.approx([1, 0.5, 0], abs=1e-9)
    assert [ended.is_final(progress) for progress in at] == [True, True, True]
    assert ended.is_released(at[0])
    assert Plan.from_json(ended.to_json()) == ended
