"""Training an appearance network: what a step loses, by identities and by what a teacher finds alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from training.data.views import Batch, Views
from training.loop.checkpoint import Counters
from training.loop.embedder_plan import EmbeddingPlan
from training.loop.loop import Loop, low_precision
from training.losses.metric import Memory, batch_hard, relational
from training.networks.embedding import DIMENSION, Embedding


class EmbeddingReport(NamedTuple):
    """Where a run stands. Losses are means since the last report; `validation` is None where nothing was judged."""

    step: int
    progress: float
    seconds: float
    triplet_loss: float
    distillation_loss: float
    validation: float | None


class EmbeddingTrainer(Loop[Embedding, EmbeddingPlan, Batch, EmbeddingReport]):
    """Trains an appearance network as planned; see `Loop`. Its running `average` is the result."""

    def __init__(
        self,
        network: Embedding,
        plan: EmbeddingPlan,
        views: Views,
        validate: Callable[[Embedding], float] | None = None,
        checkpoint: Path | None = None,
        device: str = "cpu",
    ) -> None:
        super().__init__(network, plan, validate, checkpoint, device)
        self.views = views
        self.memory = Memory(DIMENSION, views.teacher.dimension).to(self.device) if views.teacher else None

    def _parameters(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        trunk, head = self.network.parameter_groups()
        return head, trunk

    def _networks(self) -> dict[str, nn.Module]:
        return super()._networks() | ({"memory": self.memory} if self.memory else {})

    def _counters(self) -> Counters:
        return Counters(self.step, self.step * self.plan.batch, 0, self.seconds)

    def _batches(self) -> Iterator[Batch]:
        return self.views.batches(self.step)

    def _rates(self) -> tuple[float, float]:
        return self.plan.rates(self.progress, self.step)

    def _report(self, first: float, second: float, judged: float | None) -> EmbeddingReport:
        return EmbeddingReport(self.step, self.progress, self.seconds, first, second, judged)

    def _losses(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        with low_precision(self.device):
            vectors = self.network(batch.crops.to(self.device))
        triplet, distillation = self._by_kind(vectors.float(), batch)
        total = self.plan.triplet * triplet + self.plan.distill * distillation
        return total, torch.stack([triplet, distillation])

    def _by_kind(self, vectors: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Triplet and distillation loss."""
        who, sources = batch.identities.to(self.device), batch.sources.to(self.device)
        triplet = batch_hard(vectors, who, sources, self.plan.margin)
        if batch.teacher is None or self.memory is None:
            return triplet, torch.zeros((), device=self.device)
        teacher = batch.teacher.to(self.device)
        distillation = relational(vectors, teacher, *self.memory.all())
        self.memory.push(vectors, teacher)
        return triplet, distillation
