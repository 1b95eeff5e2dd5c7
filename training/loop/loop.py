"""What every training run does: steps, the running average of the weights, reports, checkpoints that resume."""

from __future__ import annotations

import contextlib
import copy
import ctypes
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import nn

from training.loop.checkpoint import Checkpoint, Counters, save_checkpoint
from training.loop.layer_rates import RatedOptimizer
from training.loop.schedule import Scheduled
from training.networks.pyramid import make_steady

CLIP = 10.0  # largest norm of a step's gradient
SAVE_SECONDS = 120.0

Network = TypeVar("Network", bound=nn.Module)
Plan = TypeVar("Plan", bound=Scheduled)
Batch = TypeVar("Batch")
Report = TypeVar("Report")


class Loop(ABC, Generic[Network, Plan, Batch, Report]):
    """Trains a network as planned; `average`, of its weights over time, is what is judged and kept.

    new, trunk: the parameters that learn at the plan's two rates. validate: judges a network, higher is better; None to
    judge nothing. checkpoint: where the run is saved, every two minutes and at the end; None for nowhere. device: of
    torch. A kind of training says where its batches come from, what a step loses, and how it is reported.
    """

    def __init__(
        self,
        network: Network,
        plan: Plan,
        validate: Callable[[Network], float] | None,
        checkpoint: Path | None,
        device: str,
    ) -> None:
        self.plan, self.validate, self.checkpoint = plan, validate, checkpoint
        self.device = torch.device(device)
        self.network = network.to(self.device).to(memory_format=torch.channels_last)
        if self.device.type == "cpu":
            make_steady(self.network)
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.step, self.seconds = 0, 0.0
        self.best_score = -1.0  # judgement so far, below 0 for none
        self.activity = ""  # what is done beside the steps, for whoever watches
        self._step_began: float | None = None
        new, trunk = self._parameters()
        self.optimizer = RatedOptimizer(new, trunk, plan.weight_decay)

    @property
    def progress(self) -> float:
        """How much of the run is done, from 0 to 1."""
        return self.plan.progress(self.step, self.seconds)

    @property
    def live_progress(self) -> float:
        """The same at this moment, in the middle of a step: for a display in another thread."""
        began = self._step_began
        return self.plan.progress(self.step, self.seconds + (0.0 if began is None else time.monotonic() - began))

    def resume(self, saved: Checkpoint[Plan]) -> None:
        """Go on where a saved run stopped. Raises InputError when it is of another network."""
        saved.restore(self._networks(), self.optimizer.adam)
        self.step, self.seconds = saved.counters.step, saved.counters.seconds

    def run(self, report_every: int = 50) -> Iterator[Report]:
        """Train to the end; yields a report every so many steps, and whenever the running average was judged."""
        batches = self._batches()
        judged_shares = self._judged_shares(0.0)
        sums, count, last_saved = torch.zeros(2), 0, time.monotonic()
        self.activity = "reading the first pictures"
        while self.progress < 1:
            self._step_began = started = time.monotonic()
            sums += self._take_step(next(batches))
            count += 1
            self._step_began = None
            self.seconds += time.monotonic() - started
            self.activity = ""
            self._enter_phase()
            shares, judged = self._judged_shares(1e-9), None
            if shares > judged_shares:
                judged_shares, judged = shares, self._judge()
            if judged is not None or self.step % report_every == 0:
                first, second = (sums / count).tolist()
                yield self._report(first, second, judged)
                sums, count = torch.zeros(2), 0
            if time.monotonic() - last_saved > SAVE_SECONDS:
                self.save()
                last_saved = time.monotonic()
        self.save()

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        if self.checkpoint is not None:
            save_checkpoint(self.checkpoint, self._networks(), self.optimizer.adam, self.plan, self._counters())

    def _judged_shares(self, rounding: float) -> int:
        return int(self.progress * self.plan.judgements + rounding)

    def _take_step(self, batch: Batch) -> torch.Tensor:
        """One step; returns the two losses ``(2,)`` that are reported."""
        self.network.train()
        with self.optimizer.finding(self.network):
            total, shown = self._losses(batch)
        self.network.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimizer.step(*self._rates())
        self.step += 1
        follow(self.average, self.network, min(self.plan.averaging, (1 + self.step) / (10 + self.step)))
        return shown.detach().cpu()

    def _judge(self) -> float | None:
        """How good the running average is; None where nothing judges it."""
        if not self.validate:
            return None
        self.activity = "judging"
        score = self.validate(self.average)
        self.activity = ""
        if score >= self.best_score:
            self.best_score = score
            self._keep_best()
        return score

    def _keep_best(self) -> None:  # most runs keep the last one
        """Called when the running average was judged as good as any before."""

    def _enter_phase(self) -> None:  # most runs have one phase only
        """Called after each step: time to change what is trained."""

    def _networks(self) -> dict[str, nn.Module]:
        """All that a checkpoint holds, by name."""
        return {"network": self.network, "average": self.average, "layer_rates": self.optimizer.shares}

    @abstractmethod
    def _parameters(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """Those of new layers and those of the trunk."""

    @abstractmethod
    def _batches(self) -> Iterator[Batch]:
        """The batches from this step on."""

    @abstractmethod
    def _rates(self) -> tuple[float, float]:
        """The learning rates of this step, of new layers and of the trunk."""

    @abstractmethod
    def _losses(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """What to make small, and the two losses ``(2,)`` to report."""

    @abstractmethod
    def _counters(self) -> Counters:
        """How far the run is."""

    @abstractmethod
    def _report(self, first: float, second: float, judged: float | None) -> Report:
        """Where the run stands. first, second: the two losses, means since the last report."""


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
