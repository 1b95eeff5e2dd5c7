"""torchvision's detectors: ``boxes (N, 4)`` xyxy in pixels of the input, ``labels (N,)`` from 1, ``scores (N,)``.

Their order differs from model to model, so they are told by names, types and shapes. The models scale for themselves,
and take RGB in [0, 1] (torchvision's documentation of its models). With a batch, boxes as shares and labels from 1 it
is the SSD of ONNX's model zoo, which wants ImageNet's mean and deviation; with a count of the rows, a YOLO model with
the operator EfficientNMS behind it, or YOLO-NAS in its batch format.
"""

from __future__ import annotations

from detectors.families.base import Answer, Candidates, Family
from detectors.families.columns import counted, find_columns
from detectors.families.evidence import are_shares
from detectors.families.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing


def _kind(answer: Answer) -> str:
    """Which of the three it is, "" for none."""
    columns = find_columns(answer)
    if columns is None or answer.told or any("detection_boxes" in name for name in answer.outputs):
        return ""
    if not columns.batched:
        return "torchvision"
    return "ssd" if counted(answer) is None else "efficient nms"


def decode(answer: Answer, conf: float) -> Candidates:
    """The rows at or above `conf`."""
    columns = find_columns(answer)
    assert columns is not None
    shares = columns.batched and are_shares(columns.boxes)
    return columns.candidates(columns.boxes * answer.size if shares else columns.boxes, conf)


TORCHVISION = Family(
    "torchvision",
    "torchvision's",
    lambda answer: _kind(answer) == "torchvision",
    decode,
    lambda _: Preprocessing("whole"),
    first_class=1,
    suppressed=True,
)
SSD = Family(
    "ssd-nms",
    "SSD with NMS inside",
    lambda answer: _kind(answer) == "ssd",
    decode,
    lambda _: Preprocessing("stretch", mean=IMAGENET_MEAN, std=IMAGENET_STD),
    first_class=1,
    suppressed=True,
)
EFFICIENT_NMS = Family(
    "efficient-nms",
    "YOLO with EfficientNMS",
    lambda answer: _kind(answer) == "efficient nms",
    decode,
    suppressed=True,
)
