"""Which family a model belongs to: the table of all, and the look for one that fits."""

from __future__ import annotations

from dataclasses import replace

from detectors.families import (
    detr,
    nanodet,
    paddle,
    picodet,
    rtdetr,
    rtmdet,
    sized_detr,
    ssd,
    tensorflow,
    torchvision,
    yolo,
    yolo_end_to_end,
    yolo_nas,
    yolo_objectness,
    yolox,
)
from detectors.families.base import Answer, Family
from detectors.families.cells import strides_of
from detectors.families.yolo import counts_objectness

FAMILIES = (
    yolo.FAMILY,
    yolo_objectness.FAMILY,
    yolo_end_to_end.END_TO_END,
    yolo_end_to_end.FLAT,
    yolox.YOLOX,
    yolox.YOLOV6,
    yolo_nas.FAMILY,
    torchvision.EFFICIENT_NMS,
    rtdetr.FAMILY,
    sized_detr.FAMILY,
    detr.FAMILY,
    rtmdet.RTMDET,
    rtmdet.RTMDET_MAPS,
    nanodet.FAMILY,
    picodet.FAMILY,
    paddle.FAMILY,
    tensorflow.TENSORFLOW,
    tensorflow.EFFICIENTDET,
    ssd.FAMILY,
    torchvision.SSD,
    torchvision.TORCHVISION,
)
"""All of them; no model is recognised by two unless nothing tells them apart."""

KEYS = tuple(family.key for family in FAMILIES)


class NotRecognisedError(ValueError):
    """No family fits, or several do. remedy: what to do."""

    def __init__(self, why: str, remedy: str) -> None:
        self.remedy = remedy
        super().__init__(why)


def find_family(answer: Answer, key: str = "") -> Family:
    """The family of a model that answers so. key: of the one that it is said to be. Raises NotRecognisedError."""
    if key:
        return _named(answer, key)
    fitting = [family for family in FAMILIES if family.recognises(answer)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        keys = " or ".join(f"--family {family.key}" for family in fitting)
        names = "; ".join(family.name for family in fitting)
        raise NotRecognisedError(f"fits several families: {names}", f"give {keys}")
    raise _unknown(answer)


def _named(answer: Answer, key: str) -> Family:
    """The family with that key, if it can read the answer."""
    family = next(each for each in FAMILIES if each.key == key)
    if not family.recognises(replace(answer, family=key)):
        shapes = ", ".join(map(str, answer.shapes))
        raise NotRecognisedError(f"is no {family.name}: its output has the shape {shapes}", "leave out --family")
    return family


def _unknown(answer: Answer) -> NotRecognisedError:
    """Why no family fits; what is known not to work has words of its own."""
    shapes = ", ".join(map(str, answer.shapes)) or "nothing"
    if classes := _either_way(answer):
        return NotRecognisedError(
            f"fits two families: YOLOX or YOLOv6 with {_classes(classes)}, YOLOv8 with {_classes(classes + 1)}",
            "give --family yolox, yolov6 or yolo, or --names FILE",
        )
    if _are_raw_heads(answer):
        return NotRecognisedError(
            f"has the raw maps {shapes}, and not the anchors that they are relative to",
            "export it with the grid inside: YOLOv7 with --grid, YOLOv5 without --train",
        )
    return NotRecognisedError(f"its output has the shape {shapes}", "docs/detectors.md lists the exports that are read")


def _either_way(answer: Answer) -> int:
    """How many classes there are if column 4 of the table is an objectness, 0 if nothing is unclear about that."""
    table = answer.table
    if table is None or table.shape[1] < 6 or not strides_of(table.shape[0], answer.height, answer.width):
        return 0
    return table.shape[1] - 5 if counts_objectness(table, answer) is None else 0


def _classes(count: int) -> str:
    return "1 class" if count == 1 else f"{count} classes"


def _are_raw_heads(answer: Answer) -> bool:
    """Two to four maps, one for each stride, of which each cell has three anchors' numbers."""
    if not 2 <= len(answer.shapes) <= 4:
        return False
    five = all(len(shape) == 5 and shape[1] == 3 for shape in answer.shapes)
    four = all(len(shape) == 4 and shape[1] % 3 == 0 and shape[1] > 15 for shape in answer.shapes)
    return five or four
