"""A frame -> Detections. Nothing here knows about tracks; nothing but motion.py remembers earlier frames."""

from __future__ import annotations

from pathlib import Path

from detectors.base import Detections, Detector, Frame
from detectors.errors import InputError

__all__ = ["Detections", "Detector", "Frame", "InputError", "load_detector"]

KINDS = "auto, motion, a .pt checkpoint or an .onnx export"


WHY_AUTO = "the best that needs no weights: it finds whatever moves; for classes, --detector MODEL.onnx"
"""Why `auto` takes what it takes, for the user."""


def load_detector(
    name: str | Path = "auto",
    *,
    conf: float = 0.1,
    iou: float = 0.7,
    imgsz: int | None = None,
    device: str = "auto",
) -> Detector:
    """The detector called `name`: ``auto``, ``motion``, or the path of a .pt checkpoint or an .onnx export.

    conf: candidates scored below it are left out. iou: overlap allowed by a model that suppresses by itself. imgsz:
    longer side of the model's input in pixels, None for the model's own. device: "auto", "cpu" or "cuda".

    What a detector imports is imported here, when it is asked for. Raises InputError when there is no such detector.
    """
    text = str(name)
    if text in ("auto", "motion"):
        from detectors.motion import MotionDetector

        return MotionDetector(conf)
    if text == "yolo":
        raise InputError(
            "--detector yolo",
            "which weights? A checkpoint can run code, so only a file that you name is loaded",
            "--detector yolo11n.pt, or an export: --detector yolo11n.onnx",
        )
    if text.endswith(".pt"):
        from detectors.yolo import YoloDetector

        return YoloDetector(text, conf, iou, imgsz, device)
    if text.endswith(".onnx"):
        from detectors.onnx import OnnxDetector

        return OnnxDetector(text, conf, imgsz, device)
    raise InputError(f"--detector {text}", "no such detector", f"choose one of: {KINDS}")
