"""Training a segmenter: what a step loses, and when the trunk joins in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import nn

from training.data.segmentation_feed import SegmentationFeed, SegmentedBatch
from training.loop.checkpoint import Checkpoint, Counters
from training.loop.loop import Loop, low_precision
from training.loop.mask_report import MaskReport
from training.loop.segmenter_plan import SegmenterPlan
from training.losses.masks import segmentation_losses
from training.networks.fcn import FCN


class SegmenterTrainer(Loop[FCN, SegmenterPlan, SegmentedBatch, MaskReport]):
    """Trains an FCN as planned; see `Loop`. Its running `average` is the result."""

    def __init__(
        self,
        network: FCN,
        plan: SegmenterPlan,
        feed: SegmentationFeed,
        validate: Callable[[FCN], float] | None = None,
        checkpoint: Path | None = None,
        device: str = "cpu",
    ) -> None:
        super().__init__(network, plan, validate, checkpoint, device)
        self.feed, self.phase_start = feed, 0
        self._release(plan.is_released(0.0))

    def resume(self, saved: Checkpoint[SegmenterPlan]) -> None:
        """Go on where a saved run stopped. Raises InputError when it is of another network."""
        super().resume(saved)
        self.phase_start = saved.counters.phase_start
        self._release(self.plan.is_released(self.progress))

    def _parameters(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        new = [*self.network.scores.parameters(), *self.network.enlarge.parameters()]
        return new, list(self.network.pyramid.parameters())

    def _counters(self) -> Counters:
        return Counters(self.step, self.step * self.plan.batch, self.phase_start, self.seconds)

    def _batches(self) -> Iterator[SegmentedBatch]:
        return self.feed.batches(self.step)

    def _rates(self) -> tuple[float, float]:
        return self.plan.rates(self.progress, self.step - self.phase_start)

    def _report(self, first: float, second: float, judged: float | None) -> MaskReport:
        return MaskReport(self.step, self.progress, self.seconds, first, second, judged)

    def _losses(self, batch: SegmentedBatch) -> tuple[torch.Tensor, torch.Tensor]:
        with low_precision(self.device):
            maps = self.network.features(batch.pictures.to(self.device))
        logits = self.network.answer([features.float() for features in maps])
        pixels, dice = segmentation_losses(logits, batch.classes.to(self.device))
        return pixels + self.plan.dice * dice, torch.stack([pixels, dice])

    def _enter_phase(self) -> None:
        if self.plan.is_released(self.progress) and not self._released:
            self._release(True)
            self.phase_start = self.step

    def _release(self, released: bool) -> None:
        self._released = released
        self.network.pyramid.set_trainable_layers(self.plan.trainable_layers if released else 0)
