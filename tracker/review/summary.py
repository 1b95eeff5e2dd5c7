"""A summary of each track: when it was there, how far it went, how far it can be trusted; and summary.csv."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.review.missed import Coverage, find_missed, whole
from tracker.review.trust import estimate_trust

UNKNOWN = Fraction(25)  # frames a second, of a video whose rate nobody has told
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # starts of a cell that a spreadsheet would compute
POINTS = 12  # of a path, at most
COLUMNS = (
    *("id", "class", "first", "last", "frames", "filled", "mean score"),
    *("distance", "heights", "path", "trust", "reason", "missed"),
)


@dataclass(frozen=True)
class TrackSummary:
    """first, last: seconds. distance: pixels travelled by the foot; heights: the same in the track's median height.

    filled: share in [0, 1]. path: a few of the foot's places ``(x, y)`` in pixels. stretches: start and end in seconds
    of each run of frames without a gap. trust: in [0, 1]. reason: why a person should look, "" for no reason. missed:
    what speaks for it that its object was in view for longer, "" for nothing.
    """

    track_id: int
    label: str
    first: float
    last: float
    first_frame: int
    last_frame: int
    frames: int
    filled: float
    mean_score: float
    distance: float
    heights: float
    path: tuple[tuple[float, float], ...]
    stretches: tuple[tuple[float, float], ...]
    trust: float
    reason: str
    missed: str = ""

    @property
    def to_look_at(self) -> bool:
        """Whether a person should look at it."""
        return bool(self.reason or self.missed)


def summarise(annotations: Annotations, coverage: Coverage | None = None) -> list[TrackSummary]:
    """A summary of each track, in the order of the tracks; at 25 frames a second where no rate is known.

    coverage: what of the video was looked at; None for all of it, as one shot.
    """
    annotations = with_rate(annotations)
    signs = [missed.sign for missed in find_missed(annotations, coverage or whole(annotations))]
    judged = zip(annotations.tracks, estimate_trust(annotations), signs, strict=True)
    return [_summary(annotations, track, *verdict, sign) for track, verdict, sign in judged]


def with_rate(annotations: Annotations) -> Annotations:
    """The same at 25 frames a second, where its frame rate is not known."""
    return annotations if annotations.frame_rate > 0 else replace(annotations, frame_rate=UNKNOWN)


def _summary(annotations: Annotations, track: AnnotatedTrack, trust: float, reason: str, missed: str) -> TrackSummary:
    times = annotations.time_of(track.frames)
    feet = np.column_stack([(track.boxes[:, 0] + track.boxes[:, 2]) / 2, track.boxes[:, 3]])
    distance = float(np.linalg.norm(np.diff(feet, axis=0), axis=1).sum())
    height = max(float(np.median(track.boxes[:, 3] - track.boxes[:, 1])), 1.0)
    picked = np.unique(np.linspace(0, len(feet) - 1, min(POINTS, len(feet))).round().astype(int))
    return TrackSummary(
        track_id=track.track_id,
        label=track.label,
        first=float(times[0]),
        last=float(times[-1]),
        first_frame=int(track.frames[0]),
        last_frame=int(track.frames[-1]),
        frames=len(track),
        filled=float(track.filled.mean()),
        mean_score=float(track.scores.mean()),
        distance=distance,
        heights=distance / height,
        path=tuple((round(float(x), 1), round(float(y), 1)) for x, y in feet[picked]),
        stretches=tuple((float(times[rows][0]), float(times[rows][-1])) for rows in track.stretches()),
        trust=trust,
        reason=reason,
        missed=missed,
    )


def write_csv(summaries: Sequence[TrackSummary], path: Path) -> None:
    """Write a row for each track; times in seconds. The file is there whole or not at all."""
    draft = path.with_name(path.name + ".part")
    with draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_row(summary) for summary in summaries)
    os.replace(draft, path)


def _row(summary: TrackSummary) -> list[object]:
    path = " ".join(f"{x:g}:{y:g}" for x, y in summary.path)
    numbers = (summary.filled, summary.mean_score, summary.distance, summary.heights)
    filled, score, distance, heights = (f"{number:.3f}" for number in numbers)
    times = f"{summary.first:.3f}", f"{summary.last:.3f}"
    what = summary.track_id, _as_text(summary.label), *times, summary.frames
    return [*what, filled, score, distance, heights, path, f"{summary.trust:.3f}", summary.reason, summary.missed]


def _as_text(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
