"""The smoother against the most probable path, solved for all frames at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Floats, Ints
from detectors.boxes import xyxy_to_cxcywh
from tracker.association.motion_models import CENTRE_SIZE, FRAME
from tracker.offline.rts_smoother import rts_smooth


def most_probable(frames: Ints, boxes: Floats, times: Floats) -> Floats:
    """Centres and sizes ``(N, 4)`` of the path of greatest posterior density: one least-squares problem a coordinate.

    Unknown are the position and velocity of every frame. Each row of the problem is a residual over its deviation.
    """
    states, units = xyxy_to_cxcywh(boxes), np.median(xyxy_to_cxcywh(boxes)[:, [2, 3, 2, 3]], axis=0)
    steps = np.diff(times[frames[0] : frames[-1] + 1])
    columns = [_one(frames - frames[0], states[:, at], steps, float(units[at]), at) for at in range(4)]
    return np.stack(columns, axis=1)


def _one(seen: Ints, values: Floats, steps: Floats, unit: float, at: int) -> Floats:
    count, rows, right = len(steps) + 1, list[Floats](), list[float]()

    def say(weights: dict[int, float], value: float, deviation: float) -> None:
        row = np.zeros(2 * count)
        row[list(weights)] = list(weights.values())
        rows.append(row / deviation)
        right.append(value / deviation)

    say({0: 1.0}, values[0], unit * CENTRE_SIZE.start_position[at])
    say({1: 1.0}, 0.0, unit * CENTRE_SIZE.start_velocity[at] / FRAME)
    for frame, step in enumerate(steps.tolist()):
        now, later, walk = 2 * frame, 2 * frame + 2, float(np.sqrt(step / FRAME))
        say({later: 1.0, now: -1.0, now + 1: -step}, 0.0, unit * CENTRE_SIZE.position[at] * walk)
        say({later + 1: 1.0, now + 1: -1.0}, 0.0, unit * CENTRE_SIZE.velocity[at] / FRAME * walk)
    for frame, value in zip(seen.tolist(), values.tolist(), strict=True):
        say({2 * frame: 1.0}, value, unit * CENTRE_SIZE.measurement[at])
    return np.asarray(np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)[0][::2])


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, derandomize=True, max_examples=25)
def test_the_path_is_the_most_probable_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    length = int(rng.integers(2, 25))
    times = np.cumsum(rng.uniform(0.01, 0.2, length + 4))
    frames = np.flatnonzero(rng.random(length) < 0.6)
    frames = np.unique([1, length, *frames + 1])
    centre = np.cumsum(rng.normal(0, 5, (len(frames), 2)), axis=0)
    size = rng.uniform(20, 40, (len(frames), 2))
    boxes = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
    path = rts_smooth(frames, boxes, times)
    np.testing.assert_allclose(xyxy_to_cxcywh(path), most_probable(frames, boxes, times), atol=1e-5)


def test_a_steady_walk_is_filled_where_it_went() -> None:
    times = np.arange(60) / 30
    walk = np.array([10.0, 20, 40, 90]) + 3 * np.arange(60)[:, None] * [1, 0, 1, 0]
    seen = np.array([*range(25), *range(40, 60)])
    path = rts_smooth(seen, walk[seen], times)
    assert np.abs(path - walk)[25:40].max() < 1.0


def test_one_box_and_an_empty_box_are_paths_too() -> None:
    box = np.array([[1.0, 2, 3, 4]])
    assert rts_smooth(np.array([5]), box, np.arange(9.0)) == pytest.approx(box)
    flat = np.array([[5.0, 5, 5, 5], [9, 9, 9, 9]])
    path = rts_smooth(np.array([0, 2]), flat, np.arange(3.0))
    assert np.isfinite(path).all()
    assert (path[:, 2:] >= path[:, :2]).all()
