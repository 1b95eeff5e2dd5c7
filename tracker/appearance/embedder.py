"""Embedders: re-identification models that turn crops of a frame into vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from detectors.base import Bools, Floats, Frame, Image, Ints
from detectors.boxes import clip
from detectors.errors import InputError
from detectors.objects import EMBEDDERS, ObjectEmbedder, find_object
from detectors.runtime import device_note, open_session

IMAGENET_MEAN = (0.485, 0.456, 0.406)  # RGB, of pixels in [0, 1]
IMAGENET_STD = (0.229, 0.224, 0.225)
BATCH = 8  # crops at a time: more take longer each, as they do not fit the caches of a processor
BUNDLED_MODEL = Path(__file__).parent / "weights" / "people.onnx"
PEOPLE = frozenset({"person"})
REMEDY = "give a re-identification model that maps crops (N, 3, H, W) to vectors (N, D)"


class Embedder(Protocol):
    """Computes embeddings of objects.

    name: shown to the user. class_names: of the objects that it can tell apart, None for all.
    """

    name: str
    class_names: frozenset[str] | None

    def __call__(self, frame: Frame, boxes: Floats) -> Floats:
        """Unit vectors ``(N, D)`` for xyxy boxes ``(N, 4)``; zeros where a box lies outside the frame."""
        ...


def can_embed(embedder: Embedder, names: Mapping[int, str], class_ids: Ints) -> Bools:
    """Which objects ``(N,)`` an embedder is made for. names: of classes by id, unknown ones missing."""
    if embedder.class_names is None:
        return np.ones(len(class_ids), dtype=bool)
    others = [class_id for class_id, name in names.items() if name not in embedder.class_names]
    return ~np.isin(class_ids, others)


class OnnxEmbedder:
    """A re-identification model in ONNX: crops ``(N, 3, H, W)``, RGB, normalised as for ImageNet -> ``(N, D)``.

    A model exported for one crop at a time is run so. class_names: see `Embedder`. Raises InputError when the file is
    missing, damaged, or of another kind.
    """

    def __init__(
        self,
        path: str | Path = BUNDLED_MODEL,
        device: str = "auto",
        threads: int = 0,
        class_names: frozenset[str] | None = None,
    ) -> None:
        self.name = "people" if path == BUNDLED_MODEL else Path(path).name
        self.class_names = class_names
        self._session = open_session(path, device, threads)
        self.notes = device_note(self._session, device)
        inputs = self._session.get_inputs()
        shape: list[Any] = inputs[0].shape if len(inputs) == 1 else []
        if len(shape) != 4 or shape[1] != 3 or not all(isinstance(side, int) for side in shape[2:]):
            found = [each.shape for each in inputs]
            raise InputError(path, f"takes inputs of the shapes {found}, not crops of one size", REMEDY)
        self._input = inputs[0].name
        self._batch = shape[0] if isinstance(shape[0], int) else 0  # 0: any
        self._height, self._width = shape[2], shape[3]
        try:
            trial = self._forward(np.zeros((1, 3, self._height, self._width), dtype=np.float32))
        except Exception as error:  # ONNX Runtime raises several kinds; each means "not such a model"
            reason = str(error).splitlines()[0][:160]
            raise InputError(path, f"does not answer with vectors: {reason}", REMEDY) from None
        if not np.isfinite(trial).all():
            raise InputError(path, "does not answer with vectors: some values are not finite", REMEDY)
        self._dimension = trial.shape[1]

    def __call__(self, frame: Frame, boxes: Floats) -> Floats:
        """Unit vectors ``(N, D)``, zeros for boxes outside the frame, and where the network's answer is not finite."""
        vectors = np.zeros((len(boxes), self._dimension))
        pixels = _pixels(frame.image, boxes)
        seen = np.flatnonzero((pixels[:, 2:] > pixels[:, :2]).all(axis=1))
        for start in range(0, len(seen), BATCH):
            part = seen[start : start + BATCH]
            crops = np.empty((len(part), 3, self._height, self._width), dtype=np.float32)
            for crop, (x1, y1, x2, y2) in zip(crops, pixels[part].tolist(), strict=True):
                self._preprocess(frame.image[y1:y2, x1:x2], crop)
            found = self._forward(crops).astype(np.float64)
            found[~np.isfinite(found).all(axis=1)] = 0.0
            vectors[part] = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
        return vectors

    def _preprocess(self, part: Image, crop: np.ndarray) -> None:
        """Write the network's input for a part of a frame into `crop` ``(3, H, W)``."""
        import cv2  # here, because most of what this module offers needs no pictures

        small = cv2.resize(_halved(part, self._height, self._width), (self._width, self._height))
        for channel, (mean, std) in enumerate(zip(IMAGENET_MEAN, IMAGENET_STD, strict=True)):  # by planes is quick
            np.multiply(small[:, :, 2 - channel], np.float32(1 / (255 * std)), out=crop[channel])
            crop[channel] -= np.float32(mean / std)

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


def _halved(part: Image, height: int, width: int) -> Image:
    """The picture, halved until it is less than twice the wanted size: bilinear scaling by more leaves out pixels."""
    import cv2

    while part.shape[0] >= 2 * height and part.shape[1] >= 2 * width:
        even = part[: part.shape[0] // 2 * 2, : part.shape[1] // 2 * 2]
        size = (even.shape[1] // 2, even.shape[0] // 2)
        part = np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return part


def _pixels(image: Image, boxes: Floats) -> Ints:
    """The part of each box that lies on the picture, in whole pixels ``(N, 4)``."""
    whole = np.concatenate([np.floor(boxes[:, :2]), np.ceil(boxes[:, 2:])], axis=1)
    whole[(boxes[:, 2:] <= boxes[:, :2]).any(axis=1)] = 0  # rounding outwards would give an empty box a pixel
    return clip(whole, image.shape[1], image.shape[0]).astype(np.int64)


def load_embedder(
    name: str | Path | Callable[..., Any] = "auto", device: str = "auto", wanted: bool = True
) -> Embedder | None:
    """The embedder called `name`, or the path of an .onnx model, or any callable as one; none for ``none``.

    ``auto`` and ``people``: the one that comes with the package, for people. ``package.module:Name`` and the names that
    installed packages add are objects of others: see `detectors.objects`. wanted: False only checks that there is
    such a model, and loads nothing. Raises InputError when there is none.
    """
    if not isinstance(name, (str, Path)):
        return ObjectEmbedder(name) if wanted else None
    text = str(name)
    if text == "none":
        return None
    embedded = text in ("auto", "people")
    if not embedded and not text.endswith(".onnx"):
        found = find_object("--appearance", text, EMBEDDERS, {"device": device})
        if found is not None:
            return ObjectEmbedder(found) if wanted else None
        choices = "choose auto, people, none, the path of an .onnx file or package.module:Name"
        raise InputError(f"--appearance {text}", "no such appearance model", choices)
    if not embedded and not Path(text).is_file():
        raise InputError(text, "no such model file", "check the path")
    if not wanted:
        return None
    return OnnxEmbedder(BUNDLED_MODEL, device, class_names=PEOPLE) if embedded else OnnxEmbedder(text, device)
