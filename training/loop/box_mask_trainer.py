"""Training the box-to-mask network: what a step loses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import nn

from training.data.mask_crops import CropBatch, MaskCrops
from training.loop.box_mask_plan import BoxMaskPlan
from training.loop.checkpoint import Counters
from training.loop.loop import Loop, low_precision
from training.loop.mask_report import MaskReport
from training.losses.masks import mask_losses
from training.networks.box_masks import BoxMaskNetwork


class BoxMaskTrainer(Loop[BoxMaskNetwork, BoxMaskPlan, CropBatch, MaskReport]):
    """Trains a box-to-mask network as planned; see `Loop`. Its running `average` is the result."""

    def __init__(
        self,
        network: BoxMaskNetwork,
        plan: BoxMaskPlan,
        crops: MaskCrops,
        validate: Callable[[BoxMaskNetwork], float] | None = None,
        checkpoint: Path | None = None,
        device: str = "cpu",
    ) -> None:
        super().__init__(network, plan, validate, checkpoint, device)
        self.crops = crops

    def _parameters(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        trunk = list(self.network.pyramid.parameters())
        known = {id(parameter) for parameter in trunk}
        return [each for each in self.network.parameters() if id(each) not in known], trunk

    def _counters(self) -> Counters:
        return Counters(self.step, self.step * self.plan.batch, 0, self.seconds)

    def _batches(self) -> Iterator[CropBatch]:
        return self.crops.batches(self.step)

    def _rates(self) -> tuple[float, float]:
        return self.plan.rates(self.progress, self.step)

    def _report(self, first: float, second: float, judged: float | None) -> MaskReport:
        return MaskReport(self.step, self.progress, self.seconds, first, second, judged)

    def _losses(self, batch: CropBatch) -> tuple[torch.Tensor, torch.Tensor]:
        with low_precision(self.device):
            logits = self.network(batch.crops.to(self.device))
        pixels, dice = mask_losses(logits.float(), batch.shares.to(self.device))
        return pixels + self.plan.dice * dice, torch.stack([pixels, dice])
