"""The memories of appearance against one Python list per track."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Floats
from tracker.appearance.gallery import AppearanceMemory, AverageMemory, GalleryMemory

DIMENSION = 5
each_memory = pytest.mark.parametrize("kind", [AverageMemory, GalleryMemory])
seeds = st.integers(0, 2**32 - 1)


def unit_vectors(rng: np.random.Generator, count: int, unknown: float = 0.0) -> Floats:
    """``(count, DIMENSION)``; a share `unknown` of them zeros."""
    vectors = rng.normal(size=(count, DIMENSION))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[rng.random(count) < unknown] = 0
    return vectors


def average_distance(history: list[Floats], vector: Floats) -> float:
    """From the running average of all known vectors: a tenth of each new one, more at first, and length 1 again."""
    mean = np.zeros(DIMENSION)
    for count, seen in enumerate(history, start=1):
        share = max(1 / count, 0.1)
        mean = (1 - share) * mean + share * seen
        mean = mean / np.linalg.norm(mean)
    return 1 - float(mean @ vector)


def gallery_distance(history: list[Floats], vector: Floats) -> float:
    """From the nearest of the last 100 known vectors."""
    return min((1 - float(seen @ vector) for seen in history[-100:]), default=1.0)


SLOW = {AverageMemory: average_distance, GalleryMemory: gallery_distance}


@each_memory
@given(seed=seeds)
@settings(deadline=None, derandomize=True, max_examples=25)
def test_distances_equal_the_slow_loop(kind: type[AverageMemory] | type[GalleryMemory], seed: int) -> None:
    rng = np.random.default_rng(seed)
    memory: AppearanceMemory = kind(DIMENSION)
    histories: list[list[Floats]] = []

    def remember(row: int, vector: Floats) -> None:
        if vector.any():
            histories[row].append(vector)

    for _ in range(40):
        if len(histories) < 5 and rng.random() < 0.4:
            new = unit_vectors(rng, int(rng.integers(0, 3)), unknown=0.3)
            memory.append(new)
            for vector in new:
                histories.append([])
                remember(-1, vector)
        rows = rng.permutation(len(histories))[: rng.integers(0, len(histories) + 1)]
        vectors = unit_vectors(rng, len(rows), unknown=0.2)
        memory.update(rows, vectors)
        for row, vector in zip(rows, vectors, strict=True):
            remember(row, vector)
        if rng.random() < 0.15:
            kept = rng.random(len(histories)) < 0.8
            memory.keep(kept)
            histories = [histories[row] for row in np.flatnonzero(kept)]
        asked, strangers = rng.permutation(len(histories)), unit_vectors(rng, 3, unknown=0.2)
        slow = [[SLOW[kind](histories[row], vector) for vector in strangers] for row in asked]
        expected = np.array(slow).reshape(len(asked), 3)
        np.testing.assert_allclose(memory.distances(asked, strangers), expected, atol=1e-6)


def test_the_gallery_forgets_the_oldest_vector_after_a_hundred() -> None:
    rng = np.random.default_rng(4)
    memory, history, row = GalleryMemory(DIMENSION), unit_vectors(rng, 250), np.array([0])
    memory.append(history[:1])
    for count in range(1, 250):
        memory.update(row, history[count : count + 1])
        if count % 50 not in (0, 49):  # around each filling of half the gallery
            continue
        distances = memory.distances(row, history)[0]
        slow = [gallery_distance(list(history[: count + 1]), vector) for vector in history]
        np.testing.assert_allclose(distances, slow, atol=1e-6)
    assert distances[150:].max() < 1e-6  # each of the last hundred is there
    assert distances[:150].min() > 1e-6  # and none of those before


def test_tracks_of_one_gallery_may_have_seen_more_and_less() -> None:
    # empty places of the shorter history must not look like vectors at a right angle
    memory, there = GalleryMemory(2), np.array([[1.0, 0.0]])
    memory.append(np.array([[1.0, 0.0], [-1.0, 0.0]]))
    for _ in range(30):
        memory.update(np.array([0]), there)
    np.testing.assert_allclose(memory.distances(np.array([0, 1]), there), [[0], [2]], atol=1e-6)


@each_memory
def test_zeros_are_never_remembered(kind: type[AverageMemory] | type[GalleryMemory]) -> None:
    rng = np.random.default_rng(5)
    known, strangers, row = unit_vectors(rng, 1), unit_vectors(rng, 4), np.array([0])
    memory: AppearanceMemory = kind(DIMENSION)
    memory.append(known)
    before = memory.distances(row, strangers)
    for _ in range(150):  # more than the gallery holds
        memory.update(row, np.zeros((1, DIMENSION)))
    np.testing.assert_array_equal(memory.distances(row, strangers), before)


@each_memory
def test_what_is_not_known_is_at_distance_1(kind: type[AverageMemory] | type[GalleryMemory]) -> None:
    vectors, rows = unit_vectors(np.random.default_rng(6), 3), np.array([0, 1])
    memory: AppearanceMemory = kind(DIMENSION)
    memory.append(np.stack([vectors[0], np.zeros(DIMENSION)]))
    asked = np.stack([vectors[0], np.zeros(DIMENSION), -vectors[0]])
    np.testing.assert_allclose(memory.distances(rows, asked), [[0, 1, 2], [1, 1, 1]], atol=1e-6)
    memory.update(np.array([1]), vectors[[2]])
    assert memory.distances(np.array([1]), vectors[[2]])[0, 0] == pytest.approx(0, abs=1e-6)


@each_memory
def test_no_tracks_and_no_vectors_are_fine(kind: type[AverageMemory] | type[GalleryMemory]) -> None:
    memory: AppearanceMemory = kind(DIMENSION)
    none, nothing = np.empty(0, dtype=np.int64), np.empty((0, DIMENSION))
    memory.append(nothing)
    memory.update(none, nothing)
    assert memory.distances(none, np.ones((3, DIMENSION))).shape == (0, 3)
    memory.append(np.eye(2, DIMENSION))
    assert memory.distances(np.array([0, 1]), nothing).shape == (2, 0)
    memory.keep(np.array([False, False]))
    assert memory.distances(none, np.ones((3, DIMENSION))).shape == (0, 3)


@each_memory
def test_keep_and_append_leave_rows_with_their_own_vectors(kind: type[AverageMemory] | type[GalleryMemory]) -> None:
    vectors = np.eye(4, DIMENSION)
    memory: AppearanceMemory = kind(DIMENSION)
    memory.append(vectors[:3])
    memory.keep(np.array([2, 0]))
    memory.append(vectors[3:])
    expected = 1 - np.eye(4)[[2, 0, 3]]
    np.testing.assert_allclose(memory.distances(np.arange(3), vectors), expected, atol=1e-6)


def test_the_average_follows_a_slow_change_and_keeps_length_1() -> None:
    memory, row = AverageMemory(2), np.array([0])
    memory.append(np.array([[1.0, 0.0]]))
    for angle in np.linspace(0, np.pi / 2, 60):
        memory.update(row, np.array([[np.cos(angle), np.sin(angle)]]))
    for _ in range(60):
        memory.update(row, np.array([[0.0, 1.0]]))
    np.testing.assert_allclose(memory.distances(row, np.array([[0.0, 1.0], [1.0, 0.0]])), [[0, 1]], atol=0.02)


@each_memory
def test_a_memory_does_not_hold_on_to_the_callers_arrays(kind: type[AverageMemory] | type[GalleryMemory]) -> None:
    vectors = np.eye(2, DIMENSION)
    memory: AppearanceMemory = kind(DIMENSION)
    memory.append(vectors)
    vectors[:] = 0.5
    np.testing.assert_allclose(memory.distances(np.arange(2), np.eye(2, DIMENSION)), 1 - np.eye(2), atol=1e-6)
