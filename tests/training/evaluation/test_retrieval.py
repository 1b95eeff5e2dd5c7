"""Rank-1, mAP and AUC against slow versions, and the protocol's exceptions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.evaluation.retrieval import APART, TOGETHER, Gallery, area_under_curve, average_precision, judge


def gallery_of(seed: int, count: int) -> Gallery:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, 4))
    who = rng.integers(0, 5, count)
    return Gallery(
        vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        who,
        who % 3,  # an identity belongs to one scene
        who % 2,
        np.asarray(rng.integers(0, 14, count) * 0.3),
    )


def slow_judge(gallery: Gallery) -> tuple[float, float, float]:
    firsts, precisions, wins = [], [], []
    count = len(gallery.vectors)
    likeness = [[float(a @ b) for b in gallery.vectors] for a in gallery.vectors]
    for query in range(count):
        answers = []
        for other in range(count):
            same = gallery.identities[query] == gallery.identities[other]
            near = abs(gallery.seconds[query] - gallery.seconds[other]) < APART
            if gallery.sources[query] == gallery.sources[other] and not (same and near):
                answers.append((likeness[query][other], same))
        answers.sort(key=lambda answer: -answer[0])
        right = [same for _, same in answers]
        if any(right) and not all(right):
            firsts.append(right[0])
            precisions.append(np.mean([sum(right[: at + 1]) / (at + 1) for at in range(len(right)) if right[at]]))
    same_pairs, other_pairs = list[float](), list[float]()
    for a in range(count):
        for b in range(a):
            if gallery.scenes[a] == gallery.scenes[b] and abs(gallery.seconds[a] - gallery.seconds[b]) <= TOGETHER:
                (same_pairs if gallery.identities[a] == gallery.identities[b] else other_pairs).append(likeness[a][b])
    wins = [1.0 if same > other else 0.5 if same == other else 0.0 for same in same_pairs for other in other_pairs]
    return (
        float(np.mean(firsts)) if firsts else np.nan,
        float(np.mean(precisions)) if precisions else np.nan,
        float(np.mean(wins)) if wins else np.nan,
    )


@given(st.integers(0, 2**32 - 1), st.integers(1, 16))
@settings(deadline=None, max_examples=60)
def test_it_is_what_a_loop_finds(seed: int, count: int) -> None:
    gallery = gallery_of(seed, count)
    found = judge(gallery)
    np.testing.assert_allclose((found.rank1, found.mean_ap, found.auc), slow_judge(gallery), atol=1e-9)
    assert found.identities == len(set(gallery.identities.tolist()))


def test_perfect_vectors_are_perfect_and_neighbouring_frames_do_not_count() -> None:
    who = np.repeat([0, 1, 2], 4)
    vectors = np.eye(3)[who]
    seconds = np.tile([0.0, 0.1, 5.0, 5.1], 3)
    one = np.zeros(12, dtype=np.int64)
    perfect = judge(Gallery(vectors, who, one, one, seconds))
    assert (perfect.rank1, perfect.mean_ap, perfect.auc, perfect.queries) == (1, 1, 1, 12)
    alone = judge(Gallery(vectors, who, one, one, np.zeros(12)))
    assert alone.queries == 0, "each identity is seen at one moment only"
    assert np.isnan(alone.rank1)
    assert alone.auc == 1


def test_known_precisions() -> None:
    assert average_precision(np.array([True, False, True])) == pytest.approx((1 + 2 / 3) / 2)
    assert area_under_curve(np.array([0.9, 0.4, 0.4, 0.1]), np.array([True, True, False, False])) == 3.5 / 4
    assert np.isnan(area_under_curve(np.array([0.5]), np.array([True])))
