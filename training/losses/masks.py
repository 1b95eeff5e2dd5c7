"""What a mask loses: cross-entropy pixel by pixel, and Dice over the whole of it.

Milletari et al., "V-Net" (2016), section 3, equation 1: the share that two masks have in common, which small objects
count in as much as large ones.
"""

from __future__ import annotations

import torch
from torch.nn import functional

IGNORED = 255
"""Of a pixel's class: nobody knows, so it counts neither as right nor as wrong."""


def mask_losses(logits: torch.Tensor, shares: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean cross-entropy and mean Dice loss. logits, shares: ``(N, h, w)``, shares in [0, 1] of what is covered."""
    entropy = functional.binary_cross_entropy_with_logits(logits, shares)
    return entropy, dice_loss(logits.sigmoid(), shares)


def dice_loss(probabilities: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """1 - the mean Dice coefficient of masks ``(N, h, w)``; two empty ones are alike."""
    common = (probabilities * shares).sum((1, 2))
    sizes = (probabilities.square() + shares.square()).sum((1, 2))
    return 1 - ((2 * common + 1) / (sizes + 1)).mean()


def segmentation_losses(logits: torch.Tensor, classes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean cross-entropy over pixels, and mean Dice loss over the classes that the pictures show.

    logits: ``(N, C, H, W)``. classes: ``(N, H, W)``, `IGNORED` where nobody knows.
    """
    known = classes != IGNORED
    entropy = functional.cross_entropy(logits, classes.long(), ignore_index=IGNORED)
    there = torch.unique(classes[known]).long()
    probabilities = logits.softmax(dim=1) * known[:, None]
    truth = classes[:, None] == there[None, :, None, None]
    by_class = probabilities[:, there].transpose(0, 1).flatten(2), truth.transpose(0, 1).flatten(2).float()
    return entropy, dice_loss(*by_class)
