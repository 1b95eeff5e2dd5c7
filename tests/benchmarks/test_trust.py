"""The benchmark of trust: what it calls wrong, and its figures."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.accuracy.trust import area, caught, fit, is_wrong
from tracker.annotations.document import AnnotatedTrack
from tracker.evaluation.ground_truth import GroundTruth

FRAMES = 10


def _truth() -> GroundTruth:
    """Objects 0 and 1 and a distractor, each at its place in every frame."""
    boxes = np.tile([[0.0, 0, 10, 10], [100, 0, 110, 10], [200, 0, 210, 10]], (FRAMES, 1))
    ids, bounds = np.tile([0, 1, -1], FRAMES), np.arange(FRAMES + 1) * 3
    return GroundTruth("a", FRAMES, ids, boxes, bounds, ids >= 0, ids < 0)


@pytest.mark.parametrize(
    ("places", "wrong"),
    [
        ([0] * 10, False),
        ([0] * 8 + [100] * 2, False),
        ([0] * 7 + [100] * 3, True),
        ([0] * 4 + [50] * 6, True),
        ([0] * 6 + [50] * 4, False),
        ([200] * 10, None),
    ],
)
def test_what_is_wrong(places: list[int], wrong: bool | None) -> None:
    left = np.array(places, dtype=float)
    boxes = np.column_stack([left, np.zeros(FRAMES), left + 10, np.full(FRAMES, 10.0)])
    assert is_wrong(AnnotatedTrack(1, "a", np.arange(1, FRAMES + 1), boxes), _truth()) is wrong


def test_figures_of_a_known_order() -> None:
    doubt, wrong = np.array([5.0, 4, 3, 2, 1]), np.array([True, False, True, False, False])
    assert area(doubt, wrong) == pytest.approx(5 / 6)
    assert caught(doubt, wrong) == 0.5
    assert area(np.zeros(5), wrong) == 0.5


def test_the_fit_finds_the_cue_that_tells() -> None:
    rng = np.random.default_rng(0)
    cues = rng.uniform(0, 1, (400, 2))
    start, telling, idle = fit(cues, rng.random(400) < 1 / (1 + np.exp(3 - 6 * cues[:, 0])))
    assert start == pytest.approx(-3, abs=1)
    assert telling == pytest.approx(6, abs=1.5)
    assert idle < 0.6
