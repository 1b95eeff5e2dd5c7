"""A teacher's labels beside the human ones: pseudo-labels, soft where the teacher is, silent where it is unsure.

Another detector has looked at the pictures (Lee, "Pseudo-label", 2013; Sohn et al., "A simple semi-supervised learning
framework for object detection", 2020). Where a person looked for a class, the person counts. Elsewhere a box of the
teacher is an object, as sure as its score says; a weak box is neither a hit nor a miss; where there is none, there is
nothing. Scores mean what the human labels say they mean: they are calibrated on the classes that a person looked for.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, logit

from detectors.base import Detections
from detectors.boxes import clip, tlwh_to_xyxy
from detectors.errors import InputError, refusing
from training.data.dataset import Dataset, LabelledImage
from training.data.score_calibration import fit_scale, match

SURE = 0.5  # chance of being right from which a box of the teacher is an object
TOLD = 3  # class names of a file that are told
DOUBTFUL = 0.1  # and from which it is at least no background
Labels = Mapping[str, Detections]
"""What a teacher found, by the file name of the picture; class ids are positions in the data set's class names."""


def with_teacher(dataset: Dataset, labels: Labels) -> Dataset:
    """The data set with the teacher's boxes where nobody looked. Raises InputError when it shows none of the pictures.

    Pictures that the teacher has not seen stay as they are.
    """
    seen = [image for image in dataset.images if image.path.name in labels]
    if not seen:
        raise InputError("--teacher", "has labels for none of the pictures", "label the pictures of DATA, by file name")
    slope, shift = teacher_scale(Dataset(dataset.class_names, tuple(seen)), labels)
    images = [
        _taught(image, labels[image.path.name], slope, shift) if image.path.name in labels else image
        for image in dataset.images
    ]
    return Dataset(dataset.class_names, tuple(images))


def teacher_scale(dataset: Dataset, labels: Labels) -> tuple[float, float]:
    """Slope and shift that turn the logits of a teacher's scores into those of its chance to be right."""
    scores, right = [np.empty(0)], [np.empty(0, dtype=bool)]
    for image in dataset.images:
        found = labels[image.path.name]
        for class_id in np.flatnonzero(image.labelled):
            mine, theirs = image.class_ids == class_id, found[found.class_ids == class_id]
            hit, unclear = match(theirs, image.boxes[mine], image.difficult[mine])
            scores.append(theirs.scores[~unclear])
            right.append(hit[~unclear])
    return fit_scale(np.concatenate(scores), np.concatenate(right))


def _taught(image: LabelledImage, found: Detections, slope: float, shift: float) -> LabelledImage:
    chance = expit(slope * logit(np.clip(found.scores, 1e-6, 1 - 1e-6)) + shift)
    boxes = clip(found.boxes, image.width, image.height)
    real = ((boxes[:, 2:] - boxes[:, :2]) > 0).all(axis=1)
    use = real & (chance >= DOUBTFUL) & ~image.labelled[found.class_ids]
    return dataclasses.replace(
        image,
        boxes=np.concatenate([image.boxes, boxes[use]]),
        class_ids=np.concatenate([image.class_ids, found.class_ids[use]]),
        difficult=np.concatenate([image.difficult, chance[use] < SURE]),
        scores=np.concatenate([image.scores, chance[use]]),
        labelled=np.ones_like(image.labelled),
    )


def read_labels(paths: Sequence[Path], class_names: Sequence[str]) -> Labels:
    """The labels in several files of a teacher; see `read_file`."""
    return {name: found for path in paths for name, found in read_file(path, class_names).items()}


def read_file(path: Path, class_names: Sequence[str]) -> Labels:
    """A teacher's labels: JSON Lines, or COCO annotations with a "score" each (1 where there is none).

    A line of JSON is one picture: {"file": name, "boxes": [[x1, y1, x2, y2], ...] pixels, "scores": [...],
    "classes": [...]}, classes by name, or by their place in the data set; capital letters do not matter. Classes that
    the data set does not have are left out. Raises InputError, naming the line, for anything else, and where the data
    set has none of the file's classes: its pictures would be taken to be empty.
    """
    with refusing(path, "cannot be read", "give a teacher's labels, .jsonl or COCO .json"):
        text = path.read_text(encoding="utf-8")
    rows = list(_coco_rows(path, text) if path.suffix == ".json" else _jsonl_rows(path, text))
    labels = {name: _detections(where, row, class_names) for where, name, row in rows}
    told = _coco_classes(text) if path.suffix == ".json" else [each for _, _, row in rows for each in row["classes"]]
    if told and all(_place(each, class_names) is None for each in told):
        theirs, ours = (", ".join(list(dict.fromkeys(map(str, names)))[:TOLD]) for names in (told, class_names))
        raise InputError(path, f"knows no class of the pictures, but {theirs}", f"name classes as DATA does: {ours}")
    return labels


def _coco_classes(text: str) -> list[str]:
    """The classes that a COCO file could have labelled, also where it has found none of them."""
    return [str(entry["name"]) for entry in json.loads(text)["categories"]]


def _jsonl_rows(path: Path, text: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            where = f"{path}:{number}"
            with refusing(where, "is no picture's labels", "see docs/training.md"):
                row = json.loads(line)
                name = Path(row["file"]).name
            yield where, name, row


def _coco_rows(path: Path, text: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    with refusing(path, "is no COCO file", "it needs images, annotations, categories"):
        document = json.loads(text)
        names = {entry["id"]: entry["name"] for entry in document["categories"]}
        rows: dict[Any, dict[str, list[Any]]] = {
            entry["id"]: {"boxes": [], "scores": [], "classes": []} for entry in document["images"]
        }
        for annotation in document["annotations"]:
            row = rows[annotation["image_id"]]
            row["boxes"].append(tlwh_to_xyxy(np.array([annotation["bbox"]], dtype=np.float64))[0])
            row["scores"].append(annotation.get("score", 1.0))
            row["classes"].append(names[annotation["category_id"]])
        files = {entry["id"]: Path(entry["file_name"]).name for entry in document["images"]}
    for key, row in rows.items():
        yield f"{path}: {files[key]}", files[key], row


def _detections(where: str, row: Mapping[str, Any], class_names: Sequence[str]) -> Detections:
    with refusing(where, "cannot be used", "give boxes, scores and classes of equal number"):
        places = [_place(each, class_names) for each in row["classes"]]
        found = Detections(row["boxes"], row["scores"], np.array([-1 if at is None else at for at in places]))
    return found[found.class_ids >= 0]


def _place(name: Any, class_names: Sequence[str]) -> int | None:
    """Where a class, by name in whatever capitals or by place, stands in the data set; None where it does not."""
    if isinstance(name, str):
        alike = [at for at, each in enumerate(class_names) if each.casefold() == name.casefold()]
        return next((at for at in alike if class_names[at] == name), alike[0] if alike else None)
    place = int(name)
    return place if 0 <= place < len(class_names) else None
