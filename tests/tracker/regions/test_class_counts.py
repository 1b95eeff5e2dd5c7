"""Tracks are counted once each, however many there are."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracker.association.tracks import Return, Tracks
from tracker.regions.class_counts import ClassCounts

NAMES = {0: "person", 2: "car"}


def frame(ids: list[int], class_ids: list[int]) -> Tracks:
    zeros = np.zeros(len(ids))
    return Tracks(np.array(ids), np.zeros((len(ids), 4)), zeros, np.array(class_ids, dtype=np.int64), zeros, zeros)


@given(st.integers(1, 30), st.integers(1, 8), st.integers(0, 5))
def test_a_crowd_that_comes_and_goes_is_counted_once_each(total: int, at_once: int, more: int) -> None:
    counts, kinds = ClassCounts(recent=at_once + more), (0, 2, 7)
    for first in range(1, total + 1):
        ids = list(range(first, min(first + at_once, total + 1)))
        counts.update(frame(ids, [kinds[each % 3] for each in ids]))
        assert len(counts._classes) <= at_once + more
    expected = Counter({0: "person", 2: "car", 7: "object"}[kinds[each % 3]] for each in range(1, total + 1))
    assert counts.by_name(NAMES) == expected


def test_who_comes_back_after_many_others_is_not_counted_again() -> None:
    counts, back = ClassCounts(recent=2), (Return(1, 60.0, "place"),)
    for tracks in (frame([1], [2]), frame([2], [0]), frame([3], [0]), frame([4], [0])):
        counts.update(tracks)
    counts.update(replace(frame([1], [2]), returns=back))
    assert counts.by_name(NAMES) == {"car": 1, "person": 3}
    counts.update(replace(frame([1], [2]), returns=back))
    assert counts.by_name(NAMES) == {"car": 1, "person": 3}


def test_a_tracks_last_class_counts() -> None:
    counts = ClassCounts()
    for class_id in (0, 0, 2):
        counts.update(frame([1], [class_id]))
    assert counts.by_name(NAMES) == {"car": 1}


def test_nothing_seen_is_nothing() -> None:
    counts = ClassCounts()
    counts.update(frame([], []))
    assert counts.by_name(NAMES) == {}
