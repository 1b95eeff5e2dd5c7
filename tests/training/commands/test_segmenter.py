"""The command line from pictures with masks to a segmenter, and what it says when it cannot."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")
pytest.importorskip("onnx", reason="needs the extra `train`")
pytest.importorskip("pycocotools", reason="needs the extra `train`")

import torch

from detectors.segmenter import Segmenter
from tests.training.interruption import interrupted_after
from tests.training.pictures import small_network
from tests.training.silhouettes import NAMES, SIZE, write_coco, write_indices, write_yolo
from training.__main__ import main
from training.commands.segmenter import build, parse, plan_of, predict, starting_trunk
from training.data.segmentation import load_segmentation, read_picture
from training.data.segmentation_feed import SegmentationFeed
from training.evaluation.mean_iou import evaluate
from training.export.segmenter import export_segmenter
from training.loop.checkpoint import load_checkpoint
from training.loop.detector_plan import Plan
from training.loop.segmenter_plan import SegmenterPlan
from training.loop.segmenter_trainer import SegmenterTrainer
from training.loop.transfer import load_weights, save_weights
from training.networks.fcn import FCN

SMALL = ["--imgsz", str(SIZE), "--batch", "4"]


def status_of(arguments: list[str]) -> int:
    try:
        return main(["segmenter", *arguments])
    except SystemExit as stop:  # the parser's way
        return int(stop.code or 0)


def network_of(finest: int = 8) -> FCN:
    torch.manual_seed(0)
    return build(SegmenterPlan("yolox_nano", NAMES, finest), load_weights("sliding"), None).eval()


def test_pictures_become_a_segmenter_that_knows_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, output = write_coco(tmp_path / "data", 12), tmp_path / "my.onnx"
    names = tmp_path / "val.txt"
    names.write_text("1.png\n5.png\n9.png\n")
    arguments = [str(data), "-o", str(output), "--validation", str(names), *SMALL, "--steps", "150"]
    assert status_of(arguments) == 0
    told = capsys.readouterr().out
    assert "9 pictures to learn from, 3 to judge by" in told
    held = load_segmentation(data).only(["1.png", "5.png", "9.png"])
    segment = Segmenter(output)
    found = evaluate(segment, held.images, NAMES)
    assert found["mean"] > 0.45, found
    for name, iou in found.items():
        assert any(line.split() == [name, f"{iou:.3f}"] for line in told.splitlines()), name
    assert dict(segment.class_names) == dict(enumerate(NAMES))
    for suffix in (".found.jpg", ".metrics.csv", ".curves.png", ".checkpoint"):
        assert output.with_suffix(suffix).stat().st_size > 40
    with output.with_suffix(".metrics.csv").open(newline="") as file:
        assert float(list(csv.DictReader(file))[-1]["validation_miou"]) == pytest.approx(found["mean"], abs=0.02)
    larger = segment(np.zeros((150, 300, 3), np.uint8))
    assert larger.shape == (150, 300)
    assert larger.dtype == np.uint8


@pytest.mark.parametrize("finest", [32, 16, 8])
def test_the_export_says_what_the_network_says(finest: int, tmp_path: Path) -> None:
    network = network_of(finest)
    assert export_segmenter(network, NAMES, SIZE, tmp_path / "my.onnx", {"seed": "7"}) < 1e-3
    (image, *_) = load_segmentation(write_yolo(tmp_path / "data", 1)).images
    picture = read_picture(image.path)[:70]
    assert (predict(network, picture, SIZE) == Segmenter(tmp_path / "my.onnx")(picture)).mean() > 0.98


def test_the_trunk_waits_for_the_new_layers(tmp_path: Path) -> None:
    dataset = load_segmentation(write_indices(tmp_path / "data", 2))
    plan = SegmenterPlan("yolox_nano", NAMES, steps=4, batch=2, side=64, long_side=64, frozen_share=0.5)
    trainer = SegmenterTrainer(network_of(), plan, SegmentationFeed(dataset, 0, 2, plan.augmentation()))
    before = {name: value.clone() for name, value in trainer.network.state_dict().items()}
    changed = []
    for _ in trainer.run(report_every=1):
        now = trainer.network.state_dict()
        changed.append({name.split(".")[0] for name, value in now.items() if not torch.equal(value, before[name])})
    assert changed[0] <= {"scores", "enlarge"}
    assert "scores" in changed[0]
    assert "pyramid" not in changed[1]
    assert "pyramid" in changed[3]
    assert all("last" not in each for each in changed)


def test_a_run_repeats_exactly_and_so_does_one_that_was_interrupted(tmp_path: Path) -> None:
    dataset = load_segmentation(write_indices(tmp_path / "data", 2))
    plan = SegmenterPlan("yolox_nano", NAMES, steps=3, batch=2, side=64, long_side=64, frozen_share=0.3)
    checkpoints = []
    for name, stops in {"whole": [3], "broken": [2, 3]}.items():
        path = tmp_path / f"{name}.checkpoint"
        for number, stop in enumerate(stops):
            feed = SegmentationFeed(dataset, 0, 2, plan.augmentation())
            trainer = SegmenterTrainer(network_of(), plan, feed, checkpoint=path)
            if number:
                trainer.resume(load_checkpoint(path, SegmenterPlan))
            for report in trainer.run(report_every=1):
                if report.step == stop:
                    break
            trainer.save()
        checkpoints.append(load_checkpoint(path, SegmenterPlan))
    whole, broken = checkpoints
    assert whole.counters == broken.counters or whole.counters.step == broken.counters.step == 3
    assert all(torch.equal(value, broken.tensors[name]) for name, value in whole.tensors.items())


def test_an_interrupted_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "my.onnx"
    data = [str(write_yolo(tmp_path / "data", 4)), "-o", str(output)]
    go = SegmenterTrainer.run
    monkeypatch.setattr(SegmenterTrainer, "run", interrupted_after(1, go))
    assert status_of([*data, *SMALL, "--steps", "3", "--seed", "5", "--finest", "16"]) == 130
    assert "--resume" in capsys.readouterr().err
    monkeypatch.setattr(SegmenterTrainer, "run", go)
    saved = output.with_suffix(".checkpoint")
    assert status_of([*data, "--resume", str(saved)]) == 0
    done = load_checkpoint(saved, SegmenterPlan)
    assert (done.counters.step, done.plan.seed, done.plan.finest) == (3, 5, 16)
    other = [str(write_coco(tmp_path / "other", 3)), "-o", str(output)]
    document = json.loads((tmp_path / "other/masks.json").read_text())
    document["categories"][0]["name"] = "sphere"
    (tmp_path / "other/masks.json").write_text(json.dumps(document))
    assert status_of([*other, "--resume", str(saved)]) == 1
    assert "trained for other classes: disc, triangle" in capsys.readouterr().err


def test_a_named_trunk_is_taken_instead_of_the_detectors(tmp_path: Path) -> None:
    options = parse([str(tmp_path), "-o", str(tmp_path / "my.onnx"), "--backbone", "lenet5", "--from-scratch"])
    assert starting_trunk(options) is None
    plan = plan_of(options, NAMES, "lenet5")
    assert (plan.fold, plan.frozen_share, plan.trunk_rate) == (False, 0.0, plan.head_rate)
    assert build(plan, None, None).classes == 3
    usual = starting_trunk(parse([str(tmp_path), "-o", str(tmp_path / "my.onnx")]))
    assert usual is not None
    assert usual.plan.backbone == "yolox_nano"


def test_the_trunk_of_a_detector_from_scratch_can_be_started_from(tmp_path: Path) -> None:
    trained = Plan("lenet5", ("person",), fold=False)
    save_weights(small_network(classes=1, fold=False), trained, tmp_path / "scratch.safetensors")
    data, output = write_coco(tmp_path / "data", 3), tmp_path / "my.onnx"
    start = ["--start", str(tmp_path / "scratch.safetensors"), "--steps", "1", "--batch", "2", "--imgsz", "64"]
    assert status_of([str(data), "-o", str(output), *start]) == 0
    assert load_checkpoint(output.with_suffix(".checkpoint"), SegmenterPlan).plan.fold is False


def test_what_cannot_be_learnt_from_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_coco(tmp_path / "data", 2)
    for arguments, message in (
        ([str(tmp_path)], "no data set with masks"),
        ([str(data), "--backbone", "lenet5"], "has no ImageNet weights"),
        ([str(data), "--imgsz", "3"], "--imgsz 3"),
    ):
        assert status_of([*arguments, "-o", str(tmp_path / "my.onnx")]) == 1
        assert message in capsys.readouterr().err.splitlines()[-1]
    assert status_of([str(data), "--finest", "4"]) == 2


def test_a_plan_is_read_as_it_was_written() -> None:
    plan = SegmenterPlan("yolox_nano", ("a", "b"), finest=16)
    assert SegmenterPlan.from_json(plan.to_json()) == plan
    with pytest.raises(ValueError, match="no plan for a segmenter"):
        SegmenterPlan.from_json('{"backbone": 3}')
