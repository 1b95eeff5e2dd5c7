"""A run on disk: whole, or as it was before; and what is no run is refused in a line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("safetensors", reason="needs the extra `train`")

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from detectors import InputError
from training.loop import checkpoint
from training.loop.checkpoint import FORMAT, Counters, load_checkpoint, save_checkpoint, write_tensors
from training.loop.detector_plan import Plan

PLAN = Plan("lenet5", ("car", "cat"))
COUNTERS = Counters(step=5, samples=10, phase_start=2, seconds=3.5, best_score=0.25)


def trained(seed: int, width: int = 4) -> tuple[dict[str, nn.Module], torch.optim.Optimizer]:
    """Two small networks and an optimizer that has a past."""
    torch.manual_seed(seed)
    networks: dict[str, nn.Module] = {
        name: nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width)) for name in ("network", "average")
    }
    optimizer = torch.optim.AdamW([{"params": networks["network"].parameters()}], lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        networks["network"](torch.randn(2, 3, 8, 8)).square().sum().backward()
        optimizer.step()
    return networks, optimizer


def flat(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    state = optimizer.state_dict()["state"]
    return {f"{index}.{name}": torch.as_tensor(value) for index, row in state.items() for name, value in row.items()}


def test_a_run_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    networks, optimizer = trained(0)
    save_checkpoint(path, networks, optimizer, PLAN, COUNTERS)
    saved = load_checkpoint(path, Plan)
    assert (saved.plan, saved.counters, saved.path) == (PLAN, COUNTERS, path)
    others, other_optimizer = trained(1)
    saved.restore(others, other_optimizer)
    for name, network in networks.items():
        theirs = others[name].state_dict()
        assert all(torch.equal(theirs[key], value) for key, value in network.state_dict().items())
    mine, theirs = flat(optimizer), flat(other_optimizer)
    assert mine.keys() == theirs.keys()
    assert {"0.exp_avg", "0.exp_avg_sq", "0.step"} <= mine.keys()
    assert all(torch.equal(theirs[key], value) for key, value in mine.items())
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="has no such modes")
def test_a_file_may_be_read_by_whom_any_new_file_may(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        for _ in range(2):
            write_tensors(tmp_path / "a.checkpoint", {"a": torch.zeros(1)}, {})
    finally:
        os.umask(before)
    assert (tmp_path / "a.checkpoint").stat().st_mode & 0o777 == 0o640
    assert not list(tmp_path.glob("*.part"))


def test_the_file_holds_tensors_and_no_code(tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    save_checkpoint(path, *trained(0), PLAN, COUNTERS)
    with safe_open(path, framework="pt") as file:
        assert "network.0.weight" in set(file.keys())
        assert Plan.from_json(file.metadata()["plan"]) == PLAN
    with pytest.raises(Exception, match=r".+"):
        torch.load(path, weights_only=True)


def test_a_run_that_is_killed_while_saving_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.checkpoint"
    save_checkpoint(path, *trained(0), PLAN, COUNTERS)
    before = path.read_bytes()

    def killed(tensors: object, target: Path, metadata: object = None) -> None:
        Path(target).write_bytes(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "save_file", killed)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, *trained(1), PLAN, Counters(step=6))
    assert path.read_bytes() == before
    monkeypatch.undo()
    save_checkpoint(path, *trained(1), PLAN, Counters(step=6))
    assert load_checkpoint(path, Plan).counters.step == 6
    assert list(tmp_path.iterdir()) == [path]


def foreign(tmp_path: Path) -> dict[str, Path]:
    """Files that are no runs."""
    good = tmp_path / "good"
    save_checkpoint(good, *trained(0), PLAN, COUNTERS)
    files = {"junk": b"junk", "empty": b"", "cut off": good.read_bytes()[:-100], "header": good.read_bytes()[:200]}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    fine = {"format": FORMAT, "plan": PLAN.to_json(), "counters": "{}"}
    texts: dict[str, dict[str, str] | None] = {
        "without metadata": None,
        "another format": {**fine, "format": "of someone else"},
        "without plan": {key: text for key, text in fine.items() if key != "plan"},
        "strange plan": {**fine, "plan": "{}"},
        "strange counters": {**fine, "counters": json.dumps({"laps": 3})},
        "broken counters": {**fine, "counters": "{"},
    }
    for name, metadata in texts.items():
        save_file({"network.a": torch.zeros(3)}, tmp_path / name, metadata=metadata)
    return {name: tmp_path / name for name in [*files, *texts, "missing"]} | {"folder": tmp_path}


def test_what_is_no_run_is_one_clear_line(tmp_path: Path) -> None:
    for name, path in foreign(tmp_path).items():
        with pytest.raises(InputError, match="is no checkpoint") as caught:
            load_checkpoint(path, Plan)
        assert caught.value.what == str(path), name
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("names", [("network", "average"), ("network", "average", "best")])
def test_a_run_of_another_network_is_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    path = tmp_path / "run.checkpoint"
    save_checkpoint(path, *trained(0), PLAN, COUNTERS)
    others, optimizer = trained(1, width=4 if len(names) == 3 else 5)
    others |= {name: nn.Conv2d(1, 1, 1) for name in names[2:]}
    with pytest.raises(InputError, match="of another network"):
        load_checkpoint(path, Plan).restore(others, optimizer)
