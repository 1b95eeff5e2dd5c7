from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

pytest.importorskip("torchvision", reason="needs the extra `train`")
pytest.importorskip("safetensors", reason="needs the extra `train`")

import torch

from detectors.sliding import SlidingDetector
from tests.training.pictures import write_coco
from training.__main__ import main
from training.commands.average import judged_by, parse
from training.data.dataset import load_dataset
from training.loop.detector_plan import Plan
from training.loop.transfer import load_weights, save_weights
from training.networks.backbones import load_trunk
from training.networks.detection import build

PLAN = Plan("mobilenet_v3_small", ("red", "blue"), side=64, long_side=96)


def written(folder: Path, name: str, value: float, plan: Plan = PLAN) -> Path:
    """Weights that are all `value`."""
    network = build(plan.backbone, load_trunk(plan.backbone, None), len(plan.class_names), plan.fold)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(value)
    save_weights(network, plan, folder / name)
    return folder / name


def test_a_mean_weighs_its_parts_by_their_shares(tmp_path: Path) -> None:
    one, two = written(tmp_path, "one.safetensors", 0.01), written(tmp_path, "two.safetensors", 0.02)
    output = tmp_path / "mean.onnx"
    assert main(["average", str(one), f"{two}=3", "-o", str(output), "--run-at", "64"]) == 0
    mean = load_weights(output.with_suffix(".safetensors"))
    torch.testing.assert_close(
        mean.tensors["head.output.weight"],
        torch.full_like(mean.tensors["head.output.weight"], 0.0175),
        rtol=1e-3,
        atol=0,
    )
    detector = SlidingDetector(output)
    assert list(detector.class_names.values()) == ["red", "blue"]
    assert detector.search_size(999, 999) == 64


def test_a_mean_runs_at_the_sizes_of_the_first_unless_told_otherwise(tmp_path: Path) -> None:
    sized = dataclasses.replace(PLAN, run_at=128, run_up_to=192)
    one, two = written(tmp_path, "one.safetensors", 0.01, sized), written(tmp_path, "two.safetensors", 0.02)
    runs: list[tuple[list[str], int, int]] = [([], 128, 192), (["--run-at", "64", "--run-up-to", "160"], 64, 160)]
    for rest, least, most in runs:
        output = tmp_path / f"mean{least}.onnx"
        assert main(["average", str(one), str(two), "-o", str(output), *rest]) == 0
        detector = SlidingDetector(output)
        assert [detector.search_size(side, side) for side in (least, 999)] == [least, most]
        plan = load_weights(output.with_suffix(".safetensors")).plan
        assert (plan.run_at, plan.run_up_to) == (least, most)


def test_it_is_judged_and_calibrated_by_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, output = write_coco(tmp_path / "data", 4), tmp_path / "mean.onnx"
    run = tmp_path / "run.onnx"
    assert (
        main(
            [
                "detector",
                str(data),
                "-o",
                str(run),
                "--start",
                "sliding",
                "--steps",
                "1",
                "--batch",
                "2",
                "--imgsz",
                "96",
            ]
        )
        == 0
    )
    learnt = run.with_suffix(".safetensors")
    listed = tmp_path / "val.txt"
    listed.write_text("\n".join(path.name for path in sorted(data.parent.rglob("*.png"))[:2]) + "\nnowhere.png\n")
    capsys.readouterr()
    arguments = [
        "average",
        str(learnt),
        str(learnt),
        "--data",
        str(data),
        "--validation",
        str(listed),
        "-o",
        str(output),
    ]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    told = captured.out
    assert "2 pictures" in told
    assert captured.err.startswith(f"warning: {listed}: 1 of 3 names is of no picture: nowhere.png\n")
    assert "run.safetensors 0.50, run.safetensors 0.50" in told
    assert main(arguments) == 1
    assert "exists" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        (["--validation", "val.txt"], "names pictures of no data"),
        (["other.safetensors"], "does not know blue"),
        (["large.safetensors"], "large.safetensors: is of another network than the first: mobilenet_v3_large ("),
        (["scratch.safetensors"], "is of another network than the first: mobilenet_v3_small from scratch ("),
        (["--data", "data", "--validation", "strangers.txt"], "strangers.txt: names no picture of the data: z.png"),
        (["--data", "other", "--validation", "strangers.txt"], "--data: is of other classes: person, dog"),
        (["nowhere.safetensors"], "nowhere.safetensors"),
    ],
)
def test_what_cannot_be_averaged_is_named(
    rest: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = written(tmp_path, "one.safetensors", 0.01)
    written(tmp_path, "other.safetensors", 0.01, Plan("mobilenet_v3_small", ("red", "green")))
    written(tmp_path, "large.safetensors", 0.01, dataclasses.replace(PLAN, backbone="mobilenet_v3_large"))
    written(tmp_path, "scratch.safetensors", 0.01, dataclasses.replace(PLAN, fold=False))
    document = json.loads(write_coco(tmp_path / "data", 1).read_text())
    document["categories"] = [{"id": 0, "name": "person"}, {"id": 1, "name": "dog"}]
    write_coco(tmp_path / "other", 1).write_text(json.dumps(document))
    (tmp_path / "strangers.txt").write_text("z.png\n")
    parts = [each if each.startswith("--") or each == "val.txt" else str(tmp_path / each) for each in rest]
    assert main(["average", str(one), *parts, "-o", str(tmp_path / "mean.onnx")]) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(("more", "told"), [([], "exists"), (["--overwrite"], "one.safetensors, which it is made of")])
def test_what_it_is_made_of_is_never_replaced(
    more: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = written(tmp_path, "one.safetensors", 0.01), written(tmp_path, "two.safetensors", 0.02)
    before = one.read_bytes()
    assert main(["average", str(one), str(two), "-o", str(tmp_path / "one.onnx"), *more]) == 1
    assert told in capsys.readouterr().err
    assert one.read_bytes() == before


def test_a_file_whose_name_ends_in_a_number_is_a_file(tmp_path: Path) -> None:
    one = written(tmp_path, "rate=2", 0.01)
    assert parse([str(one), f"{one}=3", "-o", str(tmp_path / "mean.onnx")]).weights == [(str(one), 1), (str(one), 3)]


def test_pictures_of_the_same_classes_in_another_order_are_numbered_as_the_weights_are(tmp_path: Path) -> None:
    data = write_coco(tmp_path / "data", 1)
    options = parse(["one.safetensors", "--data", str(data), "-o", str(tmp_path / "mean.onnx")])
    before, after = load_dataset(data).images[0], judged_by(options, ("Red", "blue"))
    assert after is not None
    assert after.class_names == ("Red", "blue")
    assert after.images[0].class_ids.tolist() == (1 - before.class_ids).tolist()


def test_a_share_is_a_number_above_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["average", "a.safetensors=0", "-o", str(tmp_path / "mean.onnx")])
    assert "is no weight" in capsys.readouterr().err
