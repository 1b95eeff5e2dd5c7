"""Costs and assignment against the slow and obviously right way."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Floats
from tracker.association.matching import (
    CHI_SQUARE_95,
    CLASS_CHANGE,
    Pairs,
    assign,
    assign_greedily,
    assign_then_gate,
    class_cost,
    deepsort_cost,
    iou_cost,
    with_appearance,
)

seeds = st.integers(0, 2**32 - 1)
fast = settings(deadline=None, derandomize=True, max_examples=150)


def best_worth(cost: Floats, limit: float) -> float:
    """The largest sum of ``limit - cost`` of all partial matchings with allowed pairs only, by trying each."""
    best = 0.0
    for size in range(1, min(cost.shape) + 1):
        for rows in combinations(range(cost.shape[0]), size):
            for columns in permutations(range(cost.shape[1]), size):
                costs = cost[list(rows), list(columns)]
                if (costs < limit).all():
                    best = max(best, float((limit - costs).sum()))
    return best


def random_cost(rng: np.random.Generator) -> Floats:
    """Up to 4 x 4, with infinite entries and, by rounding in half of all cases, ties and entries at the limit."""
    cost = rng.uniform(0, 1, rng.integers(1, 5, 2))
    if rng.random() < 0.5:
        cost = cost.round(1)
    cost[rng.random(cost.shape) < 0.25] = np.inf
    return cost


@given(seed=seeds, limit=st.sampled_from([0.3, 0.5, 0.7, 0.9, 2.0]))
@fast
def test_assign_is_worth_as_much_as_the_best_of_all_matchings(seed: int, limit: float) -> None:
    cost = random_cost(np.random.default_rng(seed))
    pairs = assign(cost, limit)
    assert (limit - cost[pairs[:, 0], pairs[:, 1]]).sum() == pytest.approx(best_worth(cost, limit), abs=1e-12)


@given(seed=seeds, limit=st.sampled_from([0.3, 0.5, 0.7, 0.9, 2.0]))
@fast
def test_assign_uses_each_row_and_column_once_below_the_limit_and_rows_ascend(seed: int, limit: float) -> None:
    cost = random_cost(np.random.default_rng(seed))
    pairs = assign(cost, limit)
    assert pairs.shape == (len(pairs), 2)
    assert (cost[pairs[:, 0], pairs[:, 1]] < limit).all()
    assert (np.diff(pairs[:, 0]) > 0).all()
    assert len(set(pairs[:, 1].tolist())) == len(pairs)


def test_two_poor_matches_do_not_push_out_a_good_one() -> None:
    cost = np.array([[0.1, 0.65], [0.65, np.inf]])
    assert assign(cost, 0.7).tolist() == [[0, 0]]


def test_a_pair_at_the_limit_does_not_match() -> None:
    assert len(assign(np.array([[0.7]]), 0.7)) == 0
    assert assign(np.array([[0.7 - 1e-9]]), 0.7).tolist() == [[0, 0]]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nothing_to_assign_gives_no_pairs(shape: tuple[int, int]) -> None:
    for pairs in (assign(np.empty(shape), 0.7), assign_then_gate(np.empty(shape), 0.7)):
        assert pairs.shape == (0, 2)
        assert np.arange(3)[pairs[:, 0]].shape == (0,)  # still usable as an index


def test_a_matrix_of_infinities_gives_no_pairs() -> None:
    cost = np.full((3, 2), np.inf)
    assert assign(cost, 0.7).shape == (0, 2)
    assert assign_then_gate(cost, 0.7).shape == (0, 2)


@given(seed=seeds)
@fast
def test_assign_then_gate_costs_least_before_it_gates(seed: int) -> None:
    cost = random_cost(np.random.default_rng(seed))
    capped = np.minimum(cost, 1.0)
    tall = capped if capped.shape[0] >= capped.shape[1] else capped.T
    least = min(
        tall[list(rows), range(tall.shape[1])].sum() for rows in permutations(range(tall.shape[0]), tall.shape[1])
    )
    everything = assign_then_gate(capped, 1.0)
    assert capped[everything[:, 0], everything[:, 1]].sum() == pytest.approx(least, abs=1e-12)
    gated = assign_then_gate(cost, 0.6)
    assert gated.tolist() == [pair for pair in everything.tolist() if cost[pair[0], pair[1]] <= 0.6]
    assert (np.diff(gated[:, 0]) > 0).all()


def test_gating_last_prefers_two_fair_matches_to_a_good_one() -> None:
    # 0.5 + 0.5 costs less than 0.1 and the 1 of no overlap; gating first leaves that 1 out of the sum
    cost = np.array([[0.5, np.inf], [0.1, 0.5]])
    assert assign_then_gate(cost, 0.7).tolist() == [[0, 0], [1, 1]]
    assert assign(cost, 0.7).tolist() == [[1, 0]]


def greedy(similarity: Floats, least: float) -> list[tuple[int, int]]:
    """The best pair of all, again and again."""
    pairs = []
    similarity = similarity.copy()
    while similarity.size and similarity.max() >= least:
        row, column = np.unravel_index(similarity.argmax(), similarity.shape)
        pairs.append((int(row), int(column)))
        similarity[row], similarity[:, column] = -np.inf, -np.inf
    return sorted(pairs)


@settings(max_examples=100)
@given(st.integers(0, 2**32 - 1), st.floats(-0.5, 1.0))
def test_mutually_best_pairs_are_the_greedy_choice(seed: int, least: float) -> None:
    rng = np.random.default_rng(seed)
    similarity = rng.uniform(-0.5, 1, (rng.integers(0, 9), rng.integers(0, 9)))
    similarity[rng.random(similarity.shape) < 0.3] = -np.inf
    if rng.random() < 0.5:
        similarity = similarity.round(1)  # ties
    before = similarity.copy()
    assert [tuple(pair) for pair in assign_greedily(Pairs.at_least(similarity, least)).tolist()] == greedy(
        similarity, least
    )
    np.testing.assert_array_equal(similarity, before)


def test_equal_worth_everywhere_still_gives_each_a_partner() -> None:
    assert len(assign_greedily(Pairs.at_least(np.ones((4, 3)), 0.5))) == 3


def test_iou_cost_is_one_minus_overlap_and_infinite_without_any() -> None:
    a = np.array([[0.0, 0.0, 10.0, 10.0], [5.0, 5.0, 5.0, 5.0]])
    b = np.array([[0.0, 0.0, 10.0, 10.0], [5.0, 0.0, 15.0, 10.0], [10.0, 0.0, 20.0, 10.0], [50.0, 50.0, 60.0, 60.0]])
    inf = np.inf
    np.testing.assert_allclose(iou_cost(a, b), [[0, 2 / 3, inf, inf], [inf, inf, inf, inf]])
    assert iou_cost(a, b[:0]).shape == (2, 0)


def test_class_cost_is_added_where_classes_differ_only() -> None:
    cost = class_cost(np.array([1, 2]), np.array([2, 1, 7]))
    assert cost.tolist() == [[CLASS_CHANGE, 0, CLASS_CHANGE], [0, CLASS_CHANGE, CLASS_CHANGE]]
    assert class_cost(np.array([1, 2]), np.empty(0, dtype=np.int64)).shape == (2, 0)


@given(seed=seeds, max_cost=st.floats(0, 1), max_distance=st.floats(0, 1))
@fast
def test_appearance_never_forbids_and_never_worsens(seed: int, max_cost: float, max_distance: float) -> None:
    rng = np.random.default_rng(seed)
    cost = random_cost(rng)
    distance = rng.uniform(0, 2, cost.shape)
    mixed = with_appearance(cost, distance, max_cost, max_distance)
    assert (mixed <= cost).all()
    changed = mixed != cost
    assert (cost[changed] <= max_cost).all()
    assert (distance[changed] <= max_distance).all()
    np.testing.assert_array_equal(mixed[changed], distance[changed] / 2)
    # nothing that is trusted stays dearer than its appearance
    trusted = (cost <= max_cost) & (distance <= max_distance)
    assert (mixed[trusted] <= distance[trusted] / 2).all()


def test_appearance_ranks_two_that_overlap_equally() -> None:
    cost, distance = np.full((2, 2), 0.4), np.array([[0.9, 0.05], [0.04, 0.8]])
    assert assign(with_appearance(cost, distance, max_cost=0.7, max_distance=0.25), 0.7).tolist() == [[0, 1], [1, 0]]


def test_deepsort_cost_is_appearance_inside_both_gates() -> None:
    motion = np.array([[0.0, CHI_SQUARE_95, CHI_SQUARE_95 + 1e-6, 3.0, 3.0]])
    distance = np.array([[0.1, 0.15, 0.0, 0.2, 0.2 + 1e-6]])
    np.testing.assert_array_equal(deepsort_cost(motion, distance, max_distance=0.2), [[0.1, 0.15, np.inf, 0.2, np.inf]])


def test_deepsort_cost_without_appearance_is_gated_motion() -> None:
    motion = np.array([[0.0, 9.0, CHI_SQUARE_95 + 1e-6, 1e9]])
    np.testing.assert_array_equal(deepsort_cost(motion, None, max_distance=0.2), [[0.0, 9.0, np.inf, np.inf]])


def test_the_gate_is_the_chi_square_quantile_it_claims_to_be() -> None:
    from scipy.stats import chi2

    assert pytest.approx(chi2.ppf(0.95, df=4), abs=1e-4) == CHI_SQUARE_95
