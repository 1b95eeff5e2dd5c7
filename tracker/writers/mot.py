"""MOTChallenge result text."""

from __future__ import annotations

from collections.abc import Iterable

from detectors.base import Frame
from detectors.boxes import xyxy_to_tlwh
from tracker.association.tracks import Tracks
from tracker.writers.line_writer import LineWriter


class MotWriter(LineWriter):
    """``frame,id,x,y,w,h,conf,-1,-1,-1``; frames and ids count from 1, x and y from the top-left corner, in pixels."""

    def lines(self, frame: Frame, tracks: Tracks) -> Iterable[str]:
        """A line for each track."""
        rows = zip(tracks.track_ids, xyxy_to_tlwh(tracks.boxes), tracks.scores, strict=True)
        for track_id, (x, y, w, h), score in rows:
            yield f"{frame.index},{track_id},{x:.2f},{y:.2f},{w:.2f},{h:.2f},{score:.4f},-1,-1,-1"
