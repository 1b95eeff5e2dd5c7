"""HOTA, MOTA and IDF1 of tracks: our reading and matching around TrackEval's metrics.

TrackEval computes the figures; its data sets, which want files in folders of one fixed layout, are not used. What
its metrics get is what its MotChallenge2DBox would have given them, so the figures are the same.

HOTA, DetA, AssA: Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking", IJCV 2021. MOTA
and IDSW: Bernardin and Stiefelhagen, "Evaluating Multiple Object Tracking Performance", 2008. IDF1: Ristani et al.,
"Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking", 2016.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from detectors.base import Floats, Ints
from detectors.boxes import iou_matrix
from detectors.errors import InputError
from detectors.extras import install_extra
from tracker.evaluation.ground_truth import GroundTruth
from tracker.mot_rows import COLUMNS, MotRows, read_rows, rows_of_array, sort_by_frame

DISTRACTOR_IOU = 0.5 - np.finfo(np.float64).eps  # overlap from which a result matches a distractor

Results = Mapping[str, "MotRows | npt.ArrayLike"]


@dataclass(frozen=True)
class Scores:
    """The first five in percent (MOTA may be below 0), idsw a count of identity switches."""

    hota: float
    deta: float
    assa: float
    mota: float
    idf1: float
    idsw: int


@dataclass(frozen=True)
class Evaluation:
    """Scores of all sequences taken together, and of each by name."""

    combined: Scores
    sequences: Mapping[str, Scores]


def evaluate(ground_truth: Sequence[GroundTruth], results: Results) -> Evaluation:
    """Score the results of one tracker.

    results: sequence name -> rows ``(N, C)``, C >= 6: frame, id, x, y, w, h in pixels, frames from 1; further columns
    are not looked at. A sequence without an entry is scored as no tracks. Calls that share `ground_truth` share the
    work of reading it.

    Raises InputError for rows that cannot be scored, for results of a sequence that has no ground truth, and when
    TrackEval is missing or broken.
    """
    names = [truth.name for truth in ground_truth]
    if not names or len(set(names)) != len(names):
        raise InputError("ground truth", "no sequences, or two of one name", "give each sequence once")
    for name in results:
        if name not in names:
            raise InputError(name, "has results but no ground truth", f"expected {', '.join(names)}")
    return evaluate_data({truth.name: _sequence_data(truth, results.get(truth.name, ())) for truth in ground_truth})


def evaluate_data(sequences_data: Mapping[str, dict[str, Any]]) -> Evaluation:
    """The scores of sequences by name, from what TrackEval's metrics take. Raises InputError without TrackEval."""
    names = list(sequences_data)
    with _trackeval() as metrics:
        found: dict[str, dict[str, Any]] = {kind: {} for kind in metrics}
        for name, data in sequences_data.items():
            for kind, metric in metrics.items():
                found[kind][name] = metric.eval_sequence(data)
        combined = {kind: metric.combine_sequences(found[kind]) for kind, metric in metrics.items()}
    sequences = {name: _scores({kind: found[kind][name] for kind in found}) for name in names}
    return Evaluation(_scores(combined), sequences)


def read_results(place: str | Path, ground_truth: Sequence[GroundTruth]) -> tuple[dict[str, MotRows], list[str]]:
    """The results in a folder of NAME.txt or NAME/mot.txt, or of the one sequence in a file; and warnings about
    missing files.

    Raises InputError for a folder that has none of the files, and for files that cannot be read.
    """
    place = Path(place)
    names = [truth.name for truth in ground_truth]
    if place.is_file() and len(names) != 1:
        why = f"is a file, but {len(names)} sequences are evaluated"
        raise InputError(place, why, "give a folder of NAME.txt, or choose one sequence with --sequences")
    if not place.exists():
        raise InputError(place, "no such file or folder", "give results: a folder of NAME.txt, one a sequence")
    paths = {name: place if place.is_file() else _result_of(place, name) for name in names}
    missing = [name for name in names if not paths[name].is_file()]
    if len(missing) == len(names):
        expected = f"{missing[0]}.txt" + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
        raise InputError(place, "has no results of these sequences", f"expected {expected} in it")
    rows = {name: read_rows(path, f"rows are {COLUMNS},...") for name, path in paths.items() if name not in missing}
    return rows, [f"{paths[name]}: no such file; scored as no tracks" for name in missing]


