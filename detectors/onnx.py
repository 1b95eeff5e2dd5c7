"""Detectors exported to ONNX by others, on ONNX Runtime alone: picture in, forward pass, boxes out. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from detectors.base import Detections, Frame, Image
from detectors.boxes import ONE_OBJECT, clip, nms
from detectors.class_names import classes_told
from detectors.columns import KEYPOINTS, MASKS
from detectors.errors import InputError
from detectors.families import Answer, Candidates
from detectors.families.preprocessing import Placement, parse_preprocessing, place, told
from detectors.identify import names_of, own_names, probe, recognise
from detectors.metadata import input_size, literal
from detectors.model import PictureModel
from detectors.prototype_masks import PrototypeMasks
from detectors.runtime import device_note, open_session
from detectors.settings import ModelSettings

USUAL_SIZE = 640  # pixels, of exports that do not say
STRIDE = 32  # convolutional models take sides that are multiples of their coarsest stride
STRIDES = (32, 64, 128)
NOTHING = 2.0  # a score that no candidate has


class OnnxDetector:
    """A detection model of one of the families in detectors/families/.

    path: the file. conf: candidates below this score are left out. imgsz: longer side of the model's input in pixels,
    for exports with a free input size; None takes the size the model was exported for. device: see `open_session`.
    session: the file, where it is open already. settings: what the file does not say. iou: overlap up to which two
    detections of a class are two objects, for models with masks: these are suppressed here, as masks take time.

    The class names come from the file's metadata; else they are COCO's if there are as many classes, and numbers if
    not. The family is told from what the model answers to a grey picture. notes: what the user should know.

    Raises InputError when the file is missing, damaged, or no detector that is known, or the settings do not fit it.
    """

    concurrent = True

    def __init__(
        self,
        path: str | Path,
        conf: float = 0.1,
        imgsz: int | None = None,
        device: str = "auto",
        session: ort.InferenceSession | None = None,
        settings: ModelSettings | None = None,
        iou: float = 0.7,
    ) -> None:
        self.name, self.conf = Path(path).name, conf
        session, settings = session or open_session(path, device), settings or ModelSettings()
        metadata = session.get_modelmeta().custom_metadata_map
        self._model = PictureModel(session, path)
        self._long_side = imgsz or _exported_size(metadata, path)
        self._stride = _stride(metadata)
        if imgsz and self._model.fixed and imgsz != max(self._model.fixed):
            sizes = f"{max(self._model.fixed)} pixels only, not {imgsz}"
            raise InputError(path, f"was exported for {sizes}", "leave out --imgsz or re-export")
        own = own_names(metadata, path)
        answer = replace(probe(self._model, path), classes=len(own))
        self._family = recognise(answer, settings, path)
        names, notes = names_of(answer, self._family, own, settings, path)
        self.class_names: Mapping[int, str] = names
        self.notes = (*device_note(session, device), *notes)
        self._classes = len(own)
        masks = self._family.decode(self._known(answer), NOTHING).coefficients is not None
        self._iou = iou if masks and not self._family.suppressed else None
        self.suppressed = self._family.suppressed or masks
        how = parse_preprocessing(settings.preprocess or "", self._family.preprocessing(answer))
        keep_shape = self._model.fixed and how.fit == "whole"
        self._preprocessing = replace(how, fit="letterbox") if keep_shape else how

    @property
    def how_read(self) -> str:
        """Family, preprocessing and classes, in one line."""
        how = told(self._model.counting(self._preprocessing))
        return f"{self._family.name}: {how}, {classes_told(self.class_names)}"

    def __call__(self, frame: Frame) -> Detections:
        """Candidates in pixels of the frame, not yet suppressed where the model does not do that."""
        canvas, placement = self._place(frame)
        return self._read(frame, placement, self._model(canvas, placement, self._preprocessing))

    @property
    def batched(self) -> bool:
        """Whether the model takes several pictures at once, and is quicker so: on a processor it is not."""
        return self._model.batched and self._model.accelerated

    def batch(self, frames: Sequence[Frame]) -> list[Detections]:
        """The candidates in each frame; those that the model is given in one size go in together."""
        placed = [self._place(frame) for frame in frames]
        answers: dict[int, Answer] = {}
        for shape in {canvas.shape for canvas, _ in placed}:
            rows = [row for row, (canvas, _) in enumerate(placed) if canvas.shape == shape]
            canvases, placements = zip(*(placed[row] for row in rows), strict=True)
            answers |= zip(rows, self._model.batch(canvases, placements, self._preprocessing), strict=True)
        return [self._read(frame, placed[row][1], answers[row]) for row, frame in enumerate(frames)]

    def _place(self, frame: Frame) -> tuple[Image, Placement]:
        """A frame as the model takes it, and how it was made so."""
        return place(frame.image, self._input_size(*frame.image.shape[:2]), self._preprocessing)

    def _read(self, frame: Frame, placement: Placement, answer: Answer) -> Detections:
        """The candidates in the model's answer to a frame."""
        height, width = frame.image.shape[:2]
        found = self._family.decode(self._known(answer), self.conf)
        boxes = clip(placement.to_frame(found.boxes), width, height)
        kept = np.flatnonzero((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]))
        if self._iou is not None:
            kept = kept[nms(boxes[kept], found.scores[kept], self._iou, found.class_ids[kept], ONE_OBJECT)]
        found, boxes = found[kept], boxes[kept]
        columns = _columns(found, placement)
        if found.coefficients is not None and found.prototypes is not None:
            masks = PrototypeMasks(found.prototypes, placement, (answer.height, answer.width), (height, width))
            columns[MASKS] = masks(boxes, found.coefficients)
        return Detections(boxes, np.clip(found.scores, 0, 1), found.class_ids, columns=columns)

    def _known(self, answer: Answer) -> Answer:
        """The answer with what was learnt of the model when it was loaded."""
        return replace(answer, classes=self._classes, family=self._family.key)

    def search_size(self, height: int, width: int) -> int:
        """The longer side in pixels that a frame of that size is scaled to."""
        return max(self._input_size(height, width))

    def _input_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of the model's input: its own, or the smallest rectangle that holds the scaled picture."""
        if self._model.fixed:
            return self._model.fixed
        fit, long_side = self._preprocessing.fit, self._long_side or USUAL_SIZE
        if fit == "stretch":
            return long_side, long_side
        if fit == "whole":
            scale = self._long_side / max(height, width) if self._long_side else 1.0
            return max(1, round(height * scale)), max(1, round(width * scale))
        scale = long_side / max(height, width)
        return self._up_to_stride(height * scale), self._up_to_stride(width * scale)

    def _up_to_stride(self, side: float) -> int:
        return max(self._stride, int(np.ceil(side / self._stride - 1e-6)) * self._stride)


def _columns(found: Candidates, placement: Placement) -> dict[str, Any]:
    """What is known beside the boxes: keypoints in pixels of the frame."""
    if found.keypoints is None:
        return {}
    points, seen = placement.points_to_frame(found.keypoints[..., :2]), found.keypoints[..., 2:]
    return {KEYPOINTS: np.concatenate([points, seen], axis=2)}


def _exported_size(metadata: dict[str, str], path: str | Path) -> int | None:
    """The longer side that the file names, None where it names none."""
    try:
        size = input_size(metadata, "imgsz", USUAL_SIZE)
    except ValueError as error:
        raise InputError(path, f"is no model that can be used: {error}", "export it again") from None
    return size if "imgsz" in metadata else None


def _stride(metadata: dict[str, str]) -> int:
    """The coarsest stride that the file names, if it is one of those that there are."""
    try:
        stride = literal(metadata, "stride", STRIDE)
    except ValueError:
        return STRIDE
    return stride if stride in STRIDES else STRIDE
