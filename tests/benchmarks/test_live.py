"""The benchmark of live use: its scene, how it counts, and that each part of it runs."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.live.__main__ import PARTS, main
from benchmarks.live.reconnection import Gap, KeptIdentities, ShownObjects, gaps_in, total
from benchmarks.live.synthetic_scene import HEIGHT, LANES, TOP, WIDTH, box, goes_right, lane_of, pictures


def test_everybody_stays_in_a_lane_and_in_the_picture() -> None:
    for seconds in np.linspace(0, 100, 300):
        boxes = np.array([box(lane, float(seconds)) for lane in LANES])
        assert (boxes[:, 0] >= 0).all()
        assert (boxes[:, 2] <= WIDTH).all()
        assert (boxes[:, 1] >= TOP).all()
        assert (boxes[:, 3] <= HEIGHT).all()
        assert [lane_of(one) for one in boxes] == list(range(len(LANES)))
    assert lane_of(np.array([0, 0, WIDTH, 20])) is None


def test_objects_are_where_the_scene_says() -> None:
    first, later = (np.asarray(picture, np.int64) for picture in itertools.islice(pictures(25), 0, 26, 25))
    changed = np.abs(first - later).max(axis=2) > 0
    for lane in LANES:
        x1, y1, x2, y2 = np.rint(box(lane, 1.0)).astype(int)
        assert changed[y1:y2, x1:x2].mean() > 0.3
        changed[int(lane.foot) - lane.size[1] : int(lane.foot)] = False
    assert not changed.any()


def test_gaps_are_found_and_numbers_compared_by_lane() -> None:
    turn = next(second for second in range(60) if goes_right(LANES[1], second) and not goes_right(LANES[1], second + 1))
    before = [ShownObjects(index / 10, turn, {0: 1, 1: 2, 2: 3}) for index in range(20)]
    after = [ShownObjects(4 + index / 10, turn + 1, {0: 1, 1: 7 if index else 2, 3: 3}) for index in range(20)]
    (gap,) = gaps_in([*before, *after])
    assert gap == Gap(gap.lasted, KeptIdentities(1, 2), KeptIdentities(0, 1))
    assert gap.lasted == pytest.approx(2.1)
    assert gaps_in(before) == []
    assert total([KeptIdentities(1, 2), KeptIdentities(3, 4)]) == "4 of 6"


@pytest.mark.parametrize("part", PARTS)
def test_each_part_runs(part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = tmp_path / "figures.json"
    assert main(["--only", part, "--smoke", "--line", "middle:160,0,160,240", "--json", str(figures)]) == 0
    assert part in json.loads(figures.read_text())["parts"]
    assert "failed" not in capsys.readouterr().out
