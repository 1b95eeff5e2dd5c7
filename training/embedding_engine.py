"""The training loop of the appearance network: steps, the running average, checkpoints that resume."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from training.checkpoint import Checkpoint, Counters, save_checkpoint
from training.embedding import DIMENSION, Embedding
from training.embedding_plan import EmbeddingPlan
from training.engine import CLIP, SAVE_SECONDS, follow, low_precision
from training.metric_losses import Memory, batch_hard, relational
from training.pyramid import make_steady
from training.views import Batch, Views


class EmbeddingReport(NamedTuple):
    """Where a run stands. Losses are means since the last report; `validation` is None where nothing was judged."""

    step: int
    progress: float
    seconds: float
    triplet_loss: float
    distillation_loss: float
    validation: float | None


class EmbeddingTrainer:
    """Trains an appearance network as planned; `average`, of its weights over time, is the result.

    validate: judges a network, for the report. checkpoint: where the run is saved, every two minutes and at the end;
    None for nowhere. device: of torch.
    """

    def __init__(
        self,
        network: Embedding,
        plan: EmbeddingPlan,
        views: Views,
        validate: Callable[[Embedding], float] | None = None,
        checkpoint: Path | None = None,
        device: str = "cpu",
    ) -> None:
        self.plan, self.views, self.validate, self.checkpoint = plan, views, validate, checkpoint
        self.device = torch.device(device)
        self.network = network.to(self.device).to(memory_format=torch.channels_last)
        make_steady(self.network)
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.memory = Memory(DIMENSION, views.teacher.dimension).to(self.device) if views.teacher else None
        self.step, self.seconds = 0, 0.0
        trunk, head = self.network.parameter_groups()
        self.optimizer = torch.optim.AdamW(
            [{"params": head}, {"params": trunk}], lr=0.0, weight_decay=plan.weight_decay
        )

    @property
    def progress(self) -> float:
        """How much of the run is done, from 0 to 1."""
        return self.plan.progress(self.step, self.seconds)

    def resume(self, saved: Checkpoint[EmbeddingPlan]) -> None:
        """Go on where a saved run stopped. Raises InputError when it is of another network."""
        saved.restore(self._networks(), self.optimizer)
        self.step, self.seconds = saved.counters.step, saved.counters.seconds

    def _networks(self) -> dict[str, nn.Module]:
        networks: dict[str, nn.Module] = {"network": self.network, "average": self.average}
        return networks | ({"memory": self.memory} if self.memory else {})

    def run(self, report_every: int = 50) -> Iterator[EmbeddingReport]:
        """Train to the end; yields a report every so many steps, and whenever the running average was judged."""
        batches = self.views.batches(self.step)
        judged_shares = int(self.progress * self.plan.judgements)
        sums, count, last_saved = torch.zeros(2), 0, time.monotonic()
        while self.progress < 1:
            started = time.monotonic()
            sums += self._step(next(batches))
            count += 1
            self.seconds += time.monotonic() - started
            shares, judged = int(self.progress * self.plan.judgements + 1e-9), None
            if shares > judged_shares:
                judged_shares = shares
                judged = self.validate(self.average) if self.validate else None
            if judged is not None or self.step % report_every == 0:
                triplet, distillation = (sums / count).tolist()
                yield EmbeddingReport(self.step, self.progress, self.seconds, triplet, distillation, judged)
                sums, count = torch.zeros(2), 0
            if time.monotonic() - last_saved > SAVE_SECONDS:
                self.save()
                last_saved = time.monotonic()
        self.save()

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        if self.checkpoint is not None:
            counters = Counters(self.step, self.step * self.plan.batch, 0, self.seconds)
            save_checkpoint(self.checkpoint, self._networks(), self.optimizer, self.plan, counters)

    def _step(self, batch: Batch) -> torch.Tensor:
        """One step; returns its triplet and distillation loss ``(2,)``."""
        for group, rate in zip(self.optimizer.param_groups, self.plan.rates(self.progress, self.step), strict=True):
            group["lr"] = rate
        self.network.train()
        with low_precision(self.device):
            vectors = self.network(batch.crops.to(self.device))
        triplet, distillation = self._losses(vectors.float(), batch)
        total = self.plan.triplet * triplet + self.plan.distill * distillation
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimizer.step()
        self.step += 1
        follow(self.average, self.network, min(self.plan.averaging, (1 + self.step) / (10 + self.step)))
        return torch.stack([triplet, distillation]).detach().cpu()

    def _losses(self, vectors: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        who, sources = batch.identities.to(self.device), batch.sources.to(self.device)
        triplet = batch_hard(vectors, who, sources, self.plan.margin)
        if batch.teacher is None or self.memory is None:
            return triplet, torch.zeros((), device=self.device)
        teacher = batch.teacher.to(self.device)
        distillation = relational(vectors, teacher, *self.memory.all())
        self.memory.push(vectors, teacher)
        return triplet, distillation
