"""The command line from pictures to a detector, and what it says when it cannot."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")
pytest.importorskip("onnx", reason="needs the extra `train`")
pytest.importorskip("pycocotools", reason="needs the extra `train`")

import torch

from detectors import InputError
from detectors.base import Frame
from detectors.sliding import GREY, SlidingDetector
from tests.training.interruption import interrupted_after
from tests.training.pictures import NAMES, draw_scene, label, painted, small_network, write_coco, write_yolo
from training.__main__ import interrupt_when_stopped, main
from training.commands import detector
from training.commands.detector import TrainingData, first_network, judge, make_feed, predict, train
from training.commands.options import parse, plan_of, read_list
from training.commands.parts import parts_of
from training.data.dataset import Dataset, load_dataset
from training.data.feed import Feed
from training.loop.checkpoint import load_checkpoint
from training.loop.detector_plan import Plan
from training.loop.detector_trainer import Report, Trainer
from training.loop.feature_cache import FeatureCache
from training.loop.transfer import load_weights
from training.networks.backbones import load_trunk
from training.networks.detection import DetectionNetwork
from training.networks.grid import Answers

QUICK = ["--backbone", "lenet5", "--from-scratch", "--imgsz", "96", "--batch", "2", "--steps"]


@pytest.fixture
def small_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train on squares of 64 pixels, which is quick."""

    def plan(options: argparse.Namespace, class_names: tuple[str, ...]) -> Plan:
        return dataclasses.replace(plan_of(options, class_names), side=64)

    monkeypatch.setattr(detector, "plan_of", plan)


