"""What an appearance network learns from: who is the same, and what a larger network finds alike."""

from __future__ import annotations

import torch
from torch.nn import functional

FARTHEST = 4.0  # more than any two unit vectors are apart


def batch_hard(vectors: torch.Tensor, identities: torch.Tensor, sources: torch.Tensor, margin: float) -> torch.Tensor:
    """The triplet loss of each anchor's hardest positive and hardest negative, their mean over anchors that have both.

    Hermans et al., "In defense of the triplet loss for person re-identification" (2017), equation 5, with a margin.
    vectors: unit, ``(N, D)``. identities, sources: ``(N,)``; only pairs of one source are compared, since nobody knows
    who in one is who in another.
    """
    apart = distances(vectors)
    same = identities[:, None] == identities[None, :]
    comparable = sources[:, None] == sources[None, :]
    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    positive, negative = same & ~itself, comparable & ~same
    farthest = torch.where(positive, apart, 0.0).amax(dim=1)
    nearest = torch.where(negative, apart, FARTHEST).amin(dim=1)
    valid = positive.any(dim=1) & negative.any(dim=1)
    losses = functional.relu(margin + farthest - nearest)[valid]
    return losses.mean() if valid.any() else vectors.sum() * 0.0


def distances(vectors: torch.Tensor) -> torch.Tensor:
    """Euclidean distances ``(N, N)`` of unit vectors ``(N, D)``."""
    return (2 - 2 * vectors @ vectors.T).clamp_min(1e-6).sqrt()  # the root has no gradient at 0


def relational(vectors: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """How much of the variation of the teacher's pairwise similarities the network's own do not explain.

    Similarities are cosines, as in Tung and Mori, "Similarity-preserving knowledge distillation" (2019), equation 3;
    but the teacher's are around the mean of the batch, since what all crops have in common says nothing, and the scale
    is such that 0 is perfect, 1 as good as calling all pairs equally alike. vectors, teacher: unit, ``(N, D)`` and
    ``(N, E)``.
    """
    different = ~torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    around = functional.normalize(teacher - teacher.mean(dim=0))
    mine, theirs = (vectors @ vectors.T)[different], (around @ around.T)[different]
    return functional.mse_loss(mine, theirs) / theirs.var().clamp_min(1e-6)
