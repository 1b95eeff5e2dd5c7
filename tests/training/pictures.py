"""Synthetic labelled pictures: bright rectangles on dark ground, in memory and on disk; and small networks to try."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from detectors.base import Image
from training.data.dataset import Dataset, LabelledImage
from training.losses.detection import Truth
from training.networks.backbones import load_trunk
from training.networks.detection import DetectionNetwork, build

NAMES = ("blue", "red")
COLOURS = ((230, 40, 40), (40, 40, 230))  # BGR, of a class each
DARK = 25


def paint(width: int, height: int, boxes: Sequence[Sequence[float]], class_ids: Sequence[int]) -> Image:
    """A dark picture with a filled rectangle a box of whole pixels."""
    picture = np.full((height, width, 3), DARK, np.uint8)
    for (left, top, right, bottom), class_id in zip(boxes, class_ids, strict=True):
        picture[int(top) : int(bottom), int(left) : int(right)] = COLOURS[class_id]
    return picture


def label(
    boxes: Sequence[Sequence[float]],
    class_ids: Sequence[int] | None = None,
    size: tuple[int, int] = (128, 96),
    difficult: Sequence[bool] | None = None,
    **others: Any,
) -> LabelledImage:
    """What is told of a picture of `size` (width, height); its path need not exist."""
    count = len(boxes)
    return LabelledImage(
        path=others.get("path", Path("nowhere.png")),
        width=size[0],
        height=size[1],
        boxes=np.array(boxes, dtype=np.float64).reshape(-1, 4),
        class_ids=np.array([0] * count if class_ids is None else class_ids, dtype=np.int64),
        difficult=np.array([False] * count if difficult is None else difficult, dtype=bool),
        labelled=np.array(others.get("labelled", (True, True)), dtype=bool),
        source=others.get("source", ""),
    )


def painted(image: LabelledImage) -> Image:
    """The picture that a label describes."""
    return paint(image.width, image.height, image.boxes.tolist(), image.class_ids.tolist())


def draw_scene(rng: np.random.Generator, size: tuple[int, int]) -> LabelledImage:
    """One rectangle in the left half of a picture and one in the right half, each of either class."""
    half = size[0] // 2
    boxes = []
    for start in (0, half):
        width, height = (int(side) for side in rng.integers(half // 2, half - 4, size=2))
        left, top = start + int(rng.integers(0, half - width + 1)), int(rng.integers(0, size[1] - height + 1))
        boxes.append((left, top, left + width, top + height))
    return label(boxes, [int(each) for each in rng.integers(0, 2, 2)], size)


def write_coco(
    folder: Path, count: int, seed: int = 0, size: tuple[int, int] = (96, 96), sources: Sequence[str] = ("",)
) -> Path:
    """A COCO data set of `count` pictures, 0.png and so on, taken in turn from the sources."""
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(seed)
    images, annotations = list[dict[str, Any]](), list[dict[str, Any]]()
    for number in range(count):
        scene = draw_scene(rng, size)
        cv2.imwrite(str(folder / "images" / f"{number}.png"), painted(scene))
        entry = {"id": number, "file_name": f"{number}.png", "width": size[0], "height": size[1]}
        images.append({**entry, "source": sources[number % len(sources)]})
        for box, class_id in zip(scene.boxes.tolist(), scene.class_ids.tolist(), strict=True):
            bbox = [box[0], box[1], box[2] - box[0], box[3] - box[1]]
            annotations.append({"id": len(annotations), "image_id": number, "category_id": class_id, "bbox": bbox})
    categories = [{"id": number, "name": name} for number, name in enumerate(NAMES)]
    path = folder / "annotations.json"
    path.write_text(json.dumps({"categories": categories, "images": images, "annotations": annotations}))
    return path


def write_yolo(folder: Path, count: int, seed: int = 0, size: tuple[int, int] = (96, 96)) -> Path:
    """The same pictures as a folder of YOLO labels."""
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    (folder / "classes.txt").write_text("\n".join(NAMES))
    rng = np.random.default_rng(seed)
    for number in range(count):
        scene = draw_scene(rng, size)
        cv2.imwrite(str(folder / "images" / f"{number}.png"), painted(scene))
        shares = scene.boxes / np.tile(size, 2)
        middles, sides = (shares[:, :2] + shares[:, 2:]) / 2, shares[:, 2:] - shares[:, :2]
        rows = np.hstack([scene.class_ids[:, None], middles, sides])
        text = "".join(f"{int(row[0])} " + " ".join(map(str, row[1:])) + "\n" for row in rows.tolist())
        (folder / "labels" / f"{number}.txt").write_text(text)
    return folder


def on_disk(folder: Path, images: Sequence[LabelledImage]) -> Dataset:
    """A data set of pictures painted as labelled, each in a file of its own name."""
    for image in images:
        cv2.imwrite(str(folder / image.path.name), painted(image))
    return Dataset(NAMES, tuple(images))


def truth_of(
    boxes: Sequence[Sequence[float]],
    class_ids: Sequence[int] = (),
    difficult: Sequence[bool] | None = None,
    regions: Sequence[Sequence[float]] = ((0, 0, 4096, 4096),),
    looked_for: Sequence[Sequence[bool]] = ((True, True),),
    scores: Sequence[float] | None = None,
) -> Truth:
    """What one picture shows, for certain; every class was looked for everywhere, unless told otherwise."""
    count = len(boxes)
    return Truth(
        torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        torch.tensor(list(class_ids) or [0] * count, dtype=torch.long),
        torch.tensor([False] * count if difficult is None else list(difficult), dtype=torch.bool),
        torch.tensor([1.0] * count if scores is None else list(scores)),
        torch.tensor(regions, dtype=torch.float32),
        torch.tensor(looked_for, dtype=torch.bool),
    )


def small_network(backbone: str = "lenet5", classes: int = 2, fold: bool = True, seed: int = 0) -> DetectionNetwork:
    """An untrained network."""
    torch.manual_seed(seed)
    return build(backbone, load_trunk(backbone, None), classes, fold).eval()


def shake_norms(network: torch.nn.Module, seed: int = 0) -> None:
    """Give all batch normalisation statistics, as if it had been trained."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor, low, high in (
                (module.weight.data, 0.7, 1.3),
                (module.bias.data, -0.2, 0.2),
                (module.running_mean, -0.2, 0.2),
                (module.running_var, 0.7, 1.3),
            ):
                assert tensor is not None
                tensor.copy_(torch.rand(tensor.shape, generator=generator) * (high - low) + low)


def answering_network(backbone: str = "lenet5") -> DetectionNetwork:
    """A network whose answers depend on the picture, as a trained one's do: an untrained one's signal fades away."""
    network = small_network(backbone)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    shake_norms(network)
    output = network.head.outputs()[0]
    assert output.bias is not None
    torch.nn.init.normal_(output.weight, std=0.05)
    torch.nn.init.zeros_(output.bias)
    return network
