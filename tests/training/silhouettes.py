"""Synthetic pictures with masks: bright discs and triangles on dark ground, written in each format that is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as run_lengths

from detectors.base import Bools, Image
from training.data.segmentation import SegmentedImage, decoded

NAMES = ("disc", "triangle")
COLOURS = ((230, 60, 40), (40, 60, 230))  # BGR, of a class each
SIZE = 96
CORNERS = 24  # of a disc's polygon


def shape_of(class_id: int, middle: tuple[float, float], radius: float) -> np.ndarray:
    """A polygon ``(points, 2)``: a disc, or a triangle."""
    if class_id == 1:
        corners = np.array([[0, -1.0], [1, 1], [-1, 1]])
    else:
        angles = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
        corners = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.asarray(np.array(middle) + radius * corners)


def pixels_of(polygon: np.ndarray, size: int = SIZE) -> Bools:
    """A polygon's mask as COCO draws it."""
    (mask,) = run_lengths.frPyObjects([polygon.ravel().tolist()], size, size)
    return decoded(mask)


def scene(rng: np.random.Generator, size: int = SIZE) -> tuple[Image, list[tuple[int, np.ndarray]]]:
    """A picture with a shape in its left and one in its right half; their classes and polygons."""
    picture = np.full((size, size, 3), 25, np.uint8)
    picture += rng.integers(0, 20, picture.shape, dtype=np.uint8)
    shapes = []
    for left in (0, size // 2):
        class_id, radius = int(rng.integers(2)), float(rng.uniform(size / 8, size / 4.5))
        middle = left + rng.uniform(radius, size / 2 - radius), rng.uniform(radius, size - radius)
        shapes.append((class_id, shape_of(class_id, middle, radius)))
        picture[pixels_of(shapes[-1][1], size)] = COLOURS[class_id]
    return picture, shapes


def write_coco(folder: Path, count: int, seed: int = 0, compressed: bool = False) -> Path:
    """A COCO data set of polygons; every second mask as run lengths, compressed or as numbers."""
    document: dict[str, Any] = {"images": [], "annotations": []}
    document["categories"] = [{"id": 10 + number, "name": name} for number, name in enumerate(NAMES)]
    for number, shapes in _write_pictures(folder, count, seed):
        document["images"].append({"id": number, "file_name": f"{number}.png", "width": SIZE, "height": SIZE})
        for class_id, polygon in shapes:
            own = len(document["annotations"])
            given: Any = [polygon.ravel().tolist()] if own % 2 == 0 else _run_lengths(pixels_of(polygon), compressed)
            document["annotations"].append(
                {"id": own, "image_id": number, "category_id": 10 + class_id, "segmentation": given}
            )
    path = folder / "masks.json"
    path.write_text(json.dumps(document))
    return path


def _run_lengths(mask: Bools, compressed: bool) -> dict[str, Any]:
    if compressed:
        packed = run_lengths.encode(np.asfortranarray(mask.astype(np.uint8)))
        return {"size": packed["size"], "counts": packed["counts"].decode()}
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(np.diff(flat.astype(int), prepend=0)).tolist()
    counts = np.diff([0, *changes, flat.size]).tolist()
    return {"size": list(mask.shape), "counts": counts}


def write_yolo(folder: Path, count: int, seed: int = 0) -> Path:
    """The same pictures as a folder of YOLO polygons."""
    (folder / "labels").mkdir(parents=True)
    (folder / "classes.txt").write_text("\n".join(NAMES))
    for number, shapes in _write_pictures(folder, count, seed):
        rows = [f"{class_id} " + " ".join(map(str, (polygon / SIZE).ravel())) for class_id, polygon in shapes]
        (folder / "labels" / f"{number}.txt").write_text("\n".join(rows) + "\n")
    return folder


def write_indices(folder: Path, count: int, seed: int = 0) -> Path:
    """The same pictures as a folder of class-number pictures."""
    (folder / "masks").mkdir(parents=True)
    (folder / "classes.txt").write_text("\n".join(NAMES))
    for number, shapes in _write_pictures(folder, count, seed):
        classes = np.zeros((SIZE, SIZE), np.uint8)
        for class_id, polygon in shapes:
            classes[pixels_of(polygon)] = 1 + class_id
        cv2.imwrite(str(folder / "masks" / f"{number}.png"), classes)
    return folder


def _write_pictures(folder: Path, count: int, seed: int) -> list[tuple[int, list[tuple[int, np.ndarray]]]]:
    (folder / "images").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    written = []
    for number in range(count):
        picture, shapes = scene(rng)
        cv2.imwrite(str(folder / "images" / f"{number}.png"), picture)
        written.append((number, shapes))
    return written


def described(masks: list[Bools], class_ids: list[int], crowd: list[bool] | None = None) -> SegmentedImage:
    """What is told of a picture that need not exist."""
    height, width = masks[0].shape
    runs = [run_lengths.encode(np.asfortranarray(mask.astype(np.uint8))) for mask in masks]
    boxes = np.array([run_lengths.toBbox(each) for each in runs])
    boxes[:, 2:] += boxes[:, :2]
    flags = np.array(crowd if crowd else [False] * len(masks))
    return SegmentedImage(Path("nowhere.png"), width, height, np.array(class_ids), boxes, tuple(runs), flags)
