"""What holds a network to its start while it learns (Li and Hoiem, "Learning without forgetting", 2016).

Both look at the same pictures. Where the labels tell nothing new, scores and boxes are to stay what they were; where
they show an object of which the start is less sure, the labels alone count.
"""

from __future__ import annotations

import torch

from training.losses.detection import generalised_iou, quality_focal_loss
from training.networks.grid import Answers

NEWS = 0.15  # by which a target is above the start's score, so that it alone counts
SEEN = 0.05  # scores of the start from which there may be something
SURE = 0.2  # and from which its box is worth keeping


def holding_loss(answers: Answers, start: Answers, targets: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """How far the answers have moved from those of the start.

    targets: ``(N, cells, C)`` what the labels ask for. known: ``(K,)`` places of the classes that the start knows.
    """
    belief = start.logits.sigmoid()[..., known]
    nothing_new = targets[..., known] < belief + NEWS
    drift = quality_focal_loss(answers.logits[..., known], belief) * nothing_new
    scores = drift.sum() / belief[belief > SEEN].sum().clamp(min=1.0)
    surest = belief.amax(dim=2)
    sure = surest > SURE
    apart = (1 - generalised_iou(answers.boxes[sure], start.boxes[sure])) * surest[sure]
    return scores + apart.sum() / surest[sure].sum().clamp(min=1.0)
