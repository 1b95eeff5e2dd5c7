"""What an appearance network learns from: who is the same, and what a larger network finds alike."""

from __future__ import annotations

import torch
from torch import nn
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


class Memory(nn.Module):
    """Vectors of the last crops, the network's and the teacher's, with which each new crop is compared.

    A batch alone has few pairs. After Wang et al., "Cross-batch memory for embedding learning" (2020): a network that
    learns slowly still agrees with what it said a moment ago. A module, so that a checkpoint carries it.
    """

    SIZE = 2048
    vectors: torch.Tensor
    teacher: torch.Tensor
    filled: torch.Tensor

    def __init__(self, dimension: int, teacher_dimension: int) -> None:
        super().__init__()
        self.register_buffer("vectors", torch.zeros(self.SIZE, dimension))
        self.register_buffer("teacher", torch.zeros(self.SIZE, teacher_dimension))
        self.register_buffer("filled", torch.zeros((), dtype=torch.long))

    def push(self, vectors: torch.Tensor, teacher: torch.Tensor) -> None:
        """Remember unit vectors ``(N, D)`` and ``(N, E)``, and forget the oldest."""
        self.vectors = torch.cat([vectors.detach(), self.vectors])[: self.SIZE]
        self.teacher = torch.cat([teacher, self.teacher])[: self.SIZE]
        self.filled = (self.filled + len(vectors)).clamp_max(self.SIZE)

    def all(self) -> tuple[torch.Tensor, torch.Tensor]:
        """What is remembered, the latest first: ``(M, D)`` and ``(M, E)``."""
        count = int(self.filled)
        return self.vectors[:count], self.teacher[:count]


def relational(
    vectors: torch.Tensor, teacher: torch.Tensor, others: torch.Tensor, other_teacher: torch.Tensor
) -> torch.Tensor:
    """How much of the variation of the teacher's pairwise similarities the network's own do not explain.

    Similarities are cosines, as in Tung and Mori, "Similarity-preserving knowledge distillation" (2019), equation 3;
    but the teacher's are around the mean of all crops, since what they have in common says nothing, and the scale is
    such that 0 is perfect, 1 as good as calling all pairs equally alike. vectors ``(N, D)`` are compared with each
    other and with `others` ``(M, D)``; teacher, other_teacher: the same crops, ``(N, E)`` and ``(M, E)``; all unit.
    """
    everybody = torch.cat([vectors, others])
    known = torch.cat([teacher, other_teacher])
    known = functional.normalize(known - known.mean(dim=0))
    different = ~torch.eye(len(vectors), len(everybody), dtype=torch.bool, device=vectors.device)
    mine, theirs = (vectors @ everybody.T)[different], (known[: len(vectors)] @ known.T)[different]
    return functional.mse_loss(mine, theirs) / theirs.var().clamp_min(1e-6)
