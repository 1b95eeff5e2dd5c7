"""The sliding detector: one fully convolutional pass over the whole frame instead of a window slid across it.

The network was exported by ``python -m training detector``, and runs on ONNX Runtime, without torch. Each cell of its
output is what the network would say about the window around that cell (Sermanet et al., "OverFeat", 2014,
section 3.5), so a frame of any size is searched at once. Larger frames can be searched at several scales.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort

from detectors.base import Detections, Floats, Frame, Image
from detectors.boxes import clip
from detectors.errors import InputError
from detectors.metadata import input_size, listed_names
from detectors.runtime import answer, device_note, open_session

KIND = "keeptrack sliding detector"
STRIDE = 32
SHRINK = 0.75  # of a frame's size, where the network has been trained for that
GREY = 114  # the colour around the frame, also in training
EMBEDDED = Path(__file__).parent / "weights" / "street.onnx"
"""The detector that comes with the package: person, bicycle, car, motorcycle, bus, truck."""


class SlidingDetector:
    """A network from ``python -m training detector`` on whole frames.

    path: the model. conf: candidates below this score are left out. imgsz: longer side in pixels that frames are scaled
    to, None for what suits the frame; see `search_size`. scales: of the image pyramid, as shares of that; (1, 2) also
    searches the frame at twice the size, for small objects, at five times the cost. device: see `open_session`.
    session: the file, where it is open already. notes: what the user should know.

    Raises InputError when the file is missing, damaged, or no sliding detector.
    """

    suppressed = False
    concurrent = True

    def __init__(
        self,
        path: str | Path = EMBEDDED,
        conf: float = 0.1,
        imgsz: int | None = None,
        scales: Sequence[float] = (1.0,),
        device: str = "auto",
        threads: int = 0,
        session: ort.InferenceSession | None = None,
    ) -> None:
        if not scales or min(scales) <= 0:
            raise ValueError(f"scales must be positive, not {tuple(scales)}")
        self._session = session or open_session(path, device, threads)
        if not is_sliding(self._session):
            raise InputError(path, "is no sliding detector", "make one with python -m training detector")
        metadata = self._session.get_modelmeta().custom_metadata_map
        try:
            self.class_names: Mapping[int, str] = listed_names(metadata, "class_names")
            sizes = [input_size(metadata, key, default) for key, default in (("long_side", 0), ("longest_side", 32))]
        except ValueError as error:
            raise InputError(path, f"is no model that can be used: {error}", "export it again") from None
        self._input = self._session.get_inputs()[0].name
        self.name = "sliding" if path == EMBEDDED else Path(path).name
        self.conf = conf
        self.scales = tuple(scales)
        self.notes = device_note(self._session, device)
        self._path, self._imgsz, self._shrink = path, imgsz, SHRINK
        self._sizes = sizes[0], sizes[1]

    def search_size(self, height: int, width: int) -> int:
        """The longer side in pixels that a frame of that size is scaled to.

        A network that was trained at one size runs at that size. One that was trained over a range of sizes takes three
        quarters of the frame's: as much is found there, what is close more surely, and a detection costs half as much.
        It keeps to its range, and never enlarges a frame, which would only show it things as blurred as it was never
        taught.
        """
        if self._imgsz:
            return self._imgsz
        least, most = self._sizes
        if most <= least:
            return least
        long_side = max(height, width)
        return min(long_side, max(least, min(most, round(self._shrink * long_side))))

    def close_up(self) -> SlidingDetector:
        """The same network for parts of a frame: they are shrunk only where they are larger than it can take."""
        other = copy.copy(self)
        other._shrink = 1.0
        return other

    def __call__(self, frame: Frame) -> Detections:
        """Candidates in pixels of the frame; those of one scale are not yet suppressed."""
        height, width = frame.image.shape[:2]
        size = self.search_size(height, width)
        found = [self._search(frame.image, round(size * scale)) for scale in self.scales]
        boxes, scores, class_ids = (np.concatenate(columns) for columns in zip(*found, strict=True))
        boxes = clip(boxes, width, height)
        real = ((boxes[:, 2:] - boxes[:, :2]) > 0).all(axis=1)
        return Detections(boxes[real], np.clip(scores[real], 0, 1), class_ids[real])

    def _search(self, image: Image, long_side: int) -> tuple[Floats, Floats, Floats]:
        canvas, scale = fit(image, long_side)
        table = answer(self._session, {self._input: canvas[None]}, self._path)[0]
        class_scores = table[:, 4:]
        strong = np.flatnonzero(class_scores.max(axis=1) >= self.conf)
        table, class_scores = table[strong].astype(np.float64), class_scores[strong]
        return table[:, :4] / scale, class_scores.max(axis=1).astype(np.float64), class_scores.argmax(axis=1)


def is_sliding(session: ort.InferenceSession) -> bool:
    """Is this a network that ``python -m training detector`` exported?"""
    return bool(session.get_modelmeta().custom_metadata_map.get("kind") == KIND)


def fit(image: Image, long_side: int) -> tuple[Image, float]:
    """`image` with its longer side scaled to `long_side`, padded at right and bottom to whole strides; and the scale.

    A picture that gets much smaller is halved by averaging first, so that small objects do not turn into noise.
    """
    scale = long_side / max(image.shape[:2])
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    canvas = np.full((_up_to_stride(height), _up_to_stride(width), 3), GREY, np.uint8)
    smaller: cv2.typing.MatLike = image
    while min(smaller.shape[0] / height, smaller.shape[1] / width) >= 2:
        half = smaller.shape[1] // 2, smaller.shape[0] // 2
        smaller = cv2.resize(smaller[: 2 * half[1], : 2 * half[0]], half, interpolation=cv2.INTER_AREA)
    cv2.resize(smaller, (width, height), dst=canvas[:height, :width])
    return canvas, scale


def _up_to_stride(side: int) -> int:
    return -(-side // STRIDE) * STRIDE
