"""HOTA, MOTA and IDF1 of masks, on ground truth in MOTS text: overlap is that of masks, not of boxes.

Pedestrians are scored. A result that matches nobody, and of which more than half lies in a region that is ignored, is
neither right nor wrong. What TrackEval's metrics get is what its MOTSChallenge would have given them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from detectors.base import Bools, Floats, Ints
from detectors.errors import InputError
from detectors.masks import Mask, mask_iou, shared_pixels, union
from tracker.evaluation.evaluate import Evaluation, evaluate_data
from tracker.evaluation.ground_truth import GT, find_sequences, sequence_length
from tracker.evaluation.mots_text import IGNORED, PEDESTRIAN, MotsRow, looks_like_mots, read_mots, rows_by_frame

MATCH = 0.5 - np.finfo(np.float64).eps  # overlap from which a result matches an object
INSIDE = 0.5 + np.finfo(np.float64).eps  # share of a result in ignored regions above which it is left out

Frames = Mapping[int, Sequence[MotsRow]]


@dataclass(frozen=True)
class MotsTruth:
    """The ground truth of one sequence. length: its frames. frames: the rows of each that has any."""

    name: str
    length: int
    frames: Frames


def is_mots(root: Path) -> bool:
    """Whether the ground truth in a folder is in MOTS text, by the first file of it. Raises InputError for none."""
    return looks_like_mots(next(iter(find_sequences(root).values())) / GT)


def load_mots(root: Path, sequences: Sequence[str] | None = None) -> list[MotsTruth]:
    """The sequences of a folder by name, or those that are named. Raises InputError."""
    folders = find_sequences(root)
    unknown = [name for name in sequences or () if name not in folders]
    if unknown:
        raise InputError(root, f"has no sequence {unknown[0]!r}", f"it has {', '.join(sorted(folders)[:8])}")
    return [_load(name, folders[name]) for name in (sorted(folders) if sequences is None else sequences)]


def _load(name: str, folder: Path) -> MotsTruth:
    frames = rows_by_frame(folder / GT, read_mots(folder / GT))
    return MotsTruth(name, sequence_length(folder, max(frames, default=0)), frames)


def evaluate_mots(ground_truth: Sequence[MotsTruth], place: Path) -> tuple[Evaluation, list[str]]:
    """The scores of results in MOTS text, a folder of NAME.txt or the file of the one sequence; and warnings.

    Raises InputError for results that are missing, or cannot be scored.
    """
    if place.is_file() and len(ground_truth) != 1:
        raise InputError(place, f"is a file, but {len(ground_truth)} sequences are evaluated", "give a folder")
    paths = {truth.name: place if place.is_file() else _result_of(place, truth.name) for truth in ground_truth}
    missing = [name for name, path in paths.items() if not path.is_file()]
    if len(missing) == len(paths):
        raise InputError(place, "has no results of these sequences", f"expected {missing[0]}.txt in it")
    data = {truth.name: _data(truth, _results(paths[truth.name], truth)) for truth in ground_truth}
    return evaluate_data(data), [f"{paths[name]}: no such file; scored as no tracks" for name in missing]


def _result_of(place: Path, name: str) -> Path:
    batch = place / name / "mots.txt"
    return batch if batch.is_file() else place / f"{name}.txt"


def _results(path: Path, truth: MotsTruth) -> Frames:
    frames = rows_by_frame(path, read_mots(path)) if path.is_file() else {}
    late = max(frames, default=0)
    if late > truth.length:
        why = f"has frame {late}, and {truth.name} has {truth.length}"
        raise InputError(f"{path}:{frames[late][0].line}", why, "check that they belong together")
    return frames


def _data(truth: MotsTruth, results: Frames) -> dict[str, Any]:
    """What TrackEval's metrics take: ids from 0 without gaps, and overlaps, a frame a list item."""
    truth_ids, found_ids, overlaps = list[Ints](), list[Ints](), list[Floats]()
    for frame in range(1, truth.length + 1):
        there, here = _people(truth.frames.get(frame, ())), _people(results.get(frame, ()))
        overlap = np.array([[mask_iou(row.mask, other.mask) for other in here] for row in there])
        overlap = overlap.reshape(len(there), len(here))
        kept = ~_ignored(overlap, here, truth.frames.get(frame, ()))
        truth_ids.append(np.array([row.track_id for row in there], dtype=np.int64))
        found_ids.append(np.array([row.track_id for row in here], dtype=np.int64)[kept])
        overlaps.append(overlap[:, kept])
    return {
        "num_timesteps": truth.length,
        **_dense("gt", truth_ids),
        **_dense("tracker", found_ids),
        "similarity_scores": overlaps,
    }


def _people(rows: Sequence[MotsRow]) -> list[MotsRow]:
    return [row for row in rows if row.class_id == PEDESTRIAN]


def _ignored(overlap: Floats, found: Sequence[MotsRow], truth: Sequence[MotsRow]) -> Bools:
    """Which results ``(M,)`` match nobody and lie in ignored regions. overlap: ``(N, M)``."""
    regions: Mask | None = None
    for row in truth:
        if row.class_id == IGNORED:
            regions = union(regions, row.mask)
    left_out = np.zeros(len(found), dtype=bool)
    if regions is None:
        return left_out
    fitting = np.where(overlap < MATCH, -10000.0, overlap)
    rows, columns = linear_sum_assignment(-fitting)
    unmatched = np.setdiff1d(np.arange(len(found)), columns[fitting[rows, columns] > 0])
    for at in unmatched.tolist():
        area = found[at].mask.area
        left_out[at] = area > 0 and shared_pixels(found[at].mask, regions) / area > INSIDE
    return left_out


def _dense(kind: str, ids: Sequence[Ints]) -> dict[str, Any]:
    """The ids of one side as TrackEval wants them: from 0 without gaps."""
    unique, dense = np.unique(np.concatenate([np.empty(0, np.int64), *ids]), return_inverse=True)
    split = np.split(dense, np.cumsum([len(each) for each in ids])[:-1])
    return {f"num_{kind}_ids": len(unique), f"num_{kind}_dets": len(dense), f"{kind}_ids": split}
