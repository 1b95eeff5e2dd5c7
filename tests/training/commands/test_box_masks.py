"""The command line from silhouettes to masks out of boxes, and what it says when it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")
pytest.importorskip("onnx", reason="needs the extra `train`")
pytest.importorskip("pycocotools", reason="needs the extra `train`")

import torch

from detectors.box_masks import EMBEDDED, BoxMasks
from detectors.runtime import open_session
from tests.training import pictures
from tests.training.interruption import interrupted_after
from tests.training.silhouettes import write_coco, write_indices, write_yolo
from training.__main__ import main
from training.commands.box_masks import build, predict
from training.data.mask_crops import MaskCrops, read_instances
from training.data.segmentation import load_segmentation, read_picture
from training.evaluation.instance_masks import judge, whole_boxes
from training.export import box_masks as export
from training.loop.box_mask_plan import BoxMaskPlan
from training.loop.box_mask_trainer import BoxMaskTrainer
from training.loop.checkpoint import load_checkpoint
from training.loop.transfer import load_weights


def status_of(arguments: list[str]) -> int:
    try:
        return main(["box-masks", *arguments])
    except SystemExit as stop:  # the parser's way
        return int(stop.code or 0)


def test_silhouettes_become_masks_that_fit_better_than_boxes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, output = write_coco(tmp_path / "data", 12), tmp_path / "my.onnx"
    names = tmp_path / "val.txt"
    names.write_text("1.png\n5.png\n9.png\n")
    arguments = [str(data), "-o", str(output), "--validation", str(names), "--batch", "8", "--steps", "70"]
    assert status_of(arguments) == 0
    told = capsys.readouterr().out
    assert "18 objects (9 pictures) to learn from, 6 objects (3 pictures) to judge by" in told
    held = load_segmentation(data).only(["1.png", "5.png", "9.png"])
    fits, boxes = (float(judge(each, held.images).mean()) for each in (BoxMasks(output), whole_boxes))
    assert f"{fits:.3f} (of their boxes: {boxes:.3f})" in told
    assert fits > boxes + 0.05, (fits, boxes)
    for suffix in (".found.jpg", ".metrics.csv", ".curves.png", ".checkpoint"):
        assert output.with_suffix(suffix).stat().st_size > 40
    metadata = open_session(output).get_modelmeta().custom_metadata_map
    assert json.loads(metadata["plan"])["steps"] == 70


def test_the_export_masks_as_the_network_does(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = build(load_weights("sliding")).eval()
    assert export.export_box_masks(network, tmp_path / "my.onnx", {"seed": "7"}) < 1e-3
    (image, *_) = load_segmentation(write_yolo(tmp_path / "data", 1)).images
    picture = read_picture(image.path)
    pairs = zip(
        predict(network, picture, image.boxes), BoxMasks(tmp_path / "my.onnx")(picture, image.boxes), strict=True
    )
    for one, two in pairs:
        assert one.shape == two.shape
        assert (one == two).mean() > 0.98, "weights in half precision"
    assert predict(network, picture, image.boxes[:0]) == []


def test_a_run_repeats_exactly_and_so_does_one_that_was_interrupted(tmp_path: Path) -> None:
    instances = read_instances(load_segmentation(write_coco(tmp_path / "data", 2)).images)
    plan, start = BoxMaskPlan(batch=4, steps=3, averaging=0.9), load_weights("sliding")
    checkpoints = []
    for name, stops in {"whole": [3], "broken": [1, 3]}.items():
        path = tmp_path / f"{name}.checkpoint"
        for number, stop in enumerate(stops):
            torch.manual_seed(0)
            trainer = BoxMaskTrainer(build(start), plan, MaskCrops(instances, 0, 4), checkpoint=path)
            if number:
                trainer.resume(load_checkpoint(path, BoxMaskPlan))
            for report in trainer.run(report_every=1):
                if report.step == stop:
                    break
            trainer.save()
        checkpoints.append(load_checkpoint(path, BoxMaskPlan))
    whole, broken = checkpoints
    assert whole.counters.step == broken.counters.step == 3
    assert all(torch.equal(value, broken.tensors[name]) for name, value in whole.tensors.items())


def test_an_interrupted_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "my.onnx"
    data = [str(write_yolo(tmp_path / "data", 4)), "-o", str(output)]
    go = BoxMaskTrainer.run
    monkeypatch.setattr(BoxMaskTrainer, "run", interrupted_after(1, go))
    assert status_of([*data, "--batch", "4", "--steps", "3", "--seed", "5"]) == 130
    assert "--resume" in capsys.readouterr().err
    monkeypatch.setattr(BoxMaskTrainer, "run", go)
    saved = output.with_suffix(".checkpoint")
    assert status_of([*data, "--resume", str(saved)]) == 0
    done = load_checkpoint(saved, BoxMaskPlan)
    assert (done.counters.step, done.plan.seed, done.plan.batch) == (3, 5, 4)


def test_teachers_add_objects_that_have_boxes_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, boxes = write_coco(tmp_path / "data", 3), pictures.write_coco(tmp_path / "boxes", 4)
    arguments = [str(data), "-o", str(tmp_path / "my.onnx"), "--batch", "4", "--steps", "2"]
    assert status_of([*arguments, "--boxes", str(boxes), "--teacher", str(EMBEDDED)]) == 0
    told = capsys.readouterr().out
    assert "objects whose masks the teachers tell" in told
    assert 2 <= int(told.split(" objects whose")[0].split()[-1]) <= 8
    assert status_of([*arguments, "--overwrite", "--boxes", str(boxes)]) == 1
    assert "one needs the other" in capsys.readouterr().err


def test_what_cannot_be_learnt_from_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = write_coco(tmp_path / "one", 1), write_yolo(tmp_path / "two", 2)
    indices = write_indices(tmp_path / "indices", 3)
    names = tmp_path / "none.txt"
    names.write_text("nowhere.png\n")
    for arguments, message in (
        ([str(one)], "leaves nothing to learn from"),
        ([str(one), "--validation", str(names)], "names no picture of the data: nowhere.png"),
        ([str(indices)], "names no picture with a mask"),
        ([str(tmp_path / "nowhere.json")], "is no COCO file"),
        ([str(two), "--start", str(names)], "no detector to start from"),
    ):
        assert status_of([*arguments, "-o", str(tmp_path / "my.onnx")]) == 1
        told = capsys.readouterr().err.splitlines()[-1]
        assert message in told, arguments
        assert told.startswith("error: ")


def test_a_plan_is_read_as_it_was_written() -> None:
    plan = BoxMaskPlan(steps=7, dice=0.25)
    assert BoxMaskPlan.from_json(plan.to_json()) == plan
    with pytest.raises(ValueError, match="no plan for masks"):
        BoxMaskPlan.from_json('{"backbone": 3}')
