"""What of its video a run has looked at."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tracker.batch.run_annotations import coverage_of


@pytest.mark.parametrize(
    ("shots", "ranges"),
    [([0, 0, 0, 1, 1, 2], [(11, 13), (14, 15), (16, 16)]), ([0] * 6, [(11, 16)]), ([4], [(11, 11)])],
)
def test_shots_are_told_by_the_frames_that_were_read(shots: list[int], ranges: list[tuple[int, int]]) -> None:
    first_pass = SimpleNamespace(indices=np.arange(11, 11 + len(shots)), history=SimpleNamespace(shots=np.array(shots)))
    stages = SimpleNamespace(detection=SimpleNamespace(inside=None))
    run: Any = SimpleNamespace(first_pass=first_pass, stages=stages)
    coverage = coverage_of(run)
    assert (list(coverage.shots), coverage.kept) == (ranges, None)