def status_of(arguments: list[str]) -> int:
    try:
        return main(["detector", *arguments])
    except SystemExit as stop:  # the parser's way
        return int(stop.code or 0)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_pictures_become_a_detector(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, listed, output = write_coco(tmp_path / "data", 6), tmp_path / "val.txt", tmp_path / "my.onnx"
    listed.write_text("0.png\n3.png\n")
    assert status_of([str(data), "-o", str(output), "--validation", str(listed), *QUICK, "2"]) == 0
    out = capsys.readouterr().out
    assert "2 held-out pictures" in out
    assert "differs from torch" not in out
    assert all(word in out for word in ("AP50", *NAMES, "mean", f"keeptrack VIDEO --detector {output}"))
    endings = {".checkpoint", ".curves.png", ".found.jpg", ".metrics.csv", ".onnx"}
    assert {f"my{ending}" for ending in endings} <= {path.name for path in tmp_path.iterdir()}
    assert output.with_suffix(".curves.png").read_bytes().startswith(b"\x89PNG")
    rows = rows_of(output.with_suffix(".metrics.csv"))
    assert [row["step"] for row in rows] == ["2"]
    assert 0 <= float(rows[0]["validation_ap50"]) <= 1
    saved = load_checkpoint(output.with_suffix(".checkpoint"), Plan)
    assert (saved.counters.step, saved.plan.class_names, saved.plan.long_side) == (2, NAMES, 96)
    found = SlidingDetector(output, conf=0.0)
    assert found.search_size(999, 999) == 96
    assert len(found(Frame(painted(draw_scene(np.random.default_rng(0), (96, 96))), 1, 0.0)))
    notes = found._session.get_modelmeta().custom_metadata_map
    assert (Plan.from_json(notes["plan"]), notes["pictures"]) == (saved.plan, "4")


@pytest.mark.usefixtures("small_cuts")
def test_a_yolo_folder_does_too_and_nothing_is_judged_by_too_few(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, output = write_yolo(tmp_path / "data", 3), tmp_path / "my.onnx"
    output.write_bytes(b"of an earlier run")
    assert status_of([str(data), "-o", str(output), *QUICK, "2", "--overwrite"]) == 0
    out = capsys.readouterr().out
    assert "too few to hold some back" in out
    assert "3 of the pictures it learnt from" in out
    assert "warning: it finds next to nothing" in out
    assert output.is_file()
    assert SlidingDetector(output).class_names == dict(enumerate(NAMES))


@pytest.mark.usefixtures("small_cuts")
def test_an_interrupted_run_goes_on_and_can_be_made_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, output = str(write_coco(tmp_path / "data", 4)), tmp_path / "my.onnx"
    run = Trainer.run

    monkeypatch.setattr(Trainer, "run", interrupted_after(2, run))
    assert status_of([data, "-o", str(output), *QUICK, "4", "--seed", "3"]) == 130
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("interrupted: ")
    assert "--resume" in last
    saved = output.with_suffix(".checkpoint")
    assert load_checkpoint(saved, Plan).counters.step == 2
    assert not output.exists()
    before = saved.read_bytes()
    assert status_of([data, "-o", str(output), *QUICK, "4"]) == 1
    told = f"{saved}: is of a run that was begun before (go on with it: --resume {saved}; "
    assert told in capsys.readouterr().err
    assert saved.read_bytes() == before
    done: list[int] = []

    def noted(trainer: Trainer) -> Iterator[Report]:
        for report in run(trainer, report_every=1):
            done.append(report.step)
            yield report

    monkeypatch.setattr(Trainer, "run", noted)
    assert status_of([data, "-o", str(output), "--resume", str(saved)]) == 0
    assert load_checkpoint(saved, Plan).counters.step == 4
    assert load_checkpoint(saved, Plan).plan.seed == 3
    assert [row["step"] for row in rows_of(output.with_suffix(".metrics.csv"))] == ["1", "2", "3", "4"]
    assert output.is_file()
    assert status_of([data, "-o", str(output), "--resume", str(saved), "--steps", "5"]) == 0
    assert (load_checkpoint(saved, Plan).counters.step, load_checkpoint(saved, Plan).plan.steps) == (5, 5)
    (tmp_path / "other.onnx").write_bytes(b"of another run")
    assert status_of([data, "-o", str(tmp_path / "other.onnx"), "--resume", str(saved), "--steps", "6"]) == 1
    assert "other.onnx: exists" in capsys.readouterr().err
    assert (tmp_path / "other.onnx").read_bytes() == b"of another run"
    assert done == [3, 4, 5]


@pytest.mark.usefixtures("small_cuts")
def test_the_same_command_gives_the_same_network_twice(tmp_path: Path) -> None:
    data = str(write_coco(tmp_path / "data", 2))
    runs = []
    for name in ("a", "b"):
        assert status_of([data, "-o", str(tmp_path / f"{name}.onnx"), *QUICK, "1", "--seed", "5"]) == 0
        runs.append(load_checkpoint(tmp_path / f"{name}.checkpoint", Plan).part("network"))
    assert all(torch.allclose(value, runs[1][name], atol=1e-5) for name, value in runs[0].items())


FAULTS = {
    "no such data": (["nowhere"], "is no data set"),
    "a list that is missing": (["DATA", "--validation", "nowhere.txt", *QUICK, "1"], "nowhere.txt: cannot be read"),
    "an empty list": (["DATA", "--validation", "empty.txt", *QUICK, "1"], "empty.txt: is empty"),
    "a list of strangers": (
        ["DATA", "--validation", "strangers.txt", *QUICK, "1"],
        "strangers.txt: names no picture of the data: z.png (give names such as 0.png, a line each)",
    ),
    "a list of all": (["DATA", "--validation", "all.txt", *QUICK, "1"], "leaves no object to learn from"),
    "nothing to find in the list": (["EMPTY", "--validation", "last.txt", *QUICK, "1"], "last.txt"),
    "no checkpoint": (["DATA", "--resume", "strangers.txt", *QUICK, "1"], "strangers.txt: is no checkpoint"),
    "a checkpoint of other classes": (
        ["DATA", "--resume", "other.checkpoint", *QUICK, "1"],
        "was trained for other classes: a, b",
    ),
    "weights of nothing": (["DATA", "--weights", "nowhere.pt"], "nowhere.pt"),
    "no ImageNet weights": (["DATA", "--backbone", "lenet5"], "has no ImageNet weights"),
    "a folder that is missing": (["DATA", *QUICK, "1", "-o", "nowhere/my.onnx"], "nowhere"),
    "a name of no model": (["DATA", *QUICK, "1", "-o", "my.pt"], "my.pt"),
    "a model that is there": (["DATA", *QUICK, "1", "-o", "old.onnx"], "old.onnx: exists"),
    "no steps": (["DATA", *QUICK, "0"], "--steps"),
    "no time": (["DATA", *QUICK[:-1], "--minutes", "0"], "--minutes"),
    "an empty batch": (["DATA", *QUICK, "1", "--batch", "0"], "--batch"),
    "no size": (["DATA", *QUICK, "1", "--imgsz", "0"], "--imgsz"),
    "all weighed away": (["DATA", *QUICK, "1", "--weigh", "street=0"], "--weigh"),
    "a weight without a source": (["DATA", "--weigh", "=2"], "--weigh"),
    "a negative weight": (["DATA", "--weigh", "street=-1"], "--weigh"),
    "a weight that is no number": (["DATA", "--weigh", "street=nan"], "--weigh"),
    "a weight that is a word": (["DATA", "--weigh", "street=much"], "--weigh"),
    "no such backbone": (["DATA", "--backbone", "vgg"], "vgg"),
    "two lengths": (["DATA", "--steps", "3", "--minutes", "3"], "not allowed with"),
    "an end of nothing": (["DATA", *QUICK[:-1], "--anneal", "3"], "--anneal: ends a run that exists"),
    "two ends": (["DATA", "--open-ended", "--minutes", "3"], "not allowed with"),
    "a teacher that is missing": (["DATA", "--teacher", "nowhere.jsonl", *QUICK, "1"], "nowhere.jsonl: cannot be read"),
    "a teacher of other pictures": (["DATA", "--teacher", "other.jsonl", *QUICK, "1"], "has labels for none"),
    "a start that a run is held to": (["DATA", "--resume", "held.checkpoint"], "held to what it started from"),
    "a start that knows nothing": (
        ["DATA", "--start", "sliding", "--hold-start", "1", "--steps", "1"],
        "--hold-start 1: has nothing to hold: --start knows none of blue, red (leave it out)",
    ),
    "a start that a run goes back to": (["DATA", "--resume", "kept.checkpoint"], "goes back towards what it started"),
    "no such device": (["DATA", *QUICK, "1", "--device", "abacus"], "abacus"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_used_is_one_clear_line(
    tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, why = FAULTS[fault]
    monkeypatch.chdir(tmp_path)
    Path("old.onnx").write_bytes(b"old")
    data = write_coco(tmp_path / "DATA", 2, sources=["street"])
    document = json.loads(write_coco(tmp_path / "EMPTY", 2).read_text())
    document["annotations"] = [row for row in document["annotations"] if row["image_id"] == 0]
    (tmp_path / "EMPTY" / "annotations.json").write_text(json.dumps(document))
    Path("other.jsonl").write_text('{"file": "z.png", "boxes": [], "scores": [], "classes": []}')
    for name, text in {"empty": "\n", "strangers": "z.png\n", "all": "0.png\n1.png\n", "last": "1.png\n"}.items():
        (tmp_path / f"{name}.txt").write_text(text)
    Trainer(
        small_network(), Plan("lenet5", ("a", "b")), Feed(load_dataset(data), 0), checkpoint=Path("other.checkpoint")
    ).save()
    for name, plan in (
        ("held", Plan("lenet5", NAMES, hold_start=1.0)),
        ("kept", Plan("lenet5", NAMES, keep_start=0.5)),
    ):
        Trainer(small_network(), plan, Feed(load_dataset(data), 0), checkpoint=Path(f"{name}.checkpoint")).save()
    assert status_of(arguments) in (1, 2)
    last = capsys.readouterr().err.splitlines()[-1]
    assert "error: " in last
    assert why in last
    assert [path.read_bytes() for path in tmp_path.glob("*.onnx")] == [b"old"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_end_is_an_interruption(number: signal.Signals) -> None:
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        interrupt_when_stopped()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def test_a_detector_truly_learns(tmp_path: Path) -> None:
    learn = load_dataset(write_coco(tmp_path / "learn", 24, seed=0, size=(64, 64)))
    unseen = load_dataset(write_coco(tmp_path / "unseen", 8, seed=1, size=(64, 64)))
    plan = Plan("lenet5", NAMES, fold=False, trainable_layers=1000, steps=120, batch=3, side=64, long_side=64)
    plan = dataclasses.replace(plan, frozen_share=0.0, head_rate=0.02, trunk_rate=0.02, averaging=0.95, judgements=1)
    before = judge(small_network(), unseen, 64, "cpu")["mean"].ap50
    network = train(
        plan, first_network(plan, load_trunk("lenet5", None)), TrainingData(learn, unseen), tmp_path / "my.onnx"
    )
    assert before < 0.1
    assert judge(network, unseen, 64, "cpu")["mean"].ap50 > 0.35


def test_boxes_are_told_in_pixels_of_the_picture_and_doubles_are_left_out() -> None:
    class Stub(torch.nn.Module):
        def forward(self, pictures: torch.Tensor) -> Answers:
            assert pictures.shape == (1, 3, 64, 96), "48 pixels padded to whole strides"
            assert (pictures[:, :, 48:] == GREY).all()
            boxes = torch.tensor([[[8.0, 4, 40, 28], [9, 4, 41, 28], [48, 8, 80, 40], [0, 0, 9, 9], [50, 8, 80, 40]]])
            chances = torch.tensor([[[0.9, 0.1], [0.8, 0.1], [0.1, 0.7], [0.001, 0.009], [0.6, 0.2]]])
            return Answers(torch.logit(chances), boxes)

    picture = np.zeros((96, 192, 3), np.uint8)
    found = predict(Stub(), picture, 96)  # type: ignore[arg-type]  # a double of the network
    assert found.boxes.tolist() == [[16, 8, 80, 56], [96, 16, 160, 80], [100, 16, 160, 80]]
    assert found.scores == pytest.approx([0.9, 0.7, 0.6], rel=1e-4)
    assert found.class_ids.tolist() == [0, 1, 0]


@pytest.mark.usefixtures("small_cuts")
def test_a_teacher_and_pictures_without_labels_are_learnt_from(tmp_path: Path) -> None:
    data, bare = write_coco(tmp_path / "data", 2), tmp_path / "bare"
    bare.mkdir()
    cv2.imwrite(str(bare / "c.png"), painted(draw_scene(np.random.default_rng(7), (96, 96))))
    line = {"file": "c.png", "boxes": [[8, 8, 40, 40]], "scores": [0.9], "classes": ["red"]}
    (tmp_path / "labels.jsonl").write_text(json.dumps(line))
    output = tmp_path / "my.onnx"
    arguments = [str(data), str(bare), "--teacher", str(tmp_path / "labels.jsonl"), "--balance", "0.5"]
    assert status_of([*arguments, "-o", str(output), *QUICK, "1"]) == 0
    notes = SlidingDetector(output)._session.get_modelmeta().custom_metadata_map
    assert notes["pictures"] == "3"


@pytest.mark.usefixtures("small_cuts")
def test_a_detector_from_scratch_can_be_started_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, first, second = str(write_coco(tmp_path / "data", 2)), tmp_path / "first.onnx", tmp_path / "second.onnx"
    assert status_of([data, "-o", str(first), *QUICK, "1"]) == 0
    start = ["--start", str(first.with_suffix(".safetensors")), "--imgsz", "96", "--batch", "2", "--steps", "1"]
    assert status_of([data, "-o", str(second), *start]) == 0
    plan = load_weights(second.with_suffix(".safetensors")).plan
    assert (plan.backbone, plan.fold, plan.trunk_rate) == ("lenet5", False, Plan.trunk_rate)
    other = [data, "-o", str(tmp_path / "other.onnx"), "--start", "sliding", "--from-scratch", "--steps", "1"]
    capsys.readouterr()
    assert status_of(other) == 1
    assert "(use --backbone yolox_nano without --from-scratch)" in capsys.readouterr().err


@pytest.mark.usefixtures("small_cuts")
def test_a_run_without_an_end_is_interrupted_and_given_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, output = str(write_coco(tmp_path / "data", 2)), tmp_path / "my.onnx"
    run, saved = Trainer.run, output.with_suffix(".checkpoint")
    monkeypatch.setattr(Trainer, "run", interrupted_after(2, run))
    command = [data, "-o", str(output), *QUICK[:-1]]
    assert status_of([*command, "--open-ended"]) == 130
    before = load_checkpoint(saved, Plan)
    assert before.plan.rates(0.5, 10**6)[0] == before.plan.head_rate
    monkeypatch.setattr(Trainer, "run", run)
    assert status_of([*command, "--resume", str(saved), "--anneal", "0.01"]) == 0
    after = load_checkpoint(saved, Plan)
    assert after.counters.step > before.counters.step
    assert after.plan.minutes == pytest.approx(before.counters.seconds / 60 + 0.01)
    assert output.is_file()


def test_no_picture_is_held_back_in_which_nobody_looked() -> None:
    labelled, bare = numbered(200), [label([], labelled=(False, False), path=Path(f"b{n}.png")) for n in range(200)]
    learn, held = parts_of(Dataset(NAMES, (*labelled.images, *bare)), None, 0)
    assert held is not None
    assert (len(learn.images), len(held.images)) == (380, 20)
    assert all(image.labelled.all() for image in held.images)


def numbered(count: int) -> Dataset:
    return Dataset(NAMES, tuple(label([(8, 8, 40, 40)], path=Path(f"{number}.png")) for number in range(count)))


def test_a_tenth_is_held_back_where_that_is_enough_to_judge_by() -> None:
    few, many = numbered(199), numbered(200)
    assert parts_of(few, None, 0) == (few, None)
    learn, held = parts_of(many, None, 0)
    assert held is not None
    assert (len(learn.images), len(held.images)) == (180, 20)
    assert {image.path for image in (*learn.images, *held.images)} == {image.path for image in many.images}
    assert parts_of(many, None, 0) == (learn, held)
    assert parts_of(many, None, 1) != (learn, held)


@pytest.mark.parametrize("places", [(3, 50), (199, 0), tuple(range(20))])
def test_both_parts_show_an_object_wherever_the_few_are(places: tuple[int, ...]) -> None:
    images = [
        dataclasses.replace(image, difficult=np.array([number not in places]))
        for number, image in enumerate(numbered(200).images)
    ]
    for seed in range(5):
        learn, held = parts_of(Dataset(NAMES, tuple(images)), None, seed)
        assert held is not None
        assert (len(learn.images), len(held.images)) == (180, 20)
        assert all(any((~image.difficult).any() for image in part.images) for part in (learn, held))
    unclear = tuple(dataclasses.replace(image, difficult=np.array([True])) for image in images[1:])
    with pytest.raises(InputError, match="DATA: shows clear objects in one picture at most"):
        parts_of(Dataset(NAMES, (images[places[0]], *unclear)), None, 0)


def test_listed_pictures_are_judged_by_and_not_learnt_from(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("3.png\n1.png\n\nstranger.png\n")
    learn, held = parts_of(numbered(5), tmp_path / "list.txt", 0)
    assert held is not None
    assert [image.path.name for image in held.images] == ["1.png", "3.png"]
    assert [image.path.name for image in learn.images] == ["0.png", "2.png", "4.png"]


def test_a_list_has_one_name_a_line(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("my cat.png\n  b.png\n\n")
    assert read_list(tmp_path / "list.txt") == ["my cat.png", "b.png"]
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InputError, match="cannot be read"):
        read_list(tmp_path / "bytes.txt")


def test_the_command_line_makes_the_plan() -> None:
    plan = plan_of(
        parse(["data", "--steps", "1000", "--trainable-layers", "3", "--imgsz", "640", "--seed", "9"]), NAMES
    )
    assert (plan.steps, plan.trainable_layers, plan.long_side, plan.seed, plan.judgements) == (1000, 3, 640, 9, 5)
    assert (plan.backbone, plan.fold, plan.minutes, plan.class_names) == ("mobilenet_v2", True, None, NAMES)
    sizes = ["--run-at", "512", "--run-up-to", "800", "--start", "sliding", "--keep-start", "0.25"]
    used = plan_of(parse(["data", *sizes]), NAMES)
    assert (used.run_at, used.run_up_to, used.keep_start) == (512, 800, 0.25)
    short = [plan_of(parse(["data", *words]), NAMES).judgements for words in (["--minutes", "5"], ["--steps", "60"])]
    assert short == [4, 2], "so that a curve shows where it goes"
    assert plan_of(parse(["data"]), NAMES) == Plan("mobilenet_v2", NAMES, judgements=15)
    timed = plan_of(parse(["data", "--minutes", "30"]), NAMES)
    assert (timed.minutes, timed.judgements) == (30, 10)
    scratch = plan_of(parse(["data", "--from-scratch"]), NAMES)
    assert (scratch.fold, scratch.frozen_share, scratch.trunk_rate) == (False, 0.0, scratch.head_rate)
    assert parse(["data", "--weigh", "a=2", "--weigh", "b=0"]).weigh == [("a", 2.0), ("b", 0.0)]


@pytest.mark.parametrize(("layers", "kind"), [(0, FeatureCache), (1, Feed)])
def test_features_are_cached_where_the_trunk_stays_frozen(tmp_path: Path, layers: int, kind: type) -> None:
    dataset = load_dataset(write_coco(tmp_path / "data", 1))
    plan = Plan("lenet5", NAMES, trainable_layers=layers, side=64, long_side=96)
    network: DetectionNetwork = small_network()
    assert type(make_feed(network, plan, TrainingData(dataset), "cpu")) is kind
