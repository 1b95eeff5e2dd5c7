"""Masks of YOLO segmentation exports, beside those that their makers' program makes of the same file.

usage: python -m benchmarks.detection.segmentation PICTURE... [--models yolov8n-seg,yolo11n-seg,yolo26n-seg]

Each model is made with random weights by ultralytics, and exported by it to ONNX; the masks are nonsense, but decoding
them is not. ultralytics is used as a program, in a process of its own, with ``retina_masks=True``, which makes masks of
the frame's own pixels. Printed are, of all detections that both have, the mean and the least intersection over union.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.tables import print_circumstances, print_table
from detectors.base import Floats, Frame
from detectors.boxes import iou_matrix
from detectors.columns import masks_in
from detectors.masks import Mask, mask_iou
from detectors.onnx import OnnxDetector
from detectors.run_lengths import decode

MODELS = "yolov8n-seg,yolo11n-seg,yolo26n-seg"
SAME = 0.95  # IoU of boxes that are one detection
CONF, IOU = 0.05, 0.7

THEIRS = """
import json, sys
import numpy as np, torch
from pycocotools import mask as coco
from ultralytics import YOLO

name, folder, conf, iou, *pictures = sys.argv[1:]
torch.manual_seed(0)
model = YOLO(f"{name}.yaml", task="segment")
for key, value in model.model.named_parameters():
    if key.endswith(".2.bias") and value.numel() == 80:  # of the classes: random, so that something is found
        value.data = torch.linspace(-9, -2.2, 80)[torch.randperm(80)]
    if key.endswith(".2.bias") and value.numel() == 32:  # of the masks' coefficients: of both signs
        value.data = torch.randn(32)
model.save(f"{folder}/model.pt")
path = YOLO(f"{folder}/model.pt").export(format="onnx", imgsz=(384, 640), opset=17, verbose=False)
found = []
for picture in pictures:
    each, = YOLO(path, task="segment")(picture, conf=float(conf), iou=float(iou), imgsz=(384, 640), retina_masks=True,
                                       max_det=100, verbose=False)
    masks = [] if each.masks is None else each.masks.data.cpu().numpy().astype(np.uint8)
    texts = [coco.encode(np.asfortranarray(mask)) for mask in masks]
    found.append({"boxes": each.boxes.xyxy.tolist(),
                  "masks": [{"size": list(map(int, t["size"])), "counts": t["counts"].decode()} for t in texts]})
print("\\n" + json.dumps({"path": path, "found": found}))
"""


def theirs(name: str, folder: Path, pictures: Sequence[Path]) -> tuple[Path, list[tuple[Floats, list[Mask]]]]:
    """The exported file, and of each picture the boxes ``(N, 4)`` and masks that ultralytics finds with it."""
    command = [sys.executable, "-c", THEIRS, name, str(folder), str(CONF), str(IOU), *map(str, pictures)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder)
    told = json.loads(done.stdout.strip().splitlines()[-1])
    found = [
        (np.array(each["boxes"]).reshape(-1, 4), [decode(mask) for mask in each["masks"]]) for each in told["found"]
    ]
    return Path(told["path"]), found


def overlaps(detector: OnnxDetector, picture: Path, boxes: Floats, masks: Sequence[Mask]) -> list[float]:
    """The intersection over union of each of their masks with ours of the same detection."""
    image = cv2.imread(str(picture))
    assert image is not None
    found = detector(Frame(np.asarray(image, np.uint8), 1, 0.0))
    ours = masks_in(found.columns, len(found))
    alike = iou_matrix(boxes, found.boxes)
    pairs = [(row, int(alike[row].argmax())) for row in range(len(boxes)) if len(found) and alike[row].max() >= SAME]
    return [mask_iou(masks[row], mask) for row, at in pairs if (mask := ours[at]) is not None and masks[row].area]


def main() -> None:
    """Compare all models on all pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE")
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    print_circumstances()
    pictures = [each.resolve() for each in arguments.pictures]
    rows = []
    for name in arguments.models.split(","):
        with tempfile.TemporaryDirectory() as folder:
            path, found = theirs(name, Path(folder), pictures)
            detector = OnnxDetector(path, CONF, iou=IOU)
            each = [overlaps(detector, *pair) for pair in zip(pictures, *zip(*found, strict=True), strict=True)]
        values = np.concatenate(each)
        count = sum(len(boxes) for boxes, _ in found)
        rows.append([name, str(count), str(len(values)), f"{values.mean():.4f}", f"{values.min():.4f}"])
    print_table(
        "Masks", ["model", "their detections", "in both, with a mask", "mean IoU", "least"], [rows], arguments.markdown
    )


if __name__ == "__main__":
    main()
