"""The types of this room: what a model has answered, what is read out of it, and a family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.base import Floats, Ints
from detectors.families.preprocessing import Preprocessing

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Answer:
    """What a model answered to one picture, and what else is known when its boxes are read.

    outputs: by name, in the model's order; of a batch, the first row is the picture's. height, width: of the model's
    input in pixels. metadata: what the file says about itself. classes: how many class names are known, 0 for none.
    told: what the model was told of sizes, by the name of that input. family: the key of the family that it is known
    to be of, so that nothing is looked for in the numbers of each frame; "" while that is open.
    """

    outputs: Mapping[str, Array]
    height: int
    width: int
    metadata: Mapping[str, str] = field(default_factory=dict)
    classes: int = 0
    told: Mapping[str, Array] = field(default_factory=dict)
    family: str = ""

    @property
    def arrays(self) -> list[Array]:
        """The outputs in the model's order."""
        return list(self.outputs.values())

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The outputs' shapes in the model's order."""
        return [each.shape for each in self.arrays]

    @property
    def table(self) -> Array | None:
        """The first output without its batch ``(rows, columns)``; None where it is no table."""
        first = self.arrays[0] if self.outputs else np.empty(0)
        return first[0] if first.ndim == 3 and len(first) else None

    @property
    def size(self) -> Floats:
        """Width, height, width, height of the input: what shares of it are multiplied by."""
        return np.array([self.width, self.height, self.width, self.height], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Candidates:
    """Objects that a model may have seen, as columns of N rows.

    boxes: ``(N, 4)`` xyxy in pixels of the model's input. scores: ``(N,)``. class_ids: ``(N,)``. keypoints:
    ``(N, K, 3)``, x and y in pixels of the input, and how visible in [0, 1]; None where the model tells none.
    coefficients: ``(N, M)`` of the masks' prototypes ``(M, h, w)``, None where there are no masks: a pixel belongs to
    an object where the prototypes, weighted by its coefficients, add up to more than 0.
    """

    boxes: Floats
    scores: Floats
    class_ids: Ints
    keypoints: Floats | None = None
    coefficients: Floats | None = None
    prototypes: Array | None = None

    def __getitem__(self, rows: Any) -> Candidates:
        """The given rows (index array, mask or slice)."""
        more = {name: getattr(self, name) for name in ("keypoints", "coefficients")}
        chosen = {name: None if column is None else column[rows] for name, column in more.items()}
        return replace(self, boxes=self.boxes[rows], scores=self.scores[rows], class_ids=self.class_ids[rows], **chosen)

    @classmethod
    def of(cls, boxes: Array, scores: Array, class_ids: Array) -> Candidates:
        """The columns in the types that the tracker computes with."""
        return cls(boxes.astype(np.float64), scores.astype(np.float64), class_ids.astype(np.int64))


@dataclass(frozen=True)
class Family:
    """Exports that are read alike.

    key: its name for ``--family``. name: for people. recognises: whether a model that answers so is one. decode: the
    candidates at or above a score. preprocessing: how a picture goes in, told from the answer. class_count: how many
    classes the answer shows, 0 where it does not. first_class: the id of the first class. background: whether one class
    more may stand for no object. suppressed: whether the model has removed overlapping candidates.
    """

    key: str
    name: str
    recognises: Callable[[Answer], bool]
    decode: Callable[[Answer, float], Candidates]
    preprocessing: Callable[[Answer], Preprocessing] = lambda _: Preprocessing()
    class_count: Callable[[Answer], int] = lambda _: 0
    first_class: int = 0
    background: bool = False
    suppressed: bool = False


def best_classes(boxes: Array, class_scores: Array, conf: float) -> tuple[Ints, Candidates]:
    """The rows whose best class scores at least `conf`, and their candidates.

    boxes: ``(N, 4)`` xyxy. class_scores: ``(N, C)``.
    """
    scores = class_scores.max(axis=1)
    strong = np.flatnonzero(scores >= conf)
    return strong, Candidates.of(boxes[strong], scores[strong], class_scores[strong].argmax(axis=1))
