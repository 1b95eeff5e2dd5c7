"""Detections from a MOTChallenge text file, in place of a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectors import limits
from detectors.base import Detections, Floats, Frame
from detectors.boxes import tlwh_to_xyxy
from detectors.errors import InputError
from detectors.number_rows import read_text, split_rows
from detectors.scores import are_percentages, rescaled, without_rounding

COLUMNS = "frame,id,x,y,w,h,score"


class ReplayDetector:
    """Returns the detections that a file lists for each frame: ``frame,-1,x,y,w,h,score[,...]``, frames from 1.

    Commas, semicolons, tabs or spaces separate the columns. The whole file is read and checked at the start, so that a
    bad row is found before any work is done. rescale: map the scores from their own range to [0, 1] (detectors from
    before deep learning score outside of it). conf: rows below this score are left out.

    percentages: whether the scores were percentages, which are read as such, asked or not.

    Raises InputError, naming file and line, for rows of unequal length, values that are no finite numbers, negative
    sizes, frames out of order and scores outside [0, 1].
    """

    class_names: Mapping[int, str] = {}
    suppressed = True
    concurrent = False

    def __init__(self, path: str | Path, rescale: bool = False, conf: float = 0.0) -> None:
        self.path = Path(path)
        self.name = self.path.name
        rows = _read_rows(self.path)
        frames = rows[:, 0]
        self._check(frames < 1, rows, "frame {0:g} is not a number from 1 on", "frames count from 1")
        self._check(frames > limits.LAST_FRAME, rows, "frame {0:g} is too large", "frames count from 1")
        self._check(frames % 1 != 0, rows, "frame {0:g} is not a whole number", "frames count from 1")
        self._check(
            (np.abs(rows[:, 2:6]) > limits.FARTHEST).any(axis=1), rows, "the box is not finite", f"rows are {COLUMNS}"
        )
        self._check((rows[:, 4:6] < 0).any(axis=1), rows, "the box has a negative size", f"rows are {COLUMNS}")
        self._check(np.diff(frames, prepend=0) < 0, rows, "frame {0:g} is out of order", "sort the file by frame")
        scores = rows[:, 6]
        self.percentages = are_percentages(scores)
        scores = rescaled(scores) if rescale or self.percentages else without_rounding(scores)
        outside = (scores < 0) | (scores > 1)
        self._check(outside, rows, "score {6:.15g} is outside [0, 1]", "add --rescale-scores to map the file's range")
        self.last_frame = int(frames[-1]) if len(rows) else 0
        kept = scores >= conf
        self._boxes, self._scores = tlwh_to_xyxy(rows[kept, 2:6]), scores[kept]
        self._frames = frames[kept].astype(np.int64)

    def beyond(self, width: float, height: float) -> float:
        """The share of boxes that lie wholly outside a picture of that size: many, where it was another's."""
        boxes = self._boxes
        outside = np.any((boxes[:, 2:] <= 0) | (boxes[:, :2] >= (width, height)), axis=1)
        return float(np.mean(outside)) if len(boxes) else 0.0

    def _check(self, bad: npt.ArrayLike, rows: Floats, why: str, remedy: str) -> None:
        if np.any(bad):
            at = int(np.argmax(bad))
            raise InputError(f"{self.path}:{int(rows[at, -1])}", why.format(*rows[at]), remedy)

    def __call__(self, frame: Frame) -> Detections:
        """The detections of this frame; none if the file has no rows for it."""
        start, end = np.searchsorted(self._frames, [frame.index, frame.index + 1])
        return Detections(self._boxes[start:end], self._scores[start:end])


def _read_rows(path: Path) -> Floats:
    """Rows ``(N, 8)``: the first seven columns, then the line number."""
    if not path.exists():
        raise InputError(path, "no such file", "check the path given to --detections")
    text = read_text(path, f"give a text file of rows {COLUMNS}")
    rows: list[list[float]] = []
    width = 0
    for number, fields in split_rows(str(path), text):
        width = width or len(fields)
        if len(fields) != width or len(fields) < 7:
            expected = f"{width}, like the first row" if width >= 7 else f"at least 7 ({COLUMNS})"
            raise InputError(
                f"{path}:{number}", f"the row has {len(fields)} columns, expected {expected}", "mend that row"
            )
        rows.append([*_numbers(fields[:7], path, number), number])
    return np.asarray(rows, dtype=np.float64).reshape(-1, 8)


def _numbers(fields: list[str], path: Path, number: int) -> list[float]:
    for field in fields:
        try:
            if np.isfinite(float(field)):
                continue
        except ValueError:
            pass
        raise InputError(
            f"{path}:{number}", f"{field.strip()!r} is not a finite number", f"rows are {COLUMNS}, all numbers"
        )
    return [float(field) for field in fields]
