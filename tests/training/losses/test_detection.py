"""Losses against oracles and slow loops; the assignment of cells to objects by what must always hold of it."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.ops import box_iou, generalized_box_iou

from tests.training.pictures import truth_of
from training.losses.detection import (
    BOX_WEIGHT,
    CANDIDATES,
    Truth,
    assign,
    detection_losses,
    generalised_iou,
    pairwise_iou,
    quality_focal_loss,
)
from training.networks.grid import Answers, Grid, make_grid

GRID = make_grid(96, 128)
SPOTS = [(x, y) for y in (0, 48) for x in (0, 64)]  # objects one in each do not meet


@st.composite
def box(draw: st.DrawFn) -> list[float]:
    left, top = draw(st.floats(-50, 150)), draw(st.floats(-50, 150))
    return [left, top, left + draw(st.floats(0.5, 120)), top + draw(st.floats(0.5, 120))]


@st.composite
def scene(draw: st.DrawFn) -> Truth:
    """Up to four objects of 8 to 48 pixels that do not meet."""
    boxes, class_ids = [], []
    for x, y in draw(st.sets(st.sampled_from(SPOTS))):
        width, height = draw(st.floats(8, 48)), draw(st.floats(8, 48))
        left, top = x + draw(st.floats(0, 1)) * (64 - width), y + draw(st.floats(0, 1)) * (48 - height)
        boxes.append([left, top, left + width, top + height])
        class_ids.append(draw(st.integers(0, 1)))
    return truth_of(boxes, class_ids)


def answers_at(seed: int, grid: Grid = GRID) -> tuple[torch.Tensor, torch.Tensor]:
    """Random scores ``(cells, 2)`` and boxes ``(cells, 4)`` around their cells."""
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand(len(grid.centres), 2, generator=generator)
    reach = (0.5 + 3 * torch.rand(len(grid.centres), 4, generator=generator)) * grid.strides[:, None]
    return scores, torch.cat([grid.centres - reach[:, :2], grid.centres + reach[:, 2:]], dim=1)


@given(st.lists(box(), min_size=1, max_size=5), st.lists(box(), min_size=1, max_size=5))
def test_iou_is_torchvisions(first: list[list[float]], second: list[list[float]]) -> None:
    a, b = torch.tensor(first), torch.tensor(second)
    assert torch.allclose(pairwise_iou(a, b), box_iou(a, b), atol=1e-5)
    pairs = min(len(a), len(b))
    expected = generalized_box_iou(a[:pairs], b[:pairs]).diagonal()
    assert torch.allclose(generalised_iou(a[:pairs], b[:pairs]), expected, atol=1e-5)


def test_quality_focal_loss_is_its_equation_number_by_number() -> None:
    generator = torch.Generator().manual_seed(0)
    logits, targets = torch.randn(40, 3, generator=generator) * 4, torch.rand(40, 3, generator=generator)
    losses = quality_focal_loss(logits, targets)
    for x, y, loss in zip(
        logits.flatten().tolist(), targets.flatten().tolist(), losses.flatten().tolist(), strict=True
    ):
        sigma = 1 / (1 + math.exp(-x))
        expected = -(abs(y - sigma) ** 2) * ((1 - y) * math.log(1 - sigma) + y * math.log(sigma))
        assert loss == pytest.approx(expected, rel=1e-3, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(scene(), st.integers(0, 1000))
def test_every_object_gets_cells_and_no_cell_has_two_objects(truth: Truth, seed: int) -> None:
    scores, boxes = answers_at(seed)
    found = assign(scores, boxes, truth, GRID)
    assert len(found.positive.unique()) == len(found.positive) == len(found.boxes)
    assert found.weights.eq(1).all()
    for goal, class_id in zip(truth.boxes, truth.class_ids, strict=True):
        mine = found.positive[(found.boxes == goal).all(dim=1)]
        assert 1 <= len(mine) <= CANDIDATES
        centres = GRID.centres[mine]
        assert ((centres >= goal[:2] - 0.01) & (centres <= goal[2:] + 0.01)).all()
        best = pairwise_iou(goal[None], boxes[mine]).max()
        assert found.scores[mine, class_id].max() <= best + 1e-6
        assert (found.scores[mine, 1 - class_id] == 0).all()
    background = torch.ones(len(GRID.centres), dtype=torch.bool)
    background[found.positive] = False
    assert found.scores[background].eq(0).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(box(), min_size=2, max_size=6), st.integers(0, 1000))
def test_whatever_meets_each_cell_learns_one_object_at_most(boxes: list[list[float]], seed: int) -> None:
    scores, guesses = answers_at(seed)
    class_ids = [number % 2 for number in range(len(boxes))]
    found = assign(scores, guesses, truth_of(boxes, class_ids), GRID)
    assert len(found.positive.unique()) == len(found.positive) == len(found.boxes)
    assert (found.scores > 0).sum(dim=1).max() <= 1
    for goal in found.boxes.unique(dim=0):
        mine = found.positive[(found.boxes == goal).all(dim=1)]
        best = pairwise_iou(goal[None], guesses[mine]).max().item()
        assert found.scores[mine].max().item() == pytest.approx(best, abs=0.01), "of the cells that it kept"


def test_the_cell_that_answers_best_has_the_highest_target_and_it_is_its_overlap() -> None:
    scores, boxes = answers_at(3)
    goal = [30.0, 20.0, 74.0, 70.0]
    cell = int((GRID.centres == torch.tensor([52.0, 44.0])).all(dim=1).nonzero()[0])
    boxes[cell] = torch.tensor([30.0, 20.0, 74.0, 60.0])
    scores[cell, 1] = 0.9
    found = assign(scores, boxes, truth_of([goal], [1]), GRID)
    assert found.scores[:, 1].argmax() == cell
    assert found.scores[cell, 1].item() == pytest.approx(40 / 50)
    assert len(found.positive) == CANDIDATES


def test_of_equal_boxes_the_better_score_is_the_better_answer() -> None:
    scores, boxes = torch.full((len(GRID.centres), 2), 0.2), answers_at(0)[1]
    goal = torch.tensor([30.0, 20.0, 74.0, 70.0])
    boxes[:] = goal
    scores[(GRID.centres == torch.tensor([52.0, 44.0])).all(dim=1)] = 0.8
    found = assign(scores, boxes, truth_of([goal.tolist()]), GRID)
    assert found.scores[found.positive, 0].sort().values.tolist() == pytest.approx([0.25] * (CANDIDATES - 1) + [1.0])


def test_cells_inside_an_object_learn_it_before_any_box_meets_it() -> None:
    scores, boxes = answers_at(0)
    found = assign(scores, boxes * 0 + torch.tensor([500.0, 500, 510, 510]), truth_of([(30, 20, 74, 70)]), GRID)
    assert len(found.positive) == CANDIDATES
    assert found.scores.eq(0).all()


def test_a_cell_between_two_objects_takes_the_one_it_fits_better() -> None:
    scores, boxes = answers_at(0)
    cell = int((GRID.centres == torch.tensor([52.0, 44.0])).all(dim=1).nonzero()[0])
    boxes[cell] = torch.tensor([30.0, 20.0, 70.0, 60.0])
    scores[cell] = 1.0
    near, far = [30.0, 20.0, 72.0, 62.0], [30.0, 20.0, 82.0, 76.0]
    for goals in ([near, far], [far, near]):
        found = assign(scores, boxes, truth_of(goals), GRID)
        assert found.boxes[found.positive == cell].tolist() == [near]


def test_even_a_tiny_object_gets_a_cell() -> None:
    scores, boxes = answers_at(0)
    for x in range(0, 64, 5):
        assert len(assign(scores, boxes, truth_of([[x, 41.0, x + 2.0, 43.0]]), GRID).positive)


def test_a_class_that_was_not_looked_for_in_a_part_is_not_judged_there() -> None:
    halves = [(0, 0, 64, 96), (64, 0, 128, 96)]
    truth = truth_of([(8, 8, 40, 40)], [0], regions=halves, looked_for=[(True, False), (False, True)])
    found = assign(*answers_at(0), truth, GRID)
    left = GRID.centres[:, 0] < 64
    positive = torch.zeros(len(left), dtype=torch.bool)
    positive[found.positive] = True
    assert found.weights[left & ~positive].unique(dim=0).tolist() == [[1, 0]]
    assert found.weights[~left].unique(dim=0).tolist() == [[0, 1]]
    assert found.weights[positive].eq(1).all(), "what stands there is known"


def test_difficult_objects_are_neither_hits_nor_misses() -> None:
    boxes = [(8, 8, 56, 56), (72, 8, 120, 56)]
    truth = truth_of(boxes, [0, 1], difficult=[True, False])
    found = assign(*answers_at(0), truth, GRID)
    x, y = GRID.centres.unbind(dim=1)
    inside = (x >= 8) & (x <= 56) & (y >= 8) & (y <= 56)
    assert found.weights[inside].unique(dim=0).tolist() == [[0, 1]]
    assert found.weights[~inside].eq(1).all()
    assert found.scores[inside].eq(0).all()
    assert found.boxes.unique(dim=0).tolist() == [[72, 8, 120, 56]]


@pytest.mark.parametrize("truth", [truth_of([]), truth_of([(8, 8, 40, 40)], difficult=[True])])
def test_a_picture_without_objects_teaches_that_there_are_none(truth: Truth) -> None:
    scores, boxes = answers_at(0)
    logits = torch.logit(scores, eps=1e-4)[None].requires_grad_()
    losses = detection_losses(Answers(logits, boxes[None].requires_grad_()), [truth], GRID)
    assert losses.box == 0
    assert losses.classification > 0
    losses.total.backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert (logits.grad >= 0).all(), "every score is to sink"


def test_the_losses_are_means_over_the_mass_of_the_targets() -> None:
    scores, boxes = answers_at(0)
    other_scores, other_boxes = answers_at(1)
    logits = torch.stack([torch.logit(scores), torch.logit(other_scores)])
    truths = [truth_of([(8, 8, 40, 40), (60, 50, 100, 90)], [0, 1]), truth_of([(20, 10, 90, 80)], [1])]
    losses = detection_losses(Answers(logits, torch.stack([boxes, other_boxes])), truths, GRID)
    mass, classification, regression = 0.0, 0.0, 0.0
    for n, (guess, truth) in enumerate(zip((boxes, other_boxes), truths, strict=True)):
        found = assign(logits[n].sigmoid(), guess, truth, GRID)
        mass += float(found.scores.sum())
        classification += float((quality_focal_loss(logits[n], found.scores) * found.weights).sum())
        for cell, goal in zip(found.positive, found.boxes, strict=True):
            giou = generalized_box_iou(guess[cell][None], goal[None]).item()
            regression += (1 - giou) * float(found.scores[cell].max())
    assert mass > 1
    assert losses.classification.item() == pytest.approx(classification / mass, rel=1e-4)
    assert losses.box.item() == pytest.approx(regression / mass, rel=1e-4)
    assert losses.total.item() == pytest.approx((classification + BOX_WEIGHT * regression) / mass, rel=1e-4)


def test_free_answers_learn_the_truth() -> None:
    truth = truth_of([(10, 8, 50, 60), (70, 40, 120, 90)], [0, 1])
    logits = torch.full((1, len(GRID.centres), 2), -3.0, requires_grad=True)
    reach = torch.full((1, len(GRID.centres), 4), math.log(2.0), requires_grad=True)
    optimizer = torch.optim.Adam([logits, reach], lr=0.1)
    totals = []
    for _ in range(150):
        distances = reach.exp() * GRID.strides[:, None]
        boxes = torch.cat([GRID.centres - distances[..., :2], GRID.centres + distances[..., 2:]], dim=-1)
        losses = detection_losses(Answers(logits, boxes), [truth], GRID)
        optimizer.zero_grad()
        losses.total.backward()
        optimizer.step()
        totals.append(losses.total.item())
    assert totals[-1] < 0.1 * totals[0]
    for goal, class_id in zip(truth.boxes, truth.class_ids, strict=True):
        best = logits[0, :, class_id].argmax()
        inside = logits[0, :, class_id].sigmoid() * pairwise_iou(goal[None], boxes[0].detach())[0]
        assert inside.max() > 0.7
        assert pairwise_iou(truth.boxes[int(class_id)][None], boxes[0, best][None].detach()).item() > 0.9


def test_an_unsure_object_asks_for_a_lower_score_and_counts_less() -> None:
    scores, boxes = answers_at(3)
    goal = [[8.0, 8.0, 40.0, 44.0]]
    sure, unsure = (assign(scores, boxes, truth_of(goal, [0], scores=[each]), GRID) for each in (1.0, 0.6))
    assert torch.equal(sure.positive, unsure.positive)
    assert torch.allclose(0.6 * sure.scores, unsure.scores)


def test_where_another_class_may_stand_its_score_is_free_but_not_the_objects_own() -> None:
    scores, boxes = answers_at(3)
    goals = [[8.0, 8.0, 40.0, 44.0]] * 3
    found = assign(scores, boxes, truth_of(goals, [0, 1, 0], difficult=[False, True, True]), GRID)
    assert len(found.positive)
    assert (found.weights[found.positive, 1] == 0).all()
    assert (found.weights[found.positive, 0] == 1).all()
