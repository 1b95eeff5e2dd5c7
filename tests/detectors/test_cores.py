"""The number of cores to count on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from detectors.cores import available_cores


@pytest.mark.parametrize("text", ["max 100000\n", "", "100000 0\n", "nonsense\n"])
def test_without_a_limit_it_is_what_the_process_may_use(tmp_path: Path, text: str) -> None:
    quota = tmp_path / "cpu.max"
    quota.write_text(text)
    assert available_cores(quota) == available_cores(tmp_path / "not there")
    assert 1 <= available_cores(quota) <= (os.cpu_count() or 1)


@pytest.mark.parametrize("text", ["100000 100000\n", "150000 100000\n", "20000 100000\n"])
def test_a_containers_share_counts_in_whole_cores(tmp_path: Path, text: str) -> None:
    quota = tmp_path / "cpu.max"
    quota.write_text(text)
    assert available_cores(quota) == 1
