"""What a detector's training starts from."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torchvision", reason="needs the extra `train`")
pytest.importorskip("safetensors", reason="needs the extra `train`")

from training.commands.options import parse, plan_of
from training.commands.starting import FEW_HEAD_RATE, FEW_PICTURES, describe_start, for_few, starting_weights
from training.loop.detector_plan import Plan
from training.loop.transfer import Weights, load_weights

START = Weights({}, Plan("mobilenet_v2", ("person", "bicycle", "car")))


def test_the_package_s_detector_is_started_from_unless_something_else_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in ([], ["--start", "sliding"]):
        start = starting_weights(parse(["data", *words]))
        assert start is not None
        assert start.plan == load_weights("sliding").plan
    others = (
        ["--start", "none"],
        ["--from-scratch"],
        ["--backbone", "lenet5"],
        ["--weights", "a.pt"],
        ["--resume", "a"],
    )
    assert [starting_weights(parse(["data", *words])) for words in others] == [None] * len(others)


@pytest.mark.parametrize(
    ("name", "classes", "line"),
    [
        (None, ("person",), "the detector of the package (--start sliding): knows person"),
        ("sliding", ("cone",), "the detector of the package (--start sliding): new to it: cone"),
        ("a.safetensors", ("Car", "cone", "person"), "a.safetensors: knows Car, person; new to it: cone"),
    ],
)
def test_a_line_tells_what_is_known(name: str | None, classes: tuple[str, ...], line: str) -> None:
    assert describe_start(name, START, classes) == f"starting from {line}"


def test_few_pictures_leave_the_trunk_alone_unless_told_otherwise() -> None:
    def planned(pictures: int, *words: str, name: str = "person") -> tuple[int, float]:
        options = parse(["data", *words])
        plan = for_few(plan_of(options, (name,)), START, pictures, options)
        return plan.trainable_layers, plan.head_rate

    usual = (Plan.trainable_layers, Plan.head_rate)
    assert planned(FEW_PICTURES + 1) == usual
    assert planned(FEW_PICTURES) == (0, FEW_HEAD_RATE)
    assert planned(50, name="cone") == (0, Plan.head_rate)
    assert planned(50, "--trainable-layers", "3") == (3, FEW_HEAD_RATE)
    assert planned(50, "--head-rate", "0.1") == (0, 0.1)
