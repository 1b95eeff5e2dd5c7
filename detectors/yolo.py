"""Ultralytics checkpoints (.pt), through the `yolo` extra."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from detectors.base import Detections, Frame
from detectors.boxes import clip
from detectors.errors import InputError
from detectors.extras import install_extra

DEVICES = ("auto", "cpu", "cuda", "mps")
USUAL_SIZE = 640  # pixels: what ultralytics takes where nobody says otherwise


class YoloDetector:
    """Any detection checkpoint of ultralytics.

    A checkpoint is a pickle, and loading a pickle runs what is inside it: only `path`, which the user named, is ever
    loaded; nothing is looked up elsewhere or downloaded. conf: candidates below this score are left out. iou: overlap
    that ultralytics' own NMS allows. imgsz: longer input side in pixels, None for the checkpoint's own. device:
    "auto", "cpu", "cuda", "cuda:1", "mps".

    Raises InputError when the extra is not installed, or the file is missing, damaged, or no detector.
    """

    suppressed = True
    concurrent = False

    def __init__(
        self,
        path: str | Path,
        conf: float = 0.1,
        iou: float = 0.7,
        imgsz: int | None = None,
        device: str = "auto",
    ) -> None:
        path = Path(path)
        self.name = path.name
        if not path.is_file():
            raise InputError(path, "no such model file", "check the path")
        if device.partition(":")[0] not in DEVICES:
            known = f"torch computes a .pt checkpoint on {', '.join(DEVICES)}"
            raise InputError(f"--device {device}", known, "choose one of them, or export the model to .onnx")
        os.environ.setdefault("YOLO_AUTOINSTALL", "false")  # ultralytics would otherwise call pip at run time
        os.environ.setdefault("YOLO_OFFLINE", "true")
        os.environ.setdefault("YOLO_VERBOSE", "false")
        try:
            from ultralytics import YOLO  # type: ignore[attr-defined]  # it is loaded lazily there
        except ImportError as error:
            raise InputError(
                path,
                f"a .pt checkpoint needs ultralytics ({error})",
                f"{install_extra('yolo')}, or export the model to .onnx, which needs nothing more",
            ) from None
        try:
            self._model = YOLO(str(path))
            task = self._model.task
            self.class_names: Mapping[int, str] = {int(k): str(v) for k, v in self._model.names.items()}
        except Exception as error:  # unpickling a damaged or foreign file can raise anything
            reason = (str(error).splitlines() or [type(error).__name__])[0].removeprefix("ERROR ❌️ ")[:160]
            raise InputError(path, f"is no ultralytics checkpoint: {reason}", "give a checkpoint saved by it") from None
        if task not in ("detect", "segment", "pose"):
            raise InputError(path, f"is a model for the task {task!r}, not for detection", "give a detection model")
        self._arguments: dict[str, Any] = {"conf": conf, "iou": iou, "verbose": False, "save": False}
        self._arguments |= {} if imgsz is None else {"imgsz": imgsz}
        self._imgsz = imgsz or USUAL_SIZE
        self._arguments |= {} if device == "auto" else {"device": device}

    def search_size(self, height: int, width: int) -> int:
        """The longer side in pixels that a frame of any size is scaled to."""
        return self._imgsz

    def __call__(self, frame: Frame) -> Detections:
        """Objects in pixels of the frame, suppressed by ultralytics itself."""
        results: Any = self._model.predict(frame.image, **self._arguments)
        found = results[0].boxes.cpu().numpy()
        height, width = frame.image.shape[:2]
        boxes = clip(found.xyxy.astype(np.float64), width, height)
        return Detections(boxes, np.clip(found.conf, 0, 1), found.cls.astype(np.int64))