def _result_of(place: Path, name: str) -> Path:
    """NAME.txt in a folder of results, or NAME/mot.txt in that of a batch."""
    batch = place / name / "mot.txt"
    return batch if batch.is_file() else place / f"{name}.txt"


def _sequence_data(truth: GroundTruth, results: MotRows | npt.ArrayLike) -> dict[str, Any]:
    """What TrackEval's metrics take: ids from 0 without gaps, and overlaps, a frame a list item."""
    rows = results if isinstance(results, MotRows) else rows_of_array(f"results of {truth.name}", results)
    found = sort_by_frame(rows, truth.length, truth.length_from)
    truth_ids, found_ids = list[Ints](), list[Ints]()
    overlaps = list[Floats]()
    filled = np.flatnonzero((np.diff(truth.bounds) > 0) | (np.diff(found.bounds) > 0))
    for t in filled.tolist():  # frames without any box change no figure, and there may be millions
        there, here = slice(*truth.bounds[t : t + 2]), slice(*found.bounds[t : t + 2])
        overlap = iou_matrix(truth.boxes[there], found.boxes[here])
        kept = ~_matched_to_distractors(overlap, truth.distractors[there])
        considered = truth.considered[there]
        truth_ids.append(truth.ids[there][considered])
        found_ids.append(found.ids[here][kept])
        overlaps.append(overlap[considered][:, kept])
    unique, dense = np.unique(np.concatenate([[], *found_ids]).astype(np.int64), return_inverse=True)
    return {
        "num_timesteps": len(filled),
        "num_gt_ids": int(truth.ids.max(initial=-1)) + 1,
        "num_gt_dets": int(truth.considered.sum()),
        "num_tracker_ids": len(unique),
        "num_tracker_dets": len(dense),
        "gt_ids": truth_ids,
        "tracker_ids": np.split(dense, np.cumsum([len(ids) for ids in found_ids])[:-1]),
        "similarity_scores": overlaps,
    }


def _matched_to_distractors(overlap: Floats, distractors: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which results ``(M,)`` to leave out: those that the best assignment matches to a distractor.

    overlap: ``(N, M)`` of all rows of the ground truth, also those that are not considered, with all results.
    distractors: ``(N,)``. Results that match nothing stay.
    """
    left_out = np.zeros(overlap.shape[1], dtype=bool)
    fitting = np.where(overlap < DISTRACTOR_IOU, 0.0, overlap)
    if fitting[distractors].any():  # most frames need no assignment
        rows, columns = linear_sum_assignment(-fitting)
        left_out[columns[(fitting[rows, columns] > 0) & distractors[rows]]] = True
    return left_out


def _scores(found: Mapping[str, Mapping[str, Any]]) -> Scores:
    hota, clear, identity = found["HOTA"], found["CLEAR"], found["Identity"]
    return Scores(
        hota=100 * float(np.mean(hota["HOTA"])),  # over the 19 thresholds of overlap
        deta=100 * float(np.mean(hota["DetA"])),
        assa=100 * float(np.mean(hota["AssA"])),
        mota=100 * float(clear["MOTA"]),
        idf1=100 * float(identity["IDF1"]),
        idsw=int(clear["IDSW"]),
    )


@contextlib.contextmanager
def _trackeval() -> Iterator[dict[str, Any]]:
    """TrackEval's three metrics by name, silent. Raises InputError when it is missing or too old for this NumPy."""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            from trackeval import metrics

            silent = {"PRINT_CONFIG": False}
            yield {
                "HOTA": metrics.HOTA(),
                "CLEAR": metrics.CLEAR(dict(silent)),
                "Identity": metrics.Identity(dict(silent)),
            }
        except ModuleNotFoundError as error:
            if error.name != "trackeval":
                raise
            raise InputError("trackeval", "is not installed", install_extra("eval")) from None
        except AttributeError as error:
            if "module 'numpy'" not in str(error):  # its early releases use names that NumPy has removed
                raise
            why = f"is too old for NumPy {np.__version__}: {error}"
            raise InputError("trackeval", why, install_extra("eval", upgrade=True)) from None
