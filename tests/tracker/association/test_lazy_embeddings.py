"""Which detections are embedded: those whose embeddings may change the assignment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Detections, Floats, Ints
from tracker.association.engine import Tracker
from tracker.association.lazy_embeddings import LazyEmbeddings, contested
from tracker.association.matching import Pairs, assign_greedily


class Embedder:
    """Answers with rows of the identity matrix, and remembers for which rows."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def __call__(self, rows: Ints) -> Floats:
        self.rows += rows.tolist()
        return np.eye(8)[rows]


def walkers(lefts: list[float]) -> Detections:
    boxes = np.array([[left, 0.0, left + 20, 60] for left in lefts])
    return Detections(boxes, np.full(len(lefts), 0.9))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_embeddings_that_are_no_numbers_are_refused(value: float) -> None:
    embeddings = LazyEmbeddings(walkers([0.0, 100.0]), lambda rows: np.full((len(rows), 4), value), np.arange(2))
    with pytest.raises(ValueError, match="embeddings holds a value that is not finite"):
        embeddings.compute(np.array([True, False]))


@settings(max_examples=200)
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.8))
def test_the_best_pairs_without_rivals_stay_whatever_embeddings_say_of_the_others(seed: int, margin: float) -> None:
    """Appearance moves the contested pairs by up to half the margin each way."""
    rng = np.random.default_rng(seed)
    similarity = np.where(rng.random((5, 6)) < 0.5, rng.uniform(0.15, 1, (5, 6)), -np.inf)
    pairs = Pairs.at_least(similarity, 0.15)
    open_ = contested(pairs, margin)
    best = (pairs.similarity == similarity.max(axis=1)[pairs.rows]) & (
        pairs.similarity == similarity.max(axis=0)[pairs.columns]
    )
    swung = replace(
        pairs, similarity=pairs.similarity + open_ * rng.uniform(-margin / 2, margin / 2, len(pairs.similarity))
    )
    sure = np.column_stack([pairs.rows, pairs.columns])[best & ~open_]
    assert {tuple(pair) for pair in sure.tolist()} <= {tuple(pair) for pair in assign_greedily(swung).tolist()}


def test_one_of_two_far_apart_has_no_rival_and_neighbours_have() -> None:
    similarity = np.array([[0.9, 0.7, -np.inf], [0.6, 0.9, -np.inf], [-np.inf, 0.2, 0.9]])
    pairs = Pairs.at_least(similarity, 0.15)
    assert {(int(pairs.rows[at]), int(pairs.columns[at])) for at in np.flatnonzero(contested(pairs, 0.4))} == {
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
    }
    assert not contested(pairs, 0.1).any()


def test_each_embedding_is_computed_once_by_the_row_it_was_given_by() -> None:
    embed = Embedder()
    embeddings = LazyEmbeddings(walkers([0.0, 50.0]), embed, rows=np.array([3, 5]))
    assert embeddings.attach(walkers([0.0, 50.0])).embeddings is None
    embeddings.compute(np.array([False, True]))
    embeddings.compute(np.array([True, True]))
    assert embed.rows == [5, 3]
    np.testing.assert_array_equal(embeddings.attach(walkers([0.0, 50.0])).embeddings, np.eye(8)[[3, 5]])


@pytest.mark.parametrize("wrong", [None, [1.0, 2.0], np.ones((1, 4)), np.ones((2, 5)), np.ones((2, 4, 1))])
def test_embeddings_of_another_shape_are_refused(wrong: object) -> None:
    embeddings = LazyEmbeddings(walkers([0.0, 100.0]), lambda rows: wrong, np.arange(2), dimension=4)  # type: ignore[arg-type,return-value]
    with pytest.raises(ValueError, match=r"shape|earlier ones had 4"):
        embeddings.compute(np.ones(2, dtype=bool))


def test_embeddings_may_be_a_list() -> None:
    embeddings = LazyEmbeddings(walkers([0.0, 100.0]), lambda rows: [[1, 0], [0, 1]], np.arange(2))  # type: ignore[arg-type,return-value]
    embeddings.compute(np.ones(2, dtype=bool))
    np.testing.assert_array_equal(embeddings.vectors, np.eye(2))


def test_embeddings_that_are_given_are_taken_and_none_is_computed() -> None:
    embed, found = Embedder(), walkers([0.0])
    found = Detections(found.boxes, found.scores, found.class_ids, np.eye(8)[:1])
    LazyEmbeddings(found, embed, rows=np.array([0])).compute(np.array([True]))
    Tracker().update(found, 0.0, embed=embed)
    assert embed.rows == []


def test_objects_are_embedded_where_they_meet_and_not_where_they_are_alone() -> None:
    tracker, embed = Tracker(), Embedder()
    for frame in range(10):
        tracker.update(walkers([0.0, 200.0, 400.0]), frame / 30, embed=embed)
    embed.rows.clear()
    tracker.update(walkers([0.0, 200.0, 400.0]), 10 / 30, embed=embed)
    assert embed.rows == []
    for step in range(1, 20):
        tracker.update(walkers([5.0 * step, 200.0 - 5 * step, 400.0]), (10 + step) / 30, embed=embed)
    assert {0, 1} <= set(embed.rows)
    assert 2 not in embed.rows


def test_a_motion_only_tracker_embeds_nothing_and_the_published_ones_all_high_score_detections() -> None:
    for preset, expected in (("sort", []), ("bytetrack", []), ("deepsort", [0, 1])):
        embed = Embedder()
        Tracker(preset).update(walkers([0.0, 50.0]), 0.0, embed=embed)
        assert embed.rows == expected
