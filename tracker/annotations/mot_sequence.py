"""MOTChallenge sequence folders: gt/gt.txt and seqinfo.ini, which ``keeptrack eval`` takes as ground truth."""

from __future__ import annotations

import configparser
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from detectors import limits
from detectors.errors import InputError
from tracker.annotations import validate
from tracker.annotations.document import Annotations, labels_of
from tracker.annotations.label_names import NAMELESS
from tracker.annotations.mot_ground_truth import ground_truth_lines, tracks_of_ground_truth
from tracker.evaluation.ground_truth import GT, PEDESTRIAN
from tracker.mot_rows import read_rows
from tracker.sources.sequence_info import INFO

LABELS = GT.with_name("labels.txt")
REMEDY = f"check {GT.as_posix()}"


def write_sequence(annotations: Annotations, folder: Path) -> None:
    """Write a sequence of the folder's name; scores are lost, and classes where there are several.

    All rows are of MOTChallenge's class 1, the one that counts there, since the results that they are compared with
    have no classes. gt/labels.txt names that class as the tracks do where they have one only. seqinfo.ini has no
    frame rate where none is known. Raises InputError for a video without frames, which cannot be evaluated.
    """
    if annotations.frame_count < 1:
        raise InputError(annotations.name, "has no frames, so there is nothing to compare with", "give a video")
    (folder / GT).parent.mkdir(parents=True, exist_ok=True)
    with (folder / GT).open("w", encoding="ascii", newline="\n") as file:
        file.writelines(ground_truth_lines(annotations, [PEDESTRIAN] * len(annotations.tracks)))
    labels = list({track.label for track in annotations.tracks} or set(labels_of(annotations)))
    name = labels[0] if len(labels) == 1 else NAMELESS
    (folder / LABELS).write_text(f"{name}\n", encoding="utf-8", newline="\n")
    (folder / INFO).write_text(_info(annotations, folder.name), encoding="utf-8", newline="\n")


def _info(annotations: Annotations, name: str) -> str:
    known = {
        "name": name,
        "imDir": "img1",
        "frameRate": f"{float(annotations.frame_rate):.12g}" if annotations.frame_rate else None,
        "seqLength": annotations.frame_count,
        "imWidth": annotations.width,
        "imHeight": annotations.height,
        "imExt": ".jpg",
    }
    return "[Sequence]\n" + "".join(f"{key}={value}\n" for key, value in known.items() if value is not None)


def sequences_in(path: Path) -> list[Path]:
    """The folder itself, if it is a sequence, or those in it that are, by name."""
    if (path / GT).is_file():
        return [path]
    return sorted(found.parent.parent for found in path.glob(f"*/{GT.as_posix()}"))


def read_sequence(folder: Path) -> Annotations:
    """The ground truth of one sequence, or of a "MOT 1.1" archive that somebody has unpacked.

    The names of classes are those of gt/labels.txt, or MOTChallenge's. Rows whose flag is 0 are left out. Raises
    InputError, naming file and line.
    """
    names = _names(folder / LABELS) if (folder / LABELS).is_file() else None
    found = tracks_of_ground_truth(read_rows(folder / GT, REMEDY), folder.resolve().name, names)
    return _described(found, folder / INFO) if (folder / INFO).is_file() else found


def _names(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, f"cannot be read: {error}", "give it a name a line, as text") from None


def _described(annotations: Annotations, info: Path) -> Annotations:
    """The same with what seqinfo.ini says of the video."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(info, encoding="utf-8-sig")
        says = parser["Sequence"]
        size = (int(says.get(key, "0")) for key in ("imWidth", "imHeight"))
        width, height = (validate.integer(side, "size", 0, limits.PIXELS) for side in size)
        count = validate.integer(int(says.get("seqLength", "0")), "seqLength", 0, limits.FRAMES)
        rate = validate.frame_rate(says.get("frameRate", "0"))
    except (configparser.Error, KeyError, ValueError, ZeroDivisionError) as error:
        raise InputError(info, f"cannot be understood: {error}", "mend it, or remove it") from None
    short = rate.limit_denominator(1001)
    rate = short if f"{float(short):.12g}" == f"{float(rate):.12g}" else rate
    count = max(count, annotations.frame_count)
    return replace(annotations, width=width, height=height, frame_rate=Fraction(rate), frame_count=count)
