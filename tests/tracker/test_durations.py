"""Lengths of time as people write them."""

from __future__ import annotations

import pytest

from detectors import InputError
from tracker.durations import duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        (90, 90),
        (1.5, 1.5),
        ("90s", 90),
        ("10min", 600),
        ("10 min", 600),
        ("2m", 120),
        ("1.5H", 5400),
        ("1d", 86400),
    ],
)
def test_with_and_without_a_unit(text: str | float, seconds: float) -> None:
    assert duration("--segment", text, 1) == seconds


@pytest.mark.parametrize("text", ["", "min", "10x", "-5", "1:30", "1e3", "nan", "inf", "0.5"])
def test_anything_else_is_named(text: str) -> None:
    with pytest.raises(InputError, match=f"--segment {text}"):
        duration("--segment", text, 1)
