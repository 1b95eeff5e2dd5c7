"""The command line from crops to an appearance network, and what it says when it cannot."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")
pytest.importorskip("onnx", reason="needs the extra `train`")
pytest.importorskip("pycocotools", reason="needs the extra `train`")

import onnx
import torch
import torchvision

from detectors.base import Frame
from tests import onnx_models
from tests.training.interruption import interrupted_after
from tests.training.people import dress, write_folders, write_pictures, write_sequence
from tracker.appearance.embedder import OnnxEmbedder
from training.__main__ import main
from training.commands.embedder import embed_with, parse, plan_of, train
from training.data.identities import load_crops
from training.data.views import Teacher, Variation, Views
from training.evaluation.holdout import HeldOut
from training.export import embedder
from training.export.embedder import export_embedding
from training.loop.checkpoint import load_checkpoint
from training.loop.detector_plan import Plan
from training.loop.embedder_plan import EmbeddingPlan
from training.loop.embedder_trainer import EmbeddingTrainer
from training.networks.embedding import DIMENSION, FROZEN, HEIGHT, WIDTH, Embedding, build

QUICK = EmbeddingPlan(batch=8, steps=4, averaging=0.9)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained classifier."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "trunk.pt"
    torch.save(torchvision.models.mobilenet_v2().state_dict(), path)
    return path


@pytest.fixture
def network(weights: Path) -> Embedding:
    torch.manual_seed(0)
    return build(str(weights))


def status_of(arguments: list[str]) -> int:
    try:
        return main(["embedder", *arguments])
    except SystemExit as stop:  # the parser's way
        return int(stop.code or 0)


def crops_for(network: Embedding) -> torch.Tensor:
    return torch.randn(5, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))


def test_vectors_have_unit_length_and_depend_on_what_is_where(network: Embedding) -> None:
    crops = crops_for(network)
    with torch.no_grad():
        vectors, upside_down = network.eval()(crops), network(crops.flip(2))
    assert vectors.shape == (5, DIMENSION)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(5), atol=1e-5)
    assert (vectors * upside_down).sum(dim=1).max() < 0.999


def test_the_beginning_of_the_trunk_stays_as_it_is(network: Embedding) -> None:
    trunk, head = network.parameter_groups()
    trained = {id(each) for each in (*trunk, *head)}
    named = dict(network.named_parameters())
    untouched = {name for name, each in named.items() if id(each) not in trained}
    assert untouched == {name for name in named if name.startswith("early.") and int(name.split(".")[1]) < FROZEN}
    assert all(each.requires_grad for each in (*trunk, *head))


def test_training_tells_apart_whom_it_has_not_seen(tmp_path: Path, network: Embedding) -> None:
    learn = load_crops([write_folders(tmp_path / "learn", range(0, 80, 2), each=3)])
    unseen = HeldOut(load_crops([write_folders(tmp_path / "unseen", range(1, 80, 4), each=3)]), Variation())
    before = unseen.judge(embed_with(network.eval()))[0].mean_ap
    plan = dataclasses.replace(QUICK, steps=25, batch=16, head_rate=0.01, trunk_rate=1e-3)
    views = Views(learn, 0, plan.batch, Variation(shift=0.03, stretch=0.03, colour=0.1, erase=0.0))
    trained = train(plan, network, views, tmp_path / "my.onnx")
    after = unseen.judge(embed_with(trained))[0].mean_ap
    assert after > before + 0.15, (before, after)


@pytest.fixture
def teacher(tmp_path: Path) -> Teacher:
    return Teacher(onnx_models.embedder(tmp_path / "teacher.onnx", np.eye(3), batch=1, size=(32, 16)))


def run(folder: Path, data: Path, weights: Path, teacher: Teacher, stop: int = 4, resume: bool = False) -> Path:
    """Train with a teacher up to a step; returns the checkpoint."""
    torch.manual_seed(0)
    saved = load_checkpoint(folder / "my.checkpoint", EmbeddingPlan) if resume else None
    views = Views(load_crops([data]), 0, QUICK.batch, Variation(), teacher, views=2)
    trainer = EmbeddingTrainer(build(str(weights)), QUICK, views, checkpoint=folder / "my.checkpoint")
    if saved:
        trainer.resume(saved)
    for report in trainer.run(report_every=1):
        if report.step == stop:
            break
    trainer.save()
    return folder / "my.checkpoint"


def test_a_run_repeats_exactly_and_so_does_one_that_was_interrupted(
    tmp_path: Path, weights: Path, teacher: Teacher
) -> None:
    data = write_folders(tmp_path / "data", range(8))
    checkpoints = []
    for name, stops in {"whole": [4], "again": [4], "broken": [2, 4]}.items():
        (tmp_path / name).mkdir()
        for number, stop in enumerate(stops):
            path = run(tmp_path / name, data, weights, teacher, stop, resume=number > 0)
        checkpoints.append(load_checkpoint(path, EmbeddingPlan))
    whole, *others = checkpoints
    assert whole.part("memory")["filled"] == 4 * QUICK.batch
    for other in others:
        assert other.counters.step == 4
        assert whole.tensors.keys() == other.tensors.keys()
        assert all(torch.equal(value, other.tensors[name]) for name, value in whole.tensors.items())


def test_crops_become_a_model_that_the_tracker_takes(
    tmp_path: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{frame},{who},{left},10,24,48,1,1,1" for frame in (1, 2, 3) for who, left in ((1, 10), (2, 60), (3, 110))]
    folders = write_folders(tmp_path / "folders", range(6))
    sequence = write_sequence(tmp_path / "sequence", rows, 3, ((1, 10, 10), (2, 60, 10), (3, 110, 10)))
    coco, output = write_pictures(tmp_path / "coco", 4), tmp_path / "my.onnx"
    model = onnx_models.embedder(tmp_path / "teacher.onnx", np.eye(3), batch=1, size=(32, 16))
    data = [str(folders), str(sequence), str(coco)]
    arguments = [*data, "-o", str(output), "--weights", str(weights), "--teacher", str(model), "--batch", "8"]
    assert status_of([*arguments, "--steps", "2"]) == 0
    out = capsys.readouterr().out
    assert "13 identities" in out, "4 of 6 and 3, and 6 of 8"
    assert "4 identities" in out
    for word in ("rank-1", "mAP", "AUC", "teacher", f"keeptrack VIDEO --appearance {output}"):
        assert word in out
    with output.with_suffix(".metrics.csv").open(newline="") as file:
        start, row = csv.DictReader(file)
    assert (start["step"], start["triplet_loss"], row["step"]) == ("0", "", "2")
    assert f"before: mAP {float(start['validation_map']):.3f}, after: mAP" in out
    assert 0 < float(row["validation_map"]) <= 1
    assert float(row["distillation_loss"]) > 0
    assert output.with_suffix(".curves.png").read_bytes().startswith(b"\x89PNG")
    embed = OnnxEmbedder(output, "cpu")
    vectors = embed(Frame(dress(3, np.random.default_rng(0), (60, 90)), 1, 0.0), np.array([[0.0, 0, 30, 90]] * 3))
    assert vectors.shape == (3, DIMENSION)
    metadata = embed._session.get_modelmeta().custom_metadata_map
    assert metadata["kind"] == "keeptrack appearance"
    assert json.loads(metadata["plan"])["steps"] == 2


def test_an_interrupted_run_goes_on(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "my.onnx"
    data = [str(write_folders(tmp_path / "data", range(8))), "-o", str(output)]
    go = EmbeddingTrainer.run

    monkeypatch.setattr(EmbeddingTrainer, "run", interrupted_after(1, go))
    assert status_of([*data, "--weights", str(weights), "--batch", "8", "--steps", "3", "--seed", "5"]) == 130
    assert "--resume" in capsys.readouterr().err
    assert not output.exists()
    monkeypatch.setattr(EmbeddingTrainer, "run", go)
    saved = output.with_suffix(".checkpoint")
    assert status_of([*data, "--resume", str(saved)]) == 0
    done = load_checkpoint(saved, EmbeddingPlan)
    assert (done.counters.step, done.plan.seed, done.plan.batch) == (3, 5, 8)
    assert output.is_file()


def test_the_export_says_what_the_network_says_for_any_number_of_crops(tmp_path: Path, network: Embedding) -> None:
    difference = export_embedding(network, tmp_path / "my.onnx", {"seed": "7"})
    assert difference < 1e-4
    crops = crops_for(network)
    with torch.no_grad():
        expected = network.eval()(crops).numpy()
    session = OnnxEmbedder(tmp_path / "my.onnx", "cpu")._session
    for rows in (slice(0, 1), slice(0, 5)):
        found = session.run(None, {"crops": crops[rows].numpy()})[0]
        assert (found * expected[rows]).sum(axis=1).min() > 0.999, "weights in half precision"
    model = onnx.load(tmp_path / "my.onnx")
    assert {each.key: each.value for each in model.metadata_props}["seed"] == "7"
    floats = sum(parameter.numel() * 4 for parameter in network.parameters())
    assert 0.4 * floats < (tmp_path / "my.onnx").stat().st_size < 0.6 * floats


def test_an_export_that_differs_is_not_written(
    tmp_path: Path, network: Embedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedder, "compare", lambda *_: float("nan"))
    with pytest.raises(ValueError, match="differs"):
        export_embedding(network, tmp_path / "my.onnx", {})
    assert not list(tmp_path.iterdir())


def test_the_command_line_makes_the_plan() -> None:
    plan = plan_of(parse(["a", "b", "--steps", "1000", "--seed", "9", "--batch", "32", "--distill", "3"]))
    assert (plan.steps, plan.seed, plan.batch, plan.distill, plan.judgements) == (1000, 9, 32, 3, 5)
    assert plan_of(parse(["a", "--minutes", "30"])).minutes == 30
    assert EmbeddingPlan.from_json(plan.to_json()) == plan


def test_plans_of_detectors_are_told_from_those_of_appearance_networks() -> None:
    with pytest.raises(ValueError, match="no plan for an appearance network"):
        EmbeddingPlan.from_json(Plan("lenet5", ("a",)).to_json())
    with pytest.raises(ValueError, match="no training plan"):
        Plan.from_json(EmbeddingPlan().to_json())


def test_rates_rise_and_fall() -> None:
    plan = EmbeddingPlan(steps=1000)
    rates = np.array([plan.rates(plan.progress(step, 0), step) for step in range(1000)])
    peak = rates[:, 0].argmax()
    assert 90 < peak < 110
    assert (np.diff(rates[: peak + 1], axis=0) > 0).all()
    assert (np.diff(rates[peak:], axis=0) < 0).all()
    assert (rates.max(axis=0) <= (plan.head_rate, plan.trunk_rate)).all()
    assert rates[-1].max() < 1e-6


FAULTS = {
    "no data": ([], "the following arguments are required"),
    "nothing there": (["nowhere"], "nowhere: no such folder"),
    "too few people": (["FEW"], "shows 3 identities, too few to hold some back"),
    "one crop": (["LONE"], "has one crop only"),
    "a crop that is no picture": (["BROKEN"], "is not a picture that can be read"),
    "no such teacher": (["DATA", "--teacher", "nowhere.onnx"], "nowhere.onnx: no such model file"),
    "nothing to learn from": (["DATA", "--triplet", "0"], "--triplet 0"),
    "a negative weight": (["DATA", "--distill", "-1"], "--distill -1"),
    "a small batch": (["DATA", "--batch", "4"], "--batch 4"),
    "no steps": (["DATA", "--steps", "0"], "--steps 0"),
    "a model that is there": (["DATA", "-o", "old.onnx"], "old.onnx: exists"),
    "a detector's checkpoint": (["DATA", "--resume", "BROKEN/1/0.png"], "is no checkpoint"),
    "weights of nothing": (["DATA", "--weights", "nowhere.pt"], "nowhere.pt"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_used_is_one_clear_line(
    tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, why = FAULTS[fault]
    monkeypatch.chdir(tmp_path)
    Path("old.onnx").write_bytes(b"old")
    write_folders(Path("DATA"), range(6))
    write_folders(Path("FEW"), range(3))
    write_folders(Path("LONE"), [4], each=1)
    for identity in range(4):
        Path("BROKEN", str(identity)).mkdir(parents=True)
        for number in range(2):
            Path("BROKEN", str(identity), f"{number}.png").write_bytes(b"no picture")
    assert status_of(arguments) in (1, 2)
    last = capsys.readouterr().err.splitlines()[-1]
    assert "error: " in last
    assert why in last
    assert [path.read_bytes() for path in tmp_path.glob("*.onnx")] == [b"old"]


def test_a_crop_is_normalised_as_the_tracker_does(tmp_path: Path) -> None:
    model = onnx_models.embedder(tmp_path / "colour.onnx", np.eye(3), size=(HEIGHT, WIDTH))
    picture = dress(5, np.random.default_rng(0), (WIDTH, HEIGHT))
    mine = Teacher(model)([picture])[0]
    tracker = OnnxEmbedder(model, "cpu")(Frame(picture, 1, 0.0), np.array([[0.0, 0, WIDTH, HEIGHT]]))[0]
    np.testing.assert_allclose(mine, tracker, atol=1e-5)
