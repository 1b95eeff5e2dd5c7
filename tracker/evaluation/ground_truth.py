"""Ground truth of MOTChallenge sequences: which rows are considered, and which are distractors.

The number of columns of a file tells its convention:

- 9: frame, id, box, flag, class, visibility, as in MOT16, MOT17, MOT20 and DanceTrack. Rows of class 1 (pedestrian)
  whose flag is not 0 are considered. Classes 2, 7, 8 and 12 (person on a vehicle, static person, distractor,
  reflection) are distractors, and 6 (vehicle without motor) where the sequence's name begins with MOT20: a result that
  matches one of them is neither right nor wrong. The other rows are ignored.
- 10, as in MOT15: no classes, and no distractors. All rows count, whatever their flag, the seventh column: in converted
  copies of those files it is a confidence, or 0 on rows that are to be found like the others. With `mot15_flags`, rows
  whose flag is 0 are left out, as TrackEval's MOT15 benchmark does.
- any other number, or 9 with the class -1 everywhere: no classes, and no distractors. Rows whose flag is not 0 count;
  without that column, all.

Sources: Milan et al., "MOT16: A Benchmark for Multi-Object Tracking", 2016, section 3 and table 3; Dendorfer et al.,
"MOT20", 2020, section 3; TrackEval's MotChallenge2DBox.
"""

from __future__ import annotations

import configparser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectors import limits
from detectors.base import Floats, Ints
from detectors.errors import InputError
from tracker.mot_rows import MotRows, read_rows, rows_of_array, sort_by_frame

PEDESTRIAN, DISTRACTOR_CLASSES, MOT20_DISTRACTOR_CLASS, LAST_CLASS = 1, (2, 7, 8, 12), 6, 13
FLAG, CLASS = 6, 7  # columns, from 0
WITH_CLASSES, MOT15 = 9, 10  # how many columns
GT = Path("gt", "gt.txt")
LAYOUT = "expected NAME/gt/gt.txt, or gt/gt.txt of one sequence"

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """The objects of one sequence, sorted by frame; loaded once, it scores any number of results.

    length: frames in the sequence. ids: ``(N,)``, from 0 without gaps for rows that count, -1 for others. boxes:
    ``(N, 4)`` xyxy in pixels. bounds: ``(length + 1,)``; frame t, from 0, has the rows from ``bounds[t]`` up to
    ``bounds[t + 1]``. considered, distractors: ``(N,)``, whether a row must be
    found, and whether it is a distractor.
    length_from: where the length comes from. warnings: what a person should know about the file.
    """

    name: str
    length: int
    ids: Ints
    boxes: Floats
    bounds: Ints
    considered: Bools
    distractors: Bools
    length_from: str = ""
    warnings: tuple[str, ...] = ()


def load_ground_truth(
    root: str | Path, sequences: Sequence[str] | None = None, mot15_flags: bool = False
) -> list[GroundTruth]:
    """The sequences in a folder of NAME/gt/gt.txt, or the one sequence that `root` itself is, by name.

    sequences: the names of those to load; None loads all. mot15_flags: leave out rows of files of ten columns whose
    flag is 0. Raises InputError.
    """
    root = Path(root)
    folders = find_sequences(root)
    unknown = [name for name in sequences or () if name not in folders]
    if unknown:
        has = ", ".join(sorted(folders)[:8]) + (", ..." if len(folders) > 8 else "")
        raise InputError(root, f"has no sequence {unknown[0]!r} with {GT.as_posix()}", f"it has {has}")
    names = sorted(folders) if sequences is None else list(dict.fromkeys(sequences))
    if not names:
        raise InputError(root, "no sequence is chosen", "name some, or leave --sequences out")
    return [load_sequence(folders[name], name, mot15_flags) for name in names]


def find_sequences(root: Path) -> dict[str, Path]:
    """Folders of the sequences in `root`, by name."""
    if not root.is_dir():
        why = "is not a folder" if root.exists() else "no such folder"
        raise InputError(root, why, f"give the folder of the ground truth: {LAYOUT}")
    if (root / GT).is_file():
        return {root.resolve().name: root}
    found = {path.parent.parent.name: path.parent.parent for path in root.glob(f"*/{GT.as_posix()}")}
    if not found:
        raise InputError(root, "has no ground truth", LAYOUT)
    return found


