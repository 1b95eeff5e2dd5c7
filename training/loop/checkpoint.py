"""A training run on disk: all its tensors and its plan in one safetensors file, which cannot carry code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from detectors.errors import InputError, refusing
from training.loop.schedule import Scheduled

FORMAT = "keeptrack training run 1"


P = TypeVar("P", bound=Scheduled)


@dataclass(frozen=True)
class Counters:
    """Where a run stands. samples: drawn so far. phase_start: the step at which the trunk was frozen or released."""

    step: int = 0
    samples: int = 0
    phase_start: int = 0
    seconds: float = 0.0
    best_score: float = -1.0


@dataclass(frozen=True, eq=False)
class Checkpoint(Generic[P]):
    """A saved run. tensors: by name, of its networks and its optimizer."""

    path: Path
    tensors: Mapping[str, torch.Tensor]
    plan: P
    counters: Counters

    def restore(self, networks: Mapping[str, nn.Module], optimizer: torch.optim.Optimizer | None = None) -> None:
        """Put the tensors back where they came from. Raises InputError when they do not fit."""
        try:
            for name, network in networks.items():
                network.load_state_dict(self.part(name))
        except RuntimeError as error:
            raise InputError(self.path, f"is of another network: {str(error)[:120]}", "start anew") from None
        if optimizer is None:
            return
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in self.part("optimizer").items():
            index, name = key.split(".", 1)
            state.setdefault(int(index), {})[name] = value
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})

    def part(self, name: str) -> dict[str, torch.Tensor]:
        """The tensors of one part, by their names in it."""
        start = f"{name}."
        return {key[len(start) :]: value for key, value in self.tensors.items() if key.startswith(start)}


def save_checkpoint(
    path: Path,
    networks: Mapping[str, nn.Module],
    optimizer: torch.optim.Optimizer,
    plan: Scheduled,
    counters: Counters,
) -> None:
    """Write a run, replacing an older one only when all is written."""
    tensors = {f"{part}.{key}": value for part, net in networks.items() for key, value in net.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in state.items()}
    metadata = {"format": FORMAT, "plan": plan.to_json(), "counters": json.dumps(asdict(counters))}
    write_tensors(path, tensors, metadata)


def load_checkpoint(path: Path, kind: type[P]) -> Checkpoint[P]:
    """The run saved in `path`, whose plan is of this kind. Raises InputError when there is none."""
    with refusing(path, "is no checkpoint", "check the path, or start without --resume"):
        tensors, metadata = read_tensors(path)
        if metadata.get("format") != FORMAT:
            raise ValueError("it was not written by a training run")
        counters = Counters(**json.loads(metadata["counters"]))
        return Checkpoint(path, tensors, kind.from_json(metadata["plan"]), counters)


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor], metadata: dict[str, str]) -> None:
    """Write a safetensors file, replacing an older one only when all is written."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    part.touch()
    mode = part.stat().st_mode  # of any new file here; the library's own is for its owner alone
    save_file({key: value.cpu().contiguous() for key, value in tensors.items()}, part, metadata=metadata)
    part.chmod(mode)
    part.replace(path)


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The tensors and the metadata of a safetensors file. Raises OSError or SafetensorError."""
    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  # it is no dict
        return tensors, file.metadata() or {}
