"""OpenVINO or not: told by answers and times, here of sessions whose clock is ours."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from detectors.devices import CPU, PROVIDERS, challenger
from detectors.race import quicker

OPENVINO, CUDA = PROVIDERS["openvino"].name, PROVIDERS["cuda"].name


class Session:
    """Answers the mean of its inputs plus `error`, and takes its time, a number for each call."""

    def __init__(self, clock: list[float], times: list[float], error: float = 0.0) -> None:
        self.clock, self.times, self.error = clock, times, error

    def get_inputs(self) -> list[Any]:
        return [
            SimpleNamespace(name="images", shape=[1, 3, "h", "w"], type="tensor(float)"),
            SimpleNamespace(name="orig_target_sizes", shape=["batch", 2], type="tensor(int64)"),
        ]

    def run(self, _: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.clock[0] += self.times.pop(0)
        return [np.array([[1.0, each.mean() + self.error]]) for each in inputs.values()]


@pytest.mark.parametrize(
    ("usual", "other", "error", "expected"),
    [
        ([9, 2, 2, 2], [9, 1, 1, 1], 0, "other"),
        ([9, 1, 1, 1], [9, 2, 2, 2], 0, "usual"),
        ([9, 2, 2, 2], [9, 50, 50, 1], 0, "other"),  # the processor was busy with something else
        ([9, 2, 2, 2], [9, 1, 1, 1], 1, "usual"),  # another answer
        ([9, 2, 2, 2], [9], 0, "usual"),  # it fails
    ],
)
def test_the_quicker_one_that_answers_alike(
    usual: list[float], other: list[float], error: float, expected: str
) -> None:
    clock = [0.0]
    sessions: dict[str, Any] = {"usual": Session(clock, usual), "other": Session(clock, other, error)}

    assert quicker(sessions["usual"], sessions["other"], lambda: clock[0]) is sessions[expected]


def test_only_auto_lets_openvino_compete_and_not_with_a_gpu() -> None:
    assert challenger("auto", [OPENVINO, CPU], 2)[0][0] == OPENVINO
    assert challenger("auto", [OPENVINO, CUDA, CPU], 2) == []
    assert challenger("cpu", [OPENVINO, CPU], 2) == []
    assert challenger("openvino", [OPENVINO, CPU], 2) == []
    assert challenger("auto", [CPU], 2) == []
