"""Losses of the appearance network against slow, obvious versions."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from training.losses.metric import Memory, batch_hard, distances, relational


def unit(rng: np.random.Generator, count: int, dimension: int = 6) -> torch.Tensor:
    return functional.normalize(torch.from_numpy(rng.normal(size=(count, dimension))))


def slow_batch_hard(vectors: torch.Tensor, who: list[int], where: list[int], margin: float) -> float:
    losses = []
    for a in range(len(who)):
        gaps = [float(torch.linalg.norm(vectors[a] - other)) for other in vectors]
        positives = [gaps[b] for b in range(len(who)) if b != a and who[b] == who[a]]
        negatives = [gaps[b] for b in range(len(who)) if who[b] != who[a] and where[b] == where[a]]
        if positives and negatives:
            losses.append(max(0.0, margin + max(positives) - min(negatives)))
    return sum(losses) / len(losses) if losses else 0.0


@given(st.lists(st.integers(0, 5), min_size=1, max_size=14), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_batch_hard_is_what_a_loop_finds(who: list[int], seed: int) -> None:
    vectors = unit(np.random.default_rng(seed), len(who))
    where = [identity % 2 for identity in who]  # two sources
    found = batch_hard(vectors, torch.tensor(who), torch.tensor(where), 0.3)
    assert float(found) == pytest.approx(slow_batch_hard(vectors, who, where, 0.3), abs=2e-3)


def test_nobody_is_compared_with_another_source() -> None:
    rng = np.random.default_rng(0)
    person, twin = unit(rng, 1)[0], unit(rng, 1)[0]
    vectors = torch.stack([person, person, person, person, twin, twin])
    who, where = torch.tensor([0, 0, 1, 1, 2, 2]), torch.tensor([0, 0, 1, 1, 0, 0])
    apart = float(torch.linalg.norm(person - twin))
    assert float(batch_hard(vectors, who, where, 3.0)) == pytest.approx(3.0 - apart, abs=2e-3)
    assert float(batch_hard(vectors, who, torch.zeros(6, dtype=torch.long), 3.0)) > 3.0 - apart + 0.1


def test_equal_vectors_have_a_gradient_that_is_finite() -> None:
    vectors = torch.ones(4, 3, requires_grad=True)
    batch_hard(functional.normalize(vectors), torch.tensor([0, 0, 1, 1]), torch.zeros(4), 0.3).backward()
    assert vectors.grad is not None
    assert torch.isfinite(vectors.grad).all()
    assert distances(torch.eye(3)).diagonal().max() < 0.01


def slow_relational(pairs: list[tuple[float, float]]) -> float:
    mine, theirs = np.array(pairs).T
    return float(np.mean((mine - theirs) ** 2) / np.var(theirs, ddof=1))


@given(st.integers(2, 6), st.integers(0, 7), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_relational_is_what_a_loop_finds(count: int, others: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, teacher = unit(rng, count + others), unit(rng, count + others, 9)
    around = teacher - teacher.mean(dim=0)
    around = around / torch.linalg.norm(around, dim=1, keepdim=True)
    pairs = [
        (float(vectors[a] @ vectors[b]), float(around[a] @ around[b]))
        for a in range(count)
        for b in range(count + others)
        if a != b
    ]
    found = relational(vectors[:count], teacher[:count], vectors[count:], teacher[count:])
    if np.var(np.array(pairs)[:, 1], ddof=1) > 1e-5:
        assert float(found) == pytest.approx(slow_relational(pairs), rel=1e-6)


def test_relational_asks_for_similarities_and_not_for_vectors() -> None:
    rng = np.random.default_rng(1)
    teacher = unit(rng, 40, 5)
    around = functional.normalize(teacher - teacher.mean(dim=0))
    turned = around @ torch.linalg.qr(torch.from_numpy(rng.normal(size=(5, 5))))[0]
    nobody = torch.empty(0, 5, dtype=torch.float64)
    assert float(relational(turned, teacher, nobody, nobody)) < 1e-12
    assert float(relational(unit(rng, 40), teacher, nobody.new_empty(0, 6), nobody)) > 1


def test_a_memory_holds_the_latest_and_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Memory, "SIZE", 5)
    memory = Memory(2, 3)
    assert [len(each) for each in memory.all()] == [0, 0]
    for number in (1.0, 2.0, 3.0):
        memory.push(torch.full((2, 2), number, requires_grad=True), torch.full((2, 3), 10 * number))
    vectors, teacher = memory.all()
    assert vectors[:, 0].tolist() == [3, 3, 2, 2, 1]
    assert teacher[:, 2].tolist() == [30, 30, 20, 20, 10]
    assert not vectors.requires_grad
    again = Memory(2, 3)
    again.load_state_dict(memory.state_dict())
    assert torch.equal(again.all()[1], teacher)
