"""A data set made small enough to travel: pictures encoded anew, labels scaled with them.

A machine with an accelerator is often one that takes a few dozen megabytes. Pictures are made smaller and coarser in
steps, all alike, until they fit.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from detectors.base import Detections, Image
from detectors.boxes import clip
from detectors.errors import InputError
from training.data.counts import counted
from training.data.dataset import Dataset, LabelledImage
from training.data.feed import PictureReader

SAMPLE = 200  # pictures by which the size of all is estimated
MARGIN = 0.95  # of the limit that the estimate may reach


class Coarseness(NamedTuple):
    """longest: pixels of a picture's longer side at most. quality: of WebP, which takes two thirds of JPEG."""

    longest: int
    quality: int


STEPS = (
    *(Coarseness(400, quality) for quality in (90, 75, 60)),
    *(Coarseness(longest, 55) for longest in (360, 320)),
    *(Coarseness(longest, 45) for longest in (320, 288, 256, 224)),
)


def pack(dataset: Dataset, labels: Mapping[str, Detections], folder: Path, limit: float) -> Coarseness:
    """Write a data set and a teacher's labels for it into a new folder, in at most `limit` bytes; returns how coarse.

    Raises InputError when two pictures have one name, or nothing is coarse enough.
    """
    names = [image.path.stem for image in dataset.images]
    if len(set(names)) < len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise InputError(double, "is the name of two pictures", "rename one")
    how = coarseness(dataset, limit)
    (folder / "images").mkdir(parents=True)
    read = PictureReader(limit=0)
    smaller = []
    for image in dataset.images:
        picture, scaled = shrunk(read(image), image, how)
        smaller.append(dataclasses.replace(scaled, path=folder / "images" / f"{image.path.stem}.webp"))
        smaller[-1].path.write_bytes(encoded(picture, how))
    (folder / "annotations.json").write_text(json.dumps(coco(Dataset(dataset.class_names, tuple(smaller)))))
    lines = [json.dumps(row) for row in _rows(dataset, smaller, labels)]
    (folder / "teacher.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return how


def coarseness(dataset: Dataset, limit: float) -> Coarseness:
    """The finest step at which the pictures fit into `limit` bytes, by an even sample of them."""
    read = PictureReader()
    sample = dataset.images[:: max(1, len(dataset.images) // SAMPLE)]
    for how in STEPS:
        spent = [len(encoded(shrunk(read(image), image, how)[0], how)) for image in sample]
        if np.mean(spent) * len(dataset.images) <= MARGIN * limit:
            return how
    raise InputError(
        "--megabytes", f"is too little for {counted(len(dataset.images), 'picture')}", "allow more, or give fewer"
    )


def shrunk(picture: Image, image: LabelledImage, how: Coarseness) -> tuple[Image, LabelledImage]:
    """A picture no larger than told, and its labels in its pixels."""
    scale = min(1.0, how.longest / max(image.width, image.height))
    width, height = (max(1, round(side * scale)) for side in (image.width, image.height))
    if scale < 1:
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    factors = np.array([width / image.width, height / image.height] * 2)
    return picture, dataclasses.replace(image, width=width, height=height, boxes=image.boxes * factors)


def encoded(picture: Image, how: Coarseness) -> bytes:
    """The bytes of a WebP file."""
    done, data = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, how.quality])
    assert done
    return data.tobytes()


def coco(dataset: Dataset) -> dict[str, Any]:
    """A data set as a COCO document that `load_dataset` reads as the same."""
    images, annotations = list[dict[str, Any]](), list[dict[str, Any]]()
    for number, image in enumerate(dataset.images):
        entry = {"id": number, "file_name": image.path.name, "width": image.width, "height": image.height}
        looked_for = np.flatnonzero(image.labelled).tolist()
        images.append({**entry, "source": image.source, "labelled_category_ids": looked_for})
        for box, class_id, difficult in zip(image.boxes, image.class_ids, image.difficult, strict=True):
            left, top, right, bottom = (round(float(value), 2) for value in box)
            row = {"id": len(annotations), "image_id": number, "category_id": int(class_id)}
            annotations.append({**row, "bbox": [left, top, right - left, bottom - top], "difficult": int(difficult)})
    categories = [{"id": number, "name": name} for number, name in enumerate(dataset.class_names)]
    return {"categories": categories, "images": images, "annotations": annotations}


def _rows(
    dataset: Dataset, smaller: Sequence[LabelledImage], labels: Mapping[str, Detections]
) -> Iterator[dict[str, Any]]:
    """The teacher's labels of the pictures that it has seen, in the pixels of the smaller ones."""
    for before, image in zip(dataset.images, smaller, strict=True):
        found = labels.get(before.path.name)
        if found is None:
            continue
        factors = np.array([image.width / before.width, image.height / before.height] * 2)
        boxes = clip(found.boxes, before.width, before.height)  # as far as it is used; far ones would overflow
        yield {
            "file": image.path.name,
            "boxes": (boxes * factors).round(2).tolist(),
            "scores": found.scores.round(4).tolist(),
            "classes": [dataset.class_names[class_id] for class_id in found.class_ids],
        }
