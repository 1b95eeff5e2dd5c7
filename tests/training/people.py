"""Synthetic people: plain coats and trousers of a few colours, in sequences, folders of crops and COCO pictures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from detectors.base import Image

HUES = 9
"""Colours of coats and of trousers; an identity is one of each."""


def dress(identity: int, rng: np.random.Generator, size: tuple[int, int] = (24, 48)) -> Image:
    """A person of `size` (width, height), each time in another light."""
    width, height = size
    picture = np.full((height, width, 3), 90, np.uint8)
    hues = ((identity % HUES) * 180 // HUES, (identity * 4 // HUES % HUES) * 180 // HUES)
    for hue, (top, bottom) in zip(hues, ((0.15, 0.5), (0.5, 0.95)), strict=True):
        colour = cv2.cvtColor(np.array([[[hue, 220, 200]]], np.uint8), cv2.COLOR_HSV2BGR)[0, 0]
        picture[int(top * height) : int(bottom * height), width // 5 : -width // 5] = colour
    light = np.clip(picture * rng.uniform(0.8, 1.2) + rng.normal(0, 6, picture.shape), 0, 255)
    return light.astype(np.uint8)


def write_folders(folder: Path, identities: Iterable[int], each: int = 4, seed: int = 0) -> Path:
    """A folder of crops for each identity."""
    rng = np.random.default_rng(seed)
    for identity in identities:
        (folder / f"{identity:03d}").mkdir(parents=True)
        for number in range(each):
            cv2.imwrite(str(folder / f"{identity:03d}" / f"{number}.png"), dress(identity, rng))
    return folder


def write_sequence(
    folder: Path,
    rows: Sequence[str],
    frames: int = 4,
    boxes: Sequence[tuple[int, int, int]] = (),
    images: str = "img1",
    rate: int = 10,
) -> Path:
    """A MOTChallenge sequence with the rows of gt.txt; boxes: identity, left and top of a person in every frame."""
    (folder / images).mkdir(parents=True)
    (folder / "gt").mkdir()
    (folder / "gt" / "gt.txt").write_text("\n".join(rows))
    (folder / "seqinfo.ini").write_text(f"[Sequence]\nimDir={images}\nframeRate={rate}\nseqLength={frames}\n")
    rng = np.random.default_rng(0)
    for frame in range(1, frames + 1):
        picture = np.full((96, 160, 3), 60, np.uint8)
        for identity, left, top in boxes:
            picture[top : top + 48, left : left + 24] = dress(identity, rng)
        cv2.imwrite(str(folder / images / f"{frame:06d}.png"), picture)
    return folder


def write_pictures(folder: Path, count: int) -> Path:
    """COCO pictures of two people each, every one of them dressed alone, and of a car."""
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(0)
    images, annotations = list[dict[str, Any]](), list[dict[str, Any]]()
    for number in range(count):
        picture = np.full((64, 120, 3), 60, np.uint8)
        for side, left in enumerate((8, 48)):
            picture[8:56, left : left + 24] = dress(2 * number + side, rng)
            annotations.append(
                {"id": len(annotations), "image_id": number, "category_id": 1, "bbox": [left, 8, 24, 48]}
            )
        annotations.append({"id": len(annotations), "image_id": number, "category_id": 3, "bbox": [80, 20, 36, 30]})
        cv2.imwrite(str(folder / "images" / f"{number}.png"), picture)
        images.append({"id": number, "file_name": f"{number}.png", "width": 120, "height": 64})
    categories = [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}]
    path = folder / "annotations.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return path
