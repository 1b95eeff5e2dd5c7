"""What objects look like: re-identification models on crops of a frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from detectors.base import Floats, Frame, Image
from detectors.boxes import clip
from detectors.errors import InputError
from detectors.runtime import open_session

IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)  # RGB, of pixels in [0, 1]
IMAGENET_STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)
REMEDY = "give a re-identification model that maps crops (N, 3, H, W) to vectors (N, D)"


class Embedder(Protocol):
    """Describes the look of objects. name: shown to the user."""

    name: str

    def __call__(self, frame: Frame, boxes: Floats) -> Floats:
        """Unit vectors ``(N, D)`` for xyxy boxes ``(N, 4)``; zeros where a box shows nothing of the frame."""
        ...


class OnnxEmbedder:
    """A re-identification model in ONNX: crops ``(N, 3, H, W)``, RGB, normalised as for ImageNet -> ``(N, D)``.

    A model exported for one crop at a time is run so. Raises InputError when the file is missing, damaged, or of
    another kind.
    """

    def __init__(self, path: str | Path, device: str = "auto", threads: int = 0) -> None:
        self.name = Path(path).name
        self._session = open_session(path, device, threads)
        inputs = self._session.get_inputs()
        shape: list[Any] = inputs[0].shape if len(inputs) == 1 else []
        if len(shape) != 4 or shape[1] != 3 or not all(isinstance(side, int) for side in shape[2:]):
            found = [each.shape for each in inputs]
            raise InputError(path, f"takes inputs of the shapes {found}, not crops of one size", REMEDY)
        self._input = inputs[0].name
        self._batch = shape[0] if isinstance(shape[0], int) else 0  # 0: any
        self._height, self._width = shape[2], shape[3]
        try:
            self._dimension = self._forward(np.zeros((1, 3, self._height, self._width), dtype=np.float32)).shape[1]
        except Exception as error:  # ONNX Runtime raises several kinds; each means "not such a model"
            reason = str(error).splitlines()[0][:160]
            raise InputError(path, f"does not answer with vectors: {reason}", REMEDY) from None

    def __call__(self, frame: Frame, boxes: Floats) -> Floats:
        """Unit vectors ``(N, D)``, zeros for boxes outside the frame."""
        vectors = np.zeros((len(boxes), self._dimension))
        crops = [self._crop(frame.image, box) for box in _pixels(frame.image, boxes)]
        seen = np.array([crop is not None for crop in crops], dtype=bool)
        if seen.any():
            found = self._forward(np.stack([crop for crop in crops if crop is not None])).astype(np.float64)
            length = np.linalg.norm(found, axis=1, keepdims=True)
            vectors[seen] = found / np.maximum(length, 1e-12)
        return vectors

    def _crop(self, image: Image, box: tuple[int, int, int, int]) -> np.ndarray | None:
        """The network's view ``(3, H, W)`` of a box; None where that is empty."""
        x1, y1, x2, y2 = box
        if x2 <= x1 or y2 <= y1:
            return None
        crop = cv2.resize(image[y1:y2, x1:x2], (self._width, self._height))
        rgb = crop[:, :, ::-1].astype(np.float32) / 255
        return np.asarray(((rgb - IMAGENET_MEAN) / IMAGENET_STD).transpose(2, 0, 1))

    def _forward(self, crops: np.ndarray) -> np.ndarray:
        """Vectors ``(N, D)``, not yet of unit length."""
        size = self._batch or len(crops)
        answers = []
        for start in range(0, len(crops), size):
            batch = crops[start : start + size]
            short = size - len(batch)
            padded = np.concatenate([batch, np.zeros((short, *batch.shape[1:]), np.float32)]) if short else batch
            answer = np.asarray(self._session.run(None, {self._input: padded})[0])
            if len(answer) != len(padded) or answer.size != len(answer) * answer.shape[1]:
                raise ValueError(f"its output has the shape {answer.shape}")
            answers.append(answer.reshape(len(padded), -1)[: len(batch)])
        return np.concatenate(answers)


def _pixels(image: Image, boxes: Floats) -> list[tuple[int, int, int, int]]:
    """The part of each box that lies on the picture, in whole pixels."""
    whole = np.concatenate([np.floor(boxes[:, :2]), np.ceil(boxes[:, 2:])], axis=1)
    whole[(boxes[:, 2:] <= boxes[:, :2]).any(axis=1)] = 0  # rounding outwards would give an empty box a pixel
    inside = clip(whole, image.shape[1], image.shape[0]).astype(np.int64)
    return [(int(x1), int(y1), int(x2), int(y2)) for x1, y1, x2, y2 in inside]


def load_embedder(name: str | Path = "auto", device: str = "auto") -> Embedder | None:
    """The embedder called `name`: the path of an .onnx model, or ``none``; ``auto`` is none, until one is embedded.

    Raises InputError when there is no such model.
    """
    text = str(name)
    if text in ("auto", "none"):
        return None
    if text.endswith(".onnx"):
        return OnnxEmbedder(text, device)
    raise InputError(
        f"--appearance {text}", "no such appearance model", "choose auto, none or the path of an .onnx file"
    )
