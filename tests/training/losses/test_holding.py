"""What holds a network to its start."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch

from training.losses.holding import holding_loss
from training.networks.grid import Answers

BOXES = torch.tensor([[[0.0, 0, 10, 10], [20, 20, 60, 60], [0, 0, 99, 99]]])
LOGITS = torch.tensor([[[2.0, -6], [-6, -6], [-6, -6]]])  # an object in the first cell
START = Answers(LOGITS, BOXES)
BOTH = torch.tensor([0, 1])
NOTHING = torch.zeros(1, 3, 2)


def moved(cell: int, class_id: int, logit: float) -> Answers:
    logits = LOGITS.clone()
    logits[0, cell, class_id] = logit
    return Answers(logits, BOXES)


def test_who_says_the_same_loses_nothing() -> None:
    assert holding_loss(START, START, NOTHING, BOTH).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("cell", "class_id", "logit"), [(0, 0, -1.0), (1, 1, 2.0)])
def test_scores_that_fell_or_rose_are_told(cell: int, class_id: int, logit: float) -> None:
    assert holding_loss(moved(cell, class_id, logit), START, NOTHING, BOTH) > 0.1


def test_what_the_labels_show_beyond_the_start_is_free() -> None:
    labels = NOTHING.clone()
    labels[0, 1, 1] = 0.8
    assert holding_loss(moved(1, 1, 2.0), START, labels, BOTH).item() == pytest.approx(0, abs=1e-6)


def test_a_class_that_the_start_does_not_know_is_free() -> None:
    assert holding_loss(moved(1, 1, 2.0), START, NOTHING, BOTH[:1]).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("cell", "counts"), [(0, True), (1, False)])
def test_boxes_are_held_where_the_start_sees_something(cell: int, counts: bool) -> None:
    boxes = BOXES.clone()
    boxes[0, cell] += 5
    assert (holding_loss(Answers(LOGITS, boxes), START, NOTHING, BOTH).item() > 0.1) == counts


def test_gradients_go_to_the_network_alone() -> None:
    logits = LOGITS.clone().requires_grad_()
    holding_loss(Answers(logits, BOXES), Answers(LOGITS + 1, BOXES), NOTHING, BOTH).backward()
    assert logits.grad is not None
    assert logits.grad.abs().sum() > 0
