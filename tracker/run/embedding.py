"""The embedding stage: the appearance of detections, computed for those alone that the tracker asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from detectors.base import Bools, Detections, Floats, Frame, Ints
from tracker.appearance.embedder import Embedder, can_embed
from tracker.association.lazy_embeddings import EmbedRows
from tracker.run.measurements import Measurements


@dataclass(frozen=True)
class EmbeddingStage:
    """An embedder, and the names by id of the classes that its detections may have."""

    embedder: Embedder
    class_names: Mapping[int, str]

    def of(self, frame: Frame, detections: Detections, measured: Measurements) -> EmbedRows | None:
        """What the tracker asks for embeddings of a frame's detections; None where there is no picture."""
        if not frame.image.size:
            return None
        describable = can_embed(self.embedder, self.class_names, detections.class_ids)
        return FrameEmbeddings(self.embedder, frame, detections.boxes, describable, measured)


class FrameEmbeddings:
    """Computes embeddings of one frame's detections when asked; `measured` counts them.

    boxes: ``(N, 4)`` xyxy pixels. describable: ``(N,)``, which detections the embedder can tell from their like.
    """

    def __init__(
        self, embedder: Embedder, frame: Frame, boxes: Floats, describable: Bools, measured: Measurements
    ) -> None:
        self._embedder, self._frame, self._boxes = embedder, frame, boxes
        self._describable, self._measured = describable, measured

    def __call__(self, rows: Ints) -> Floats:
        """Unit vectors ``(R, D)`` of the detections `rows`, zeros for those that cannot be described."""
        with self._measured.timing("embed"):
            chosen = self._describable[rows]
            found = self._embedder(self._frame, self._boxes[rows[chosen]])
            self._measured.embeddings += len(found)
            vectors = np.zeros((len(rows), found.shape[1]))
            vectors[chosen] = found
            return vectors
