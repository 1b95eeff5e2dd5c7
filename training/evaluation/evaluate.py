"""Average precision of a detector on labelled pictures, as COCO counts it, by pycocotools."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from detectors.base import Detections, Image
from training.data.dataset import Dataset, LabelledImage

IOU = 0.7  # overlap that non-maximum suppression leaves standing, the same for every detector
MOST = 100  # detections a picture that count
WEAKEST = 0.01  # score below which detections do not count


class Precision(NamedTuple):
    """Average precision of one class, or the mean of several. ap50: at IoU 0.5. ap: mean over IoU 0.5 to 0.95.

    boxes: how many objects there were to find.
    """

    ap50: float
    ap: float
    boxes: int


def evaluate(
    detect: Callable[[Image], Detections],
    read: Callable[[LabelledImage], Image],
    dataset: Dataset,
) -> dict[str, Precision]:
    """Average precision by class name, of the classes that were looked for anywhere, and their "mean".

    detect: gives suppressed detections whose class ids are positions in the data set's class names, any of no class of
    it left out. A class is judged only on the pictures in which it was looked for. Boxes marked difficult count neither
    as found nor as missed.
    """
    found = [detect(read(image)) for image in dataset.images]
    precisions = {
        name: _of_class(class_id, found, dataset)
        for class_id, name in enumerate(dataset.class_names)
        if any((image.class_ids[~image.difficult] == class_id).any() for image in dataset.images)
    }
    columns = np.array(list(precisions.values())).reshape(-1, 3)
    if len(columns):
        ap50, ap = columns[:, :2].mean(axis=0)
        precisions["mean"] = Precision(float(ap50), float(ap), int(columns[:, 2].sum()))
    return precisions


def _of_class(class_id: int, found: list[Detections], dataset: Dataset) -> Precision:
    images, annotations, results = list[dict[str, int]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for number, (image, detections) in enumerate(zip(dataset.images, found, strict=True), start=1):
        if not image.labelled[class_id]:
            continue
        images.append({"id": number, "width": image.width, "height": image.height})
        mine = image.class_ids == class_id
        for box, difficult in zip(image.boxes[mine], image.difficult[mine], strict=True):
            annotations.append(_annotation(len(annotations) + 1, number, box, bool(difficult)))
        theirs = detections[detections.class_ids == class_id]
        for box, score in zip(theirs.boxes, theirs.scores, strict=True):
            results.append({**_annotation(len(results) + 1, number, box, False), "score": float(score)})
    count = sum(not annotation["ignore"] for annotation in annotations)
    if not results:
        return Precision(0.0, 0.0, count)
    ap, ap50 = _coco_stats({"images": images, "annotations": annotations}, results)
    return Precision(ap50, ap, count)


def _annotation(number: int, image: int, box: Any, ignore: bool) -> dict[str, Any]:
    left, top, right, bottom = (float(value) for value in box)
    size = [right - left, bottom - top]
    area = size[0] * size[1]
    flags = {"iscrowd": int(ignore), "ignore": int(ignore)}
    return {"id": number, "image_id": image, "category_id": 1, "bbox": [left, top, *size], "area": area, **flags}


def _coco_stats(document: Mapping[str, Any], results: list[dict[str, Any]]) -> tuple[float, float]:
    """(AP, AP50) by pycocotools, whose prints go nowhere."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {"info": {}, "categories": [{"id": 1, "name": "object"}], **document}
        truth.createIndex()
        judge = COCOeval(truth, truth.loadRes(results), "bbox")
        judge.params.maxDets = [1, 10, MOST]
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return float(judge.stats[0]), float(judge.stats[1])
