"""The types between pictures and the tracker: Frame, Detections, Detector.

The coordinate convention of the whole project: a box is ``(x1, y1, x2, y2)`` in pixels, x to the right, y down, the
origin at the outer corner of the top-left pixel, x2 and y2 exclusive. Width is ``x2 - x1``; nothing is ever ``+ 1``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from detectors.columns import Columns, check_columns, select_rows
from detectors.scores import without_rounding

Image = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of a source.

    image: ``(H, W, 3)`` uint8, BGR; ``(0, 0, 3)`` where the source has no pictures (a sequence of detections only).
    index: its number in the source, from 1.
    time: seconds from the start of the source.
    cut: True on the first frame after a cut, where nothing on the picture continues what was there before.
    """

    image: Image
    index: int
    time: float
    cut: bool = False


@dataclass(frozen=True, eq=False)
class Detections:
    """The objects found in one frame, as columns whose rows belong together.

    boxes: ``(N, 4)`` float, xyxy pixels. scores: ``(N,)`` float in [0, 1]; what only rounding has put outside is put
    back. class_ids: ``(N,)`` int, zeros if left out.
    embeddings: ``(N, D)`` float unit vectors of appearance, or None; a row of zeros means "not known".
    columns: whatever else is known of each, by name: arrays ``(N, ...)`` or lists of N values. They are carried along
    and handed on with the tracks; see `detectors.columns`.

    Raises ValueError when a column has another shape, the columns disagree in length, a value is not finite, a box has
    a negative size, or a score lies outside [0, 1].
    """

    boxes: Floats
    scores: Floats
    class_ids: Ints = None  # type: ignore[assignment]  # filled in below, so that it is an array for every reader
    embeddings: Floats | None = None
    columns: Columns = field(default_factory=dict)

    def __post_init__(self) -> None:
        boxes = np.asarray(self.boxes, dtype=np.float64) if np.size(self.boxes) else np.empty((0, 4))
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise ValueError(f"boxes has the shape {boxes.shape}, not (N, 4)")
        columns: dict[str, npt.NDArray[Any]] = {
            "boxes": boxes,
            "scores": without_rounding(np.asarray(self.scores, dtype=np.float64).reshape(-1)),
            "class_ids": np.zeros(len(boxes), np.int64)
            if self.class_ids is None
            else np.asarray(self.class_ids, dtype=np.int64).reshape(-1),
        }
        if self.embeddings is not None:
            columns["embeddings"] = np.asarray(self.embeddings, dtype=np.float64)
            if columns["embeddings"].ndim != 2:
                raise ValueError(f"embeddings has the shape {columns['embeddings'].shape}, not (N, D)")
        for name, column in columns.items():
            if len(column) != len(boxes):
                raise ValueError(f"{name} has {len(column)} rows, boxes has {len(boxes)}")
            if np.count_nonzero(np.isfinite(column)) < column.size:
                raise ValueError(f"{name} holds a value that is not finite")
            object.__setattr__(self, name, column)
        if np.count_nonzero(boxes[:, 2:] < boxes[:, :2]):
            raise ValueError("a box has a negative width or height; boxes are (x1, y1, x2, y2)")
        if np.count_nonzero(self.scores < 0) or np.count_nonzero(self.scores > 1):
            raise ValueError("a score lies outside [0, 1]")
        if self.columns:
            object.__setattr__(self, "columns", check_columns(self.columns, len(boxes)))

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, rows: Any) -> Detections:
        """The given rows (index array, mask or slice) of every column."""
        return self._with(
            boxes=self.boxes[rows],
            scores=self.scores[rows],
            class_ids=self.class_ids[rows],
            embeddings=None if self.embeddings is None else self.embeddings[rows],
            columns=select_rows(self.columns, rows) if self.columns else {},
        )

    def with_embeddings(self, vectors: Floats | None) -> Detections:
        """The same with these embeddings ``(N, D)``, which are not checked, or with none."""
        return self._with(embeddings=vectors)

    def with_boxes(self, boxes: Floats) -> Detections:
        """The same with these boxes ``(N, 4)``, which are not checked."""
        return self._with(boxes=boxes)

    def without_columns(self) -> Detections:
        """The same without all that is not a field of its own."""
        return self._with(columns={})

    def _with(self, **columns: Any) -> Detections:
        """A copy with other values, which are known to be right: to check them would take longer than to use them."""
        some = object.__new__(Detections)
        some.__dict__.update(self.__dict__, **columns)
        return some

    @classmethod
    def empty(cls) -> Detections:
        """No detections: a frame in which nothing was found is still a frame."""
        return cls(np.empty((0, 4)), np.empty(0), np.empty(0, np.int64))


class Detector(Protocol):
    """Finds objects in a frame.

    name: shown to the user. class_names: class id -> name; empty where classes are unknown.
    suppressed: True when overlapping candidates have been removed already, so that no NMS is due.
    concurrent: True when it remembers nothing, and several threads may call it at once, with frames in any order.
    """

    name: str
    class_names: Mapping[int, str]
    suppressed: bool
    concurrent: bool

    def __call__(self, frame: Frame) -> Detections:
        """The candidates in one frame, weak ones too: the tracker uses them."""
        ...


def search_size(detector: Detector, height: int, width: int) -> int | None:
    """The longer side in pixels that `detector` scales a frame of that size to; None if it does not tell.

    A detector tells by a method ``search_size(height, width)``, which is no duty.
    """
    method = getattr(detector, "search_size", None)
    return None if method is None else method(height, width)


def how_read(detector: Detector) -> str:
    """How a detector has understood its file: its attribute ``how_read``, which is no duty; "" without it."""
    return str(getattr(detector, "how_read", ""))


def notes(stage: object) -> tuple[str, ...]:
    """What the user should know about a detector or an embedder: its attribute ``notes``, which is no duty."""
    return tuple(getattr(stage, "notes", ()))
