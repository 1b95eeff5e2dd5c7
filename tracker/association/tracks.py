"""Tracks as others see them: the tracks of a frame, and the detections that they were given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from detectors.base import Bools, Floats, Ints
from detectors.columns import Columns, select_rows

TENTATIVE, CONFIRMED, LOST = 0, 1, 2
"""States of a track: matched too seldom so far; confirmed, and matched in the last frame; confirmed, but missed."""


Reason = Literal["motion", "place", "looks"]


@dataclass(frozen=True)
class Return:
    """Why a track that was lost has its number back.

    seconds: since it was seen. by: "motion", "place" or "looks", where these were needed. similarity: cosine of its
    looks then and now, None where they are not known.
    """

    track_id: int
    seconds: float
    by: Reason
    similarity: float | None = None


@dataclass(frozen=True, eq=False)
class Tracks:
    """The tracks of one frame: a snapshot that later frames never change.

    track_ids: ``(N,)`` int, from 1, never used twice by one tracker. boxes: ``(N, 4)`` xyxy pixels.
    scores: ``(N,)`` of the last matched detection. class_ids: ``(N,)``, the class by vote of all its detections.
    age: ``(N,)`` seconds since its first detection. time_since_update: ``(N,)`` seconds since its last one. carried:
    ``(N,)``, whether no detector ran on this frame, and the box is where the track was propagated to (the same word as
    in JSONL files). rows: ``(N,)`` int, which of this frame's detections each was given, -1 for none; in hindsight
    (``--offline``) always -1. columns: what those detections carry beside their boxes (`Detections.columns`): where a
    track has no detection in this frame, NaN in floats, None in lists, and 0, False or "" in other arrays. returns: why
    those that come back in this frame, where prediction did not expect them, have their numbers.
    """

    track_ids: Ints
    boxes: Floats
    scores: Floats
    class_ids: Ints
    age: Floats
    time_since_update: Floats
    carried: Bools = None  # type: ignore[assignment]  # filled in below: none, if left out
    rows: Ints = None  # type: ignore[assignment]
    columns: Columns = field(default_factory=dict)
    returns: tuple[Return, ...] = ()

    def __post_init__(self) -> None:
        if self.carried is None:
            object.__setattr__(self, "carried", np.zeros(len(self.track_ids), dtype=bool))
        if self.rows is None:
            object.__setattr__(self, "rows", np.full(len(self.track_ids), -1))

    def __len__(self) -> int:
        return len(self.track_ids)

    def __getitem__(self, rows: Any) -> Tracks:
        """The given rows (index array, mask or slice) of every column."""
        return Tracks(
            self.track_ids[rows],
            self.boxes[rows],
            self.scores[rows],
            self.class_ids[rows],
            self.age[rows],
            self.time_since_update[rows],
            self.carried[rows],
            self.rows[rows],
            select_rows(self.columns, rows) if self.columns else {},
            self.returns,
        )


@dataclass(frozen=True, eq=False)
class Assignments:
    """The detections that the last update assigned to tracks, tentative ones too; tracks without one are left out.

    serials: ``(N,)``, the tracks in the order they were started since the last restart, from 0. track_ids: ``(N,)``, 0
    for tentative ones. boxes: ``(N, 4)`` xyxy pixels, and scores: ``(N,)``, of the detections. class_ids: ``(N,)``, by
    vote. embeddings: ``(N, D)``, those that were remembered, zeros for none; None while no embedding is known. columns:
    as of `Tracks`.
    """

    serials: Ints
    track_ids: Ints
    boxes: Floats
    scores: Floats
    class_ids: Ints
    embeddings: Floats | None = None
    columns: Columns = field(default_factory=dict)
