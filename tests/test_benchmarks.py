"""The benchmarks run, on little work."""

from __future__ import annotations

import sys

import pytest

from benchmarks import association
from tracker.presets import PRESETS


def test_association_prints_a_row_for_each_crowd(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(association, "OBJECTS", (3, 7))
    monkeypatch.setattr(sys, "argv", ["association", "--frames", "4", "--rounds", "1"])
    association.main()
    printed = capsys.readouterr().out
    assert all(name in printed for name in PRESETS)
    assert " 3 " in printed
    assert " 7 " in printed


def test_sliding_compares_one_pass_with_all_windows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torchvision", reason="needs the extra `train`")
    from benchmarks import sliding

    monkeypatch.setattr(sliding, "WINDOWS", {"lenet5": 32})
    monkeypatch.setattr(sys, "argv", ["sliding", "--side", "96", "--rounds", "1"])
    sliding.main()
    assert " 289 " in capsys.readouterr().out  # 17 x 17 windows
