"""YOLO-family exports (.onnx) straight on ONNX Runtime: letterbox, forward pass, decode. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime as ort

from detectors.base import Detections, Floats, Frame, Image
from detectors.boxes import clip, cxcywh_to_xyxy
from detectors.errors import InputError
from detectors.metadata import class_names, input_size
from detectors.runtime import answer, open_session

USUAL_SIZE = 640  # pixels, of exports that do not say
STRIDE = 32  # YOLO models take sides that are multiples of their coarsest stride
PAD_GREY = 114  # the colour around the picture in YOLO training
REMEDY = "give a YOLOv5, v8, v11 or later detection export, or a sliding detector"


class OnnxDetector:
    """A YOLOv5, v8, v11 or end-to-end detection model exported to ONNX.

    path: the file. conf: candidates below this score are left out. imgsz: longer side of the model's input in pixels,
    for exports with a free input size; None takes the size the model was exported for. device: "cpu" or "cuda".
    session: the file, where it is open already.

    The class names come from the file's metadata. The output layout is told from its shape: ``(1, 4 + C, N)``
    (v8 and later), ``(1, N, 5 + C)`` with an objectness column (v5), or ``(1, N, 6)`` (end to end, no NMS needed).

    Raises InputError when the file is missing, damaged, or no detector of these kinds.
    """

    suppressed = False
    concurrent = True

    def __init__(
        self,
        path: str | Path,
        conf: float = 0.1,
        imgsz: int | None = None,
        device: str = "auto",
        threads: int = 0,
        session: ort.InferenceSession | None = None,
    ) -> None:
        self.name, self._path = Path(path).name, path
        self.conf = conf
        self._session = session or open_session(path, device, threads)
        metadata = self._session.get_modelmeta().custom_metadata_map
        try:
            self.class_names: Mapping[int, str] = class_names(metadata)
            exported_size = input_size(metadata, "imgsz", USUAL_SIZE)
        except ValueError as error:
            raise InputError(path, f"is no model that can be used: {error}", "export it again") from None
        if metadata.get("task", "detect") not in ("detect", "segment", "pose"):
            raise InputError(path, f"is a model for the task {metadata['task']!r}, not for detection", REMEDY)
        shapes = [each.shape for each in self._session.get_inputs()]
        if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][1] not in (3, "channels", None):
            raise InputError(path, f"takes inputs of the shapes {shapes}, not one picture", REMEDY)
        model_input = self._session.get_inputs()[0]
        self._input = model_input.name
        self._dtype = np.float16 if "float16" in model_input.type else np.float32
        fixed = [side if isinstance(side, int) and side > 0 else None for side in model_input.shape[2:]]
        self._fixed = (fixed[0], fixed[1]) if fixed[0] and fixed[1] else None
        self._long_side = imgsz or exported_size
        if imgsz and self._fixed and imgsz != max(self._fixed):
            raise InputError(
                path, f"was exported for {max(self._fixed)} pixels only, not {imgsz}", "leave out --imgsz or re-export"
            )
        self._check_output(path)

    def _check_output(self, path: str | Path) -> None:
        """Learn from one grey picture whether the output is one we can read: better now than at the first frame."""
        height, width = self._fixed or (STRIDE * 2, STRIDE * 2)
        try:
            output = self._run(np.full((height, width, 3), PAD_GREY, np.uint8))
            self._decode(output, height, width)
        except Exception as error:  # ONNX Runtime raises several kinds; each means "not such a model"
            reason = str(error).splitlines()[0][:160]
            raise InputError(path, f"does not answer like a detector: {reason}", REMEDY) from None

    def __call__(self, frame: Frame) -> Detections:
        """Candidates in pixels of the frame, not yet suppressed."""
        height, width = frame.image.shape[:2]
        blob, scale, left, top = letterbox(frame.image, self._input_size(height, width))
        boxes, scores, class_ids = self._decode(self._run(blob), *blob.shape[:2])
        boxes = clip((boxes - [left, top, left, top]) / scale, width, height)
        real = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        return Detections(boxes[real], np.clip(scores[real], 0, 1), class_ids[real])

    def search_size(self, height: int, width: int) -> int:
        """The longer side in pixels that a frame of that size is scaled to."""
        return max(self._input_size(height, width))

    def _input_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of the model's input: its own, or the smallest rectangle that holds the scaled picture."""
        if self._fixed:
            return self._fixed
        scale = self._long_side / max(height, width)
        return _up_to_stride(height * scale), _up_to_stride(width * scale)

    def _run(self, picture: Image) -> Floats:
        blob = cv2.dnn.blobFromImage(picture, 1 / 255, swapRB=True)
        return answer(self._session, {self._input: blob.astype(self._dtype, copy=False)}, self._path)

    def _decode(self, output: Floats, height: int, width: int) -> tuple[Floats, Floats, Any]:
        """xyxy boxes in input pixels ``(N, 4)``, scores ``(N,)`` and class ids ``(N,)`` at or above `conf`."""
        if output.ndim != 3 or output.shape[0] != 1 or max(output.shape[1:]) < 5:
            raise ValueError(f"its output has the shape {output.shape}")
        table = output[0]
        layout, classes = self._layout(table.shape, height, width)
        if layout == "end2end":
            rows = table[table[:, 4] >= self.conf].astype(np.float64)
            return rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64)
        if layout == "v5":
            table = table.T
            table = table[:, table[4] >= self.conf]  # objectness bounds the score from above
            class_scores = table[5 : 5 + classes] * table[4]
        else:
            class_scores = table[4 : 4 + classes]
        scores = class_scores.max(axis=0)
        strong = np.flatnonzero(scores >= self.conf)
        class_ids = class_scores[:, strong].argmax(axis=0)
        boxes = cxcywh_to_xyxy(table[:4, strong].T.astype(np.float64))
        return boxes, scores[strong].astype(np.float64), class_ids

    def _layout(self, shape: tuple[int, ...], height: int, width: int) -> tuple[str, int]:
        """Name of the output layout and number of classes, told by how many cells an input of this size has."""
        cells = sum((height // s) * (width // s) for s in (8, 16, 32))
        cells_p6 = cells + (height // 64) * (width // 64)
        known = len(self.class_names)
        if shape[1] in (cells, cells_p6) and shape[0] >= 4 + known:
            return "v8", known or shape[0] - 4
        if shape[0] in (3 * cells, 3 * cells_p6) and shape[1] >= 5 + known:
            return "v5", known or shape[1] - 5
        if shape[1] == 6:
            return "end2end", known
        raise ValueError(f"its output has the shape {(1, *shape)}")


def letterbox(image: Image, size: tuple[int, int]) -> tuple[Image, float, int, int]:
    """`image` scaled to fit (height, width) `size` and centred on grey; also the scale and the left and top margin."""
    scale = min(size[0] / image.shape[0], size[1] / image.shape[1])
    height, width = max(1, round(image.shape[0] * scale)), max(1, round(image.shape[1] * scale))
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    canvas = np.full((*size, 3), PAD_GREY, np.uint8)
    canvas[top : top + height, left : left + width] = cv2.resize(image, (width, height))
    return canvas, scale, left, top


def _up_to_stride(side: float) -> int:
    return max(STRIDE, int(np.ceil(side / STRIDE - 1e-6)) * STRIDE)
