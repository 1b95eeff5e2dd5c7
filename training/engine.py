"""The training loop: steps, the running average of the weights, checkpoints that resume, the best kept."""

from __future__ import annotations

import contextlib
import copy
import ctypes
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from training.augment import Augmentation
from training.checkpoint import Checkpoint, Counters, save_checkpoint
from training.detection import DetectionNetwork, make_grid
from training.feed import Batch, BatchSource
from training.losses import Truth, detection_losses
from training.plan import Plan
from training.pyramid import make_steady

CLIP = 10.0  # largest norm of a step's gradient
SAVE_SECONDS = 120.0


class Report(NamedTuple):
    """Where a run stands. Losses are means since the last report; `validation` is None where nothing was judged."""

    step: int
    progress: float
    seconds: float
    classification_loss: float
    box_loss: float
    validation: float | None


class Trainer:
    """Trains a detection network as planned.

    validate: judges a network, higher is better; None to keep the last. checkpoint: where the run is saved, every two
    minutes and at the end; None for nowhere. device: of torch.
    """

    def __init__(
        self,
        network: DetectionNetwork,
        plan: Plan,
        feed: BatchSource,
        validate: Callable[[DetectionNetwork], float] | None = None,
        checkpoint: Path | None = None,
        device: str = "cpu",
    ) -> None:
        self.plan, self.feed, self.validate, self.checkpoint = plan, feed, validate, checkpoint
        self.device = torch.device(device)
        self.network = network.to(self.device).to(memory_format=torch.channels_last)
        make_steady(self.network)
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.best = copy.deepcopy(self.average)
        self.best_score = -1.0
        self.step, self.seconds, self.samples, self.phase_start = 0, 0.0, 0, 0
        self._planned = 0  # steps whose batches were ordered
        trunk = list(self.network.pyramid.parameters())
        new = [*self.network.neck.parameters(), *self.network.head.parameters()]
        groups = [{"params": new}, {"params": trunk}]
        self.optimizer = torch.optim.AdamW(groups, lr=0.0, weight_decay=plan.weight_decay)
        self._release(self.plan.is_released(0.0))

    @property
    def progress(self) -> float:
        """How much of the run is done, from 0 to 1."""
        return self.plan.progress(self.step, self.seconds)

    def resume(self, saved: Checkpoint[Plan]) -> None:
        """Go on where a saved run stopped. Raises InputError when it is of another network."""
        saved.restore(self._networks(), self.optimizer)
        counters = saved.counters
        self.step, self.samples, self.phase_start = counters.step, counters.samples, counters.phase_start
        self.seconds, self.best_score = counters.seconds, counters.best_score
        self._release(self.plan.is_released(self.progress))

    def _networks(self) -> dict[str, nn.Module]:
        return {"network": self.network, "average": self.average, "best": self.best}

    def run(self, report_every: int = 50) -> Iterator[Report]:
        """Train to the end; yields a report every so many steps, and whenever the running average was judged."""
        self._planned = self.step
        batches = self.feed.batches(self.samples, self._next_batch)
        judged_shares = int(self.progress * self.plan.judgements)
        sums, count, last_saved = torch.zeros(2), 0, time.monotonic()
        while self.progress < 1:
            started = time.monotonic()
            sums += self._step(next(batches))
            count += 1
            self.seconds += time.monotonic() - started
            if self.plan.is_released(self.progress) and not self._released:
                self._release(True)
                self.phase_start = self.step
            judged = None
            if int(self.progress * self.plan.judgements + 1e-9) > judged_shares:
                judged_shares = int(self.progress * self.plan.judgements + 1e-9)
                judged = self._judge()
            if judged is not None or self.step % report_every == 0:
                classification, box = (sums / count).tolist()
                yield Report(self.step, self.progress, self.seconds, classification, box, judged)
                sums, count = torch.zeros(2), 0
            if time.monotonic() - last_saved > SAVE_SECONDS:
                self.save()
                last_saved = time.monotonic()
        self.save()

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        if self.checkpoint is not None:
            counters = Counters(self.step, self.samples, self.phase_start, self.seconds, self.best_score)
            save_checkpoint(self.checkpoint, self._networks(), self.optimizer, self.plan, counters)

    def _next_batch(self) -> tuple[int, Augmentation]:
        progress = self.plan.progress(self._planned, self.seconds)
        self._planned += 1
        return self.plan.batch_size(progress), self.plan.augmentation(progress)

    def _step(self, batch: Batch) -> torch.Tensor:
        """One step; returns its classification and box loss ``(2,)``."""
        rates = self.plan.rates(self.progress, self.step - self.phase_start)
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self.network.train()
        truths = [Truth(*(column.to(self.device) for column in truth)) for truth in batch.truths]
        grid = make_grid(batch.side, batch.side, self.device)
        with low_precision(self.device):
            answers = self.network.answer(self._maps(batch), grid)
        losses = detection_losses(answers, truths, grid)
        self.optimizer.zero_grad(set_to_none=True)
        losses.total.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimizer.step()
        self.step += 1
        self.samples += len(truths)
        follow(self.average, self.network, min(self.plan.averaging, (1 + self.step) / (10 + self.step)))
        return torch.stack([losses.classification, losses.box]).cpu()

    def _maps(self, batch: Batch) -> list[torch.Tensor]:
        if isinstance(batch.pictures, torch.Tensor):
            return self.network.features(batch.pictures.to(self.device, non_blocking=True))
        return [features.to(self.device) for features in batch.pictures]

    def _judge(self) -> float | None:
        if self.validate is None:
            return None
        score = self.validate(self.average)
        if score >= self.best_score:
            self.best_score = score
            self.best.load_state_dict(self.average.state_dict())
        return score

    def _release(self, released: bool) -> None:
        self._released = released
        self.network.pyramid.set_trainable_layers(self.plan.trainable_layers if released else 0)


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, keep: float) -> None:
    """Move a running average of weights towards a network's, keeping so much of it."""
    for mine, theirs in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mine.is_floating_point():
            mine.lerp_(theirs, 1 - keep)
        else:
            mine.copy_(theirs)


def low_precision(device: torch.device) -> torch.autocast:
    """bfloat16 for what gains by it, where the device computes with it; otherwise nothing changes."""
    if device.type == "cuda":
        return torch.autocast("cuda", torch.bfloat16, enabled=torch.cuda.is_bf16_supported())
    native = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
    return torch.autocast(device.type, torch.bfloat16, enabled=bool(native))


def keep_buffers() -> None:
    """Let the C library keep large buffers between steps: giving them back and faulting them in costs a fifth."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):  # another C library
        library = ctypes.CDLL("libc.so.6")
        library.mallopt(-3, 1 << 30)  # M_MMAP_THRESHOLD
        library.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD
