"""An ONNX model of pictures: what its inputs are, and how they are filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from detectors.base import Image
from detectors.devices import CPU, PROVIDERS
from detectors.errors import InputError
from detectors.families.base import Answer
from detectors.families.preprocessing import Placement, Preprocessing, numbers
from detectors.runtime import answers

TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
}
ON_PROCESSOR = (CPU, PROVIDERS["openvino"].name)
SIZE_INPUTS = ("orig_target_sizes", "im_shape", "scale_factor")
REMEDY = "give a model that takes one picture of three colours; docs/detectors.md lists those that are read"
Array = npt.NDArray[Any]


class PictureModel:
    """A model that takes one picture at a time, in whatever layout and type it wants it.

    ``(B, 3, H, W)``, ``(B, H, W, 3)`` or ``(3, H, W)``; float of any width, or bytes. Beside the picture it may want
    to be told sizes, by the inputs in `SIZE_INPUTS`. A model for a batch of fixed size gets the picture as often.

    fixed: (height, width) of its input, None where it takes any. batched: whether it takes several pictures at once,
    and answers each in a row of its own. Raises InputError for any other model.
    """

    def __init__(self, session: ort.InferenceSession, path: str | Path) -> None:
        self._session, self._path = session, path
        inputs = session.get_inputs()
        self._sizes = [each for each in inputs if each.name in SIZE_INPUTS]
        pictures = [each for each in inputs if each.name not in SIZE_INPUTS]
        shape = list(pictures[0].shape) if len(pictures) == 1 else []
        self._last = len(shape) == 4 and shape[3] == 3 and shape[1] != 3
        channels = shape[3 if self._last else -3] if len(shape) in (3, 4) else None
        if len(shape) not in (3, 4) or (channels != 3 and not _is_free(channels)) or channels == 1:
            raise InputError(
                path, f"takes inputs of the shapes {[each.shape for each in inputs]}, not one picture", REMEDY
            )
        self._picture = pictures[0].name
        if pictures[0].type not in TYPES:
            raise InputError(path, f"takes pictures of the type {pictures[0].type}", REMEDY)
        self._dtype = TYPES[pictures[0].type]
        self._batch = 0 if len(shape) == 3 else shape[0] if isinstance(shape[0], int) and shape[0] > 0 else 1
        self.fixed = _fixed(shape[1:3] if self._last else shape[-2:])
        self.batched = _is_batched(session)

    def __call__(self, canvas: Image, placement: Placement, how: Preprocessing) -> Answer:
        """The model's answer to a picture ``(H, W, 3)``, bytes in BGR. Raises InputError when it cannot compute one."""
        height, width = canvas.shape[:2]
        told = self._all_told(height, width, placement)
        outputs = answers(self._session, {self._picture: self._blob(canvas, how), **told}, self._path)
        return Answer(outputs, height, width, self._metadata, told=told)

    def batch(self, canvases: Sequence[Image], placements: Sequence[Placement], how: Preprocessing) -> list[Answer]:
        """The answers to several pictures of one size, of a model that is `batched`; the same but for rounding."""
        height, width = canvases[0].shape[:2]
        told = [self._all_told(height, width, placement) for placement in placements]
        inputs = {self._picture: np.concatenate([self._blob(canvas, how) for canvas in canvases])}
        inputs |= {name: np.concatenate([each[name] for each in told]) for name in told[0]}
        outputs = answers(self._session, inputs, self._path)
        return [
            Answer(
                {name: array[row : row + 1] for name, array in outputs.items()},
                height,
                width,
                self._metadata,
                told=told[row],
            )
            for row in range(len(canvases))
        ]

    @property
    def accelerated(self) -> bool:
        """Whether something else than the processor computes."""
        return self._session.get_providers()[0] not in ON_PROCESSOR

    @property
    def _metadata(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        return found

    def _all_told(self, height: int, width: int, placement: Placement) -> dict[str, Array]:
        """What the model is told of sizes, by the name of the input."""
        return {each.name: self._told(each.name, height, width, placement).astype(_dtype(each)) for each in self._sizes}

    def counting(self, how: Preprocessing) -> Preprocessing:
        """What of `how` counts here: a model of bytes takes them as they are."""
        return replace(how, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)) if self._dtype == np.uint8 else how

    def _blob(self, canvas: Image, how: Preprocessing) -> Array:
        blob: Array = numbers(canvas, self.counting(how)).astype(self._dtype, copy=False)
        blob = np.ascontiguousarray(blob.transpose(0, 2, 3, 1)) if self._last else blob
        return blob[0] if self._batch == 0 else blob if self._batch == 1 else blob.repeat(self._batch, axis=0)

    def _told(self, name: str, height: int, width: int, placement: Placement) -> Array:
        """The numbers for an input of sizes, a row a picture."""
        values = {
            "orig_target_sizes": [round(width / placement.scale_x), round(height / placement.scale_y)],
            "im_shape": [height, width],
            "scale_factor": [placement.scale_y, placement.scale_x],
        }
        return np.array([values[name]] * max(1, self._batch))


def _is_batched(session: ort.InferenceSession) -> bool:
    """Whether all inputs and outputs begin with one and the same free side: that of the pictures in a batch."""
    first = {each.shape[0] if each.shape else None for each in (*session.get_inputs(), *session.get_outputs())}
    return len(first) == 1 and isinstance(next(iter(first)), str)


def _is_free(side: object) -> bool:
    return not isinstance(side, int) or side <= 0


def _fixed(sides: list[Any]) -> tuple[int, int] | None:
    """Height and width where the model has them; one that is free is taken like the other."""
    known = [side for side in sides if not _is_free(side)]
    return None if not known else (known[0], known[-1])


def _dtype(node: Any) -> Any:
    return np.int64 if "int64" in node.type else np.int32 if "int32" in node.type else np.float32
