"""What a detection network learns from: which cells answer for which object, and how wrong they are.

Task-aligned assignment (Feng et al., "TOOD: Task-aligned one-stage object detection", 2021, section 3.2): the cells
that already answer best for an object, by score and by overlap, are the ones that learn it. Their target is P(object) x
IoU, learnt with the quality focal loss (Li et al., "Generalized focal loss", 2020, equation 2); boxes learn by
generalised IoU (Rezatofighi et al. 2019).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.nn import functional

from training.networks.grid import Answers, Grid

CANDIDATES = 13  # cells an object, at most; alpha and beta as in TOOD's best row
ALPHA = 1.0
BETA = 6.0
BOX_WEIGHT = 2.0
SMALLEST = 8.0  # pixels: a smaller object is looked for as if it were so large, or no cell might lie inside


class Truth(NamedTuple):
    """What one picture of a batch shows, in its pixels.

    boxes: ``(G, 4)`` xyxy. class_ids: ``(G,)``. difficult: ``(G,)`` neither a hit nor a miss. scores: ``(G,)``
    how sure it is that there is an object. region_boxes: ``(R, 4)``
    and region_labels ``(R, C)``: the classes that were looked for in each part of the picture.
    """

    boxes: torch.Tensor
    class_ids: torch.Tensor
    difficult: torch.Tensor
    scores: torch.Tensor
    region_boxes: torch.Tensor
    region_labels: torch.Tensor


class Assignment(NamedTuple):
    """Targets of one picture. scores: ``(cells, C)``. weights: ``(cells, C)`` 0 where an answer is neither right nor
    wrong. positive: ``(P,)`` cells that answer for an object. boxes: ``(P, 4)`` what they should say.
    """

    scores: torch.Tensor
    weights: torch.Tensor
    positive: torch.Tensor
    boxes: torch.Tensor


class Losses(NamedTuple):
    """Mean losses of a batch; `total` is what is minimised. targets: ``(N, cells, C)`` scores that were asked for."""

    total: torch.Tensor
    classification: torch.Tensor
    box: torch.Tensor
    targets: torch.Tensor


def detection_losses(answers: Answers, truths: list[Truth], grid: Grid) -> Losses:
    """The losses of a batch of answers."""
    assignments = [
        assign(answers.logits[n].detach().sigmoid(), answers.boxes[n].detach(), truth, grid)
        for n, truth in enumerate(truths)
    ]
    targets = torch.stack([each.scores for each in assignments])
    weights = torch.stack([each.weights for each in assignments])
    mass = targets.sum().clamp(min=1.0)
    classification = (quality_focal_loss(answers.logits, targets) * weights).sum() / mass
    found = torch.cat([answers.boxes[n, each.positive] for n, each in enumerate(assignments)])
    true = torch.cat([each.boxes for each in assignments])
    quality = torch.cat([each.scores[each.positive].amax(dim=1) for each in assignments])
    box = ((1 - generalised_iou(found, true)) * quality).sum() / mass
    return Losses(classification + BOX_WEIGHT * box, classification.detach(), box.detach(), targets)


@torch.no_grad()
def assign(scores: torch.Tensor, boxes: torch.Tensor, truth: Truth, grid: Grid) -> Assignment:
    """Which cells of one picture answer for which object. scores: ``(cells, C)``. boxes: ``(cells, 4)``."""
    targets = torch.zeros_like(scores)
    weights = _looked_for(truth, grid)
    clear = ~truth.difficult
    goals, class_ids = truth.boxes[clear], truth.class_ids[clear]
    unclear = _inside(grid.centres, truth.boxes[truth.difficult]).nonzero()
    unclear[:, 0] = truth.class_ids[truth.difficult][unclear[:, 0]]
    if not len(goals):
        weights[unclear[:, 1], unclear[:, 0]] = 0
        return Assignment(targets, weights, torch.zeros(0, dtype=torch.long, device=scores.device), goals)
    overlap = pairwise_iou(goals, boxes)
    alignment = scores[:, class_ids].T ** ALPHA * overlap**BETA
    inside = _inside(grid.centres, goals)
    best = (alignment + 1e-12) * inside  # so that cells inside count before any box overlaps
    count = min(CANDIDATES, best.shape[1])
    chosen = torch.zeros_like(inside).scatter_(1, best.topk(count, dim=1).indices, True) & inside
    owner = torch.where(chosen, overlap, -1.0).argmax(dim=0)  # a cell between two objects takes the one it fits better
    chosen &= torch.arange(len(goals), device=owner.device)[:, None] == owner
    alignment = alignment * chosen
    peak = alignment.amax(dim=1, keepdim=True).clamp(min=1e-12)
    quality = (alignment / peak * (overlap * chosen).amax(dim=1, keepdim=True)).amax(dim=0)
    positive = chosen.any(dim=0).nonzero().squeeze(1)
    owner = owner[positive]
    targets[positive, class_ids[owner]] = quality[positive] * truth.scores[clear][owner]
    weights[positive] = 1  # what stands here is known, so it is known to be nothing else,
    weights[unclear[:, 1], unclear[:, 0]] = 0  # but for what it may well be
    weights[positive, class_ids[owner]] = 1
    return Assignment(targets, weights, positive, goals[owner])


def _looked_for(truth: Truth, grid: Grid) -> torch.Tensor:
    """Weights ``(cells, C)``: 0 where a class may be present without a box."""
    weights = torch.ones(len(grid.centres), truth.region_labels.shape[1], device=grid.centres.device)
    for box, labels in zip(truth.region_boxes, truth.region_labels, strict=True):
        x, y = grid.centres.unbind(dim=1)
        inside = (x >= box[0]) & (y >= box[1]) & (x < box[2]) & (y < box[3])
        weights[inside] = labels.to(weights.dtype)
    return weights


def _inside(centres: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """Which cells ``(G, cells)`` have their centre in which box, small boxes taken as SMALLEST pixels wide and high."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = ((boxes[:, 2:] - boxes[:, :2]) / 2).clamp(min=SMALLEST / 2)
    return ((centres[None] - middle[:, None]).abs() < half[:, None] + 1e-3).all(dim=2)


def quality_focal_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy against soft targets, weighed by the squared distance to them; same shape."""
    entropy = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return entropy * (targets - logits.sigmoid()).square()


def pairwise_iou(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """IoU ``(N, M)`` of xyxy boxes ``(N, 4)`` and ``(M, 4)``."""
    low = torch.maximum(a[:, None, :2], b[None, :, :2])
    high = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    overlap = (high - low).clamp(min=0).prod(dim=2)
    union = _area(a)[:, None] + _area(b)[None] - overlap
    return overlap / union.clamp(min=1e-9)


def generalised_iou(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Generalised IoU ``(N,)`` in [-1, 1] of the n-th boxes of two lists ``(N, 4)`` of xyxy."""
    overlap = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0).prod(dim=1)
    union = _area(a) + _area(b) - overlap
    hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(dim=1)
    return overlap / union.clamp(min=1e-9) - (hull - union) / hull.clamp(min=1e-9)


def _area(boxes: torch.Tensor) -> torch.Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(dim=1)