def load_sequence(folder: Path, name: str, mot15_flags: bool = False) -> GroundTruth:
    """One sequence folder. Without seqinfo.ini the sequence ends with the last frame of gt.txt. Raises InputError."""
    rows = read_rows(folder / GT, f"check {GT.as_posix()}")
    info = folder / "seqinfo.ini"
    if info.is_file():
        return make_ground_truth(name, rows, _read_length(info), f"seqLength in {info} says so", mot15_flags)
    last = int(min(rows.values[:, 0].max(initial=0), limits.FRAMES))
    length_from = f"{folder / GT} ends there; seqLength in {info} can say otherwise"
    return make_ground_truth(name, rows, last, length_from, mot15_flags)


def make_ground_truth(
    name: str,
    rows: MotRows | npt.ArrayLike,
    length: int,
    length_from: str = "length says so",
    mot15_flags: bool = False,
) -> GroundTruth:
    """Ground truth of a sequence of `length` frames from rows ``(N, C)`` as in gt.txt. Raises InputError."""
    if not isinstance(rows, MotRows):
        rows = rows_of_array(f"ground truth of {name}", rows)
    found = sort_by_frame(rows, length, length_from)
    considered, distractors = (mask[found.order] for mask in _conventions(name, rows, mot15_flags))
    ids = np.full(len(considered), -1, dtype=np.int64)
    ids[considered] = np.unique(found.ids[considered], return_inverse=True)[1]
    nothing = (f"{rows.path}: no row counts: {_rule(rows)}",) if not considered.any() else ()
    return GroundTruth(name, length, ids, found.boxes, found.bounds, considered, distractors, length_from, nothing)


def _conventions(name: str, rows: MotRows, mot15_flags: bool) -> tuple[Bools, Bools]:
    """Which rows ``(N,)`` count, and which are distractors."""
    values = rows.values
    has_flags = values.shape[1] > FLAG and (mot15_flags or values.shape[1] != MOT15)
    flagged = values[:, FLAG] != 0 if has_flags else np.ones(len(values), dtype=bool)
    if not _has_classes(values):
        return flagged, np.zeros(len(values), dtype=bool)
    classes = values[:, CLASS]
    rows.reject(
        ~np.isin(classes, np.arange(1, LAST_CLASS + 1)),
        f"class {{{CLASS}:g}} is none of MOTChallenge's, 1 to {LAST_CLASS}",
        "in ground truth of nine columns the eighth is the class; leave out the last two columns to count all rows",
    )
    distractors = [*DISTRACTOR_CLASSES, MOT20_DISTRACTOR_CLASS] if name.startswith("MOT20") else DISTRACTOR_CLASSES
    return flagged & (classes == PEDESTRIAN), np.isin(classes, distractors)


def _has_classes(values: Floats) -> bool:
    return values.shape[1] == WITH_CLASSES and bool((values[:, CLASS] != -1).any())


def _rule(rows: MotRows) -> str:
    if not len(rows.values):
        return "the file is empty"
    if _has_classes(rows.values):
        return "of nine columns, rows of class 1 with flag 1 do (leave out the last two columns to count all classes)"
    return "the flag, the seventh column, is 0 everywhere"


def sequence_length(folder: Path, last: int) -> int:
    """How many frames a sequence has, by its seqinfo.ini; without that up to the `last` one. Raises InputError."""
    info = folder / "seqinfo.ini"
    return _read_length(info) if info.is_file() else last


def _read_length(info: Path) -> int:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(info, encoding="utf-8-sig")
        length = int(parser["Sequence"]["seqLength"])
        if not 0 < length <= limits.FRAMES:
            raise ValueError(f"seqLength must be from 1 to {limits.FRAMES}")
    except (configparser.Error, KeyError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise InputError(info, f"cannot be understood: {reason}", "[Sequence] needs seqLength") from None
    return length
