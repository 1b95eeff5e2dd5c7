"""MOTS text: ``frame id class height width rle`` a line, as `tracker.evaluation.mots_text` reads it.

It knows people and cars; other classes are left out. What has no mask is its box. A pixel belongs to one object: where
masks overlap, to the one whose box reaches farther down, which stands in front.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from detectors.base import Bools, Floats, Ints
from detectors.columns import MASKS, masks_in
from detectors.errors import InputError
from detectors.masks import Mask, box_crops
from detectors.run_lengths import encode
from tracker.annotations import validate
from tracker.annotations.document import AnnotatedTrack, Annotations, by_frame
from tracker.evaluation.mots_text import CAR, IGNORED, PEDESTRIAN, ROW, MotsRow, looks_like_mots, read_mots

PLACE = "mots.txt"  # its name in a video's folder of results, which has the video's
LABELS = {CAR: "car", PEDESTRIAN: "person"}
CLASSES = {"car": CAR, **dict.fromkeys(("person", "pedestrian", "people", "object"), PEDESTRIAN)}
"""What has no name is taken for who is scored."""


def write(annotations: Annotations, path: Path) -> None:
    """Write the masks frame by frame. Raises InputError for a video without a size."""
    validate.require_size(annotations)
    tracks = [track for track in annotations.tracks if track.label in CLASSES]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for frame, owners, rows in by_frame(tracks):
            here = [tracks[owner] for owner in owners.tolist()]
            for track, mask in _visible(here, rows, annotations.height, annotations.width):
                size = f"{annotations.height} {annotations.width}"
                counts = encode(mask, annotations.height, annotations.width)["counts"]
                file.write(f"{frame} {track.track_id} {CLASSES[track.label]} {size} {counts}\n")


def _visible(
    tracks: Sequence[AnnotatedTrack], rows: Ints, height: int, width: int
) -> Iterator[tuple[AnnotatedTrack, Mask]]:
    """What of each mask in a frame is not covered by those in front, in the order of the tracks' numbers."""
    bottoms = np.array([track.boxes[row, 3] for track, row in zip(tracks, rows, strict=True)])
    taken: Bools = np.zeros((height, width), dtype=bool)
    found: dict[int, Mask] = {}
    for at in np.argsort(-bottoms, kind="stable").tolist():
        mask = masks_in(tracks[at].columns, len(tracks[at]))[rows[at]]
        inside = (mask or _whole(tracks[at].boxes[rows[at]], height, width)).within(height, width)
        x1, y1, x2, y2 = inside.rectangle
        seen = inside.pixels() & ~taken[y1:y2, x1:x2]
        taken[y1:y2, x1:x2] |= seen
        if seen.any():
            found[at] = Mask.pack(seen, x1, y1)
    for at in sorted(found):
        yield tracks[at], found[at]


def _whole(box: Floats, height: int, width: int) -> Mask:
    x1, y1, x2, y2 = box_crops(box[None], height, width)[0].tolist()
    return Mask.pack(np.ones((y2 - y1, x2 - x1), dtype=bool), x1, y1)


def recognises(path: Path) -> bool:
    """Whether its first line is one of MOTS text."""
    return path.suffix.lower() == ".txt" and path.is_file() and looks_like_mots(path)


def read(path: Path) -> list[Annotations]:
    """The tracks of a file, the boxes those around their masks; regions that are ignored are left out.

    Raises InputError, naming the line, for anything that is not as it should be.
    """
    rows = [row for row in read_mots(path) if row.class_id != IGNORED and row.mask.area]
    sizes = {row.size for row in rows}
    if len(sizes) > 1:
        raise InputError(path, f"has masks of frames of several sizes: {sorted(sizes)}", ROW)
    height, width = sizes.pop() if sizes else (0, 0)
    by_track: dict[int, list[MotsRow]] = {}
    for row in rows:
        by_track.setdefault(row.track_id, []).append(row)
    try:
        shift = int(0 in by_track)
        tracks = [_track(number + shift, by_track[number]) for number in sorted(by_track)]
        count = max((row.frame for row in rows), default=0)
        labels = tuple(dict.fromkeys(track.label for track in tracks))
        name = path.resolve().parent.name if path.name == PLACE else path.stem
        video = Annotations(name, "", width, height, Fraction(0), count, labels, tracks)
        return [validate.consistent(video)]
    except validate.MALFORMED as error:
        raise InputError(path, f"is no MOTS text: {error}", ROW) from None


def _track(number: int, rows: list[MotsRow]) -> AnnotatedTrack:
    rows = sorted(rows, key=lambda row: row.frame)
    classes = {row.class_id for row in rows}
    if len(classes) > 1:
        raise ValueError(f"track {number} has several classes: {sorted(classes)}")
    boxes = np.array([row.mask.rectangle for row in rows], dtype=np.float64)
    frames = np.array([row.frame for row in rows], dtype=np.int64)
    class_id = classes.pop()
    masks = [row.mask for row in rows]
    return AnnotatedTrack(number, LABELS.get(class_id, f"class {class_id}"), frames, boxes, columns={MASKS: masks})
