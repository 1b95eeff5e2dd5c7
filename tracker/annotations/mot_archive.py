"""CVAT's "MOT 1.1": a zip archive of gt/gt.txt and gt/labels.txt, whose lines name the classes from 1 on.

Source: CVAT's documentation, "MOT", and the reader that its importer uses, Datumaro's ``mot_seq``: each row needs a
class, and a visibility of 0 is read as occluded.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from detectors.errors import InputError
from tracker.annotations.archives import add_text, names_in, read_member
from tracker.annotations.document import Annotations, labels_of
from tracker.annotations.mot_ground_truth import ground_truth_lines, tracks_of_ground_truth
from tracker.mot_rows import rows_of_text

PLACES = (("gt/gt.txt", "gt/labels.txt"), ("gt.txt", "labels.txt"))  # the second one in archives of earlier versions
REMEDY = "export it again as 'MOT 1.1': an archive of gt/gt.txt and gt/labels.txt"


def write_archive(annotations: Annotations, path: Path) -> None:
    """Write all boxes, frame by frame, and the labels, which CVAT's task must have, too. Scores are lost."""
    labels = labels_of(annotations)
    numbers = {label: number for number, label in enumerate(labels, 1)}
    rows, names = PLACES[0]
    with zipfile.ZipFile(path, "w") as archive:
        add_text(archive, rows, ground_truth_lines(annotations, [numbers[track.label] for track in annotations.tracks]))
        add_text(archive, names, (f"{label}\n" for label in labels))


def is_archive(path: Path) -> bool:
    """Whether it is a zip archive with such rows."""
    there = names_in(path)
    return any(rows in there for rows, _ in PLACES)


def read_archive(path: Path) -> Annotations:
    """The tracks of an archive; it does not know its video's size, frame rate and length. Raises InputError."""
    there = names_in(path)
    rows, labels = next((pair for pair in PLACES if pair[0] in there), PLACES[0])
    text = _text(path, rows)
    names = _text(path, labels).splitlines() if labels in there else None
    return tracks_of_ground_truth(rows_of_text(f"{path}/{rows}", text), path.stem, names)


def _text(path: Path, member: str) -> str:
    try:
        return read_member(path, member, REMEDY).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}/{member}", "is not text", REMEDY) from None
