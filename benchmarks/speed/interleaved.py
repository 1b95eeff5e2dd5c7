"""Interleaved measurements: candidates take turns, round after round, so that other load affects all of them alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


def interleaved(calls: Mapping[Key, Callable[[], Value]], rounds: int) -> dict[Key, list[Value]]:
    """What each call returns in each of the rounds. Every other round goes backwards."""
    found: dict[Key, list[Value]] = {key: [] for key in calls}
    for number in range(rounds):
        for key in list(calls)[:: -1 if number % 2 else 1]:
            found[key].append(calls[key]())
    return found


def ratio(values: Sequence[float], base: Sequence[float]) -> float:
    """Median over the rounds of one thing's figure divided by another's of the same round."""
    return statistics.median(one / other for one, other in zip(values, base, strict=True))
