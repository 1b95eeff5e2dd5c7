"""Training a detector: what a step loses, when the trunk joins in, and the best network so far."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from training.data.augment import Augmentation
from training.data.feed import Batch, BatchSource
from training.loop.checkpoint import Checkpoint, Counters
from training.loop.detector_plan import Plan
from training.loop.loop import Loop, low_precision
from training.losses.detection import Truth, detection_losses
from training.losses.holding import holding_loss
from training.networks.detection import DetectionNetwork
from training.networks.grid import Answers, Grid, make_grid


class Report(NamedTuple):
    """Where a run stands. Losses are means since the last report; `validation` is None where nothing was judged."""

    step: int
    progress: float
    seconds: float
    classification_loss: float
    box_loss: float
    validation: float | None


class Start(NamedTuple):
    """What a run started from, which it is held to. known: ``(K,)`` places of the classes that it knows."""

    network: DetectionNetwork
    known: torch.Tensor


class Trainer(Loop[DetectionNetwork, Plan, Batch, Report]):
    """Trains a detection network as planned, and keeps the `best` of its running averages; see `Loop`.

    validate: None to keep the last one. start: needed where the plan holds on to it.
    """

    def __init__(
        self,
        network: DetectionNetwork,
        plan: Plan,
        feed: BatchSource,
        validate: Callable[[DetectionNetwork], float] | None = None,
        checkpoint: Path | None = None,
        device: str = "cpu",
        start: Start | None = None,
    ) -> None:
        super().__init__(network, plan, validate, checkpoint, device)
        self.feed = feed
        self._start = start if plan.hold_start else None
        if self._start:
            self._start.network.to(self.device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
        self.best = copy.deepcopy(self.average)
        self.samples, self.phase_start = 0, 0
        self._planned = 0  # steps whose batches were ordered
        self._release(self.plan.is_released(0.0))

    def resume(self, saved: Checkpoint[Plan]) -> None:
        """Go on where a saved run stopped. Raises InputError when it is of another network."""
        super().resume(saved)
        counters = saved.counters
        self.samples, self.phase_start, self.best_score = counters.samples, counters.phase_start, counters.best_score
        self._release(self.plan.is_released(self.progress))

    def _parameters(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        new = [*self.network.neck.parameters(), *self.network.head.parameters()]
        return new, list(self.network.pyramid.parameters())

    def _networks(self) -> dict[str, nn.Module]:
        return super()._networks() | {"best": self.best}

    def _counters(self) -> Counters:
        return Counters(self.step, self.samples, self.phase_start, self.seconds, self.best_score)

    def _batches(self) -> Iterator[Batch]:
        self._planned = self.step
        return self.feed.batches(self.samples, self._next_batch)

    def _next_batch(self) -> tuple[int, Augmentation]:
        progress = self.plan.progress(self._planned, self.seconds)
        self._planned += 1
        return self.plan.batch_size(progress), self.plan.augmentation(progress)

    def _rates(self) -> tuple[float, float]:
        return self.plan.rates(self.progress, self.step - self.phase_start)

    def _losses(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        truths = [Truth(*(column.to(self.device) for column in truth)) for truth in batch.truths]
        grid = make_grid(batch.side, batch.side, self.device)
        with low_precision(self.device):
            answers = self._answers(self.network, batch, grid)
        losses = detection_losses(answers, truths, grid)
        total = losses.total
        if self._start:
            with low_precision(self.device), torch.no_grad():
                before = self._answers(self._start.network, batch, grid)
            total = total + self.plan.hold_start * holding_loss(answers, before, losses.targets, self._start.known)
        self.samples += len(truths)
        return total, torch.stack([losses.classification, losses.box])

    def _answers(self, network: DetectionNetwork, batch: Batch, grid: Grid) -> Answers:
        """What a network says of a batch: of its pictures, or of the maps of a trunk that nobody trains."""
        if isinstance(batch.pictures, torch.Tensor):
            return network.answer(network.features(batch.pictures.to(self.device, non_blocking=True)), grid)
        return network.answer([features.to(self.device) for features in batch.pictures], grid)

    def _report(self, first: float, second: float, judged: float | None) -> Report:
        return Report(self.step, self.progress, self.seconds, first, second, judged)

    def _keep_best(self) -> None:
        self.best.load_state_dict(self.average.state_dict())

    def _enter_phase(self) -> None:
        if self.plan.is_released(self.progress) and not self._released:
            self._release(True)
            self.phase_start = self.step

    def _release(self, released: bool) -> None:
        self._released = released
        self.network.pyramid.set_trainable_layers(self.plan.trainable_layers if released else 0)
