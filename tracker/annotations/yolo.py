"""YOLO: a folder of text files, a frame each; one set for trainers, one that also names the tracks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from detectors import limits
from detectors.base import Floats
from detectors.columns import MASKS, masks_in
from detectors.errors import InputError
from detectors.masks import Mask
from tracker.annotations import validate
from tracker.annotations.document import AnnotatedTrack, Annotations, by_frame, labels_of
from tracker.annotations.frame_extraction import image_stem
from tracker.annotations.mask_budget import MaskBudget
from tracker.annotations.mask_polygons import fill, outline_of

VIDEO = "video.json"  # what the text files have no place for
LEAST = (
    1.23e-7  # share of the picture that a label's side has: no sum of numbers of 8 digits, so rounding decides nothing
)
SAME = 1e-6  # shares that differ by less are the same, since files have 8 digits


DATA = "data.yaml"  # what trainers are given


def write(annotations: Annotations, path: Path, every: int = 1) -> None:
    """Write labels/ (``class cx cy w h``, clipped to the picture, as trainers want) and tracks/ (all, unclipped).

    A row of tracks/ is ``class cx cy w h score id``, with a mask also ``x1 y1 x2 y2 ...`` of its outline. Where any box
    has a mask, labels/ are those of segmentation: ``class x1 y1 x2 y2 ...``, the corners of boxes without. Only frames
    with boxes get a file; the others are background. What an earlier video left in the folder is removed. every: write
    only frame 1 and each `every`-th after it, as `extract_frames` does. Raises InputError for a video without a size,
    and for a folder with labels that are not those of a video.
    """
    validate.require_size(annotations)
    _clear(path)
    _write_heads(annotations, path)
    classes = {label: number for number, label in enumerate(labels_of(annotations))}
    size = np.array([annotations.width, annotations.height] * 2, dtype=np.float64)
    outlined = any(MASKS in track.columns for track in annotations.tracks)
    for frame, owners, rows in by_frame(annotations.tracks):
        if (frame - 1) % every:
            continue
        tracks = [annotations.tracks[owner] for owner in owners.tolist()]
        boxes = np.array([track.boxes[row] for track, row in zip(tracks, rows, strict=True)]) / size
        lines = [
            f"{classes[track.label]} {_text(box)} {track.scores[row]:.6f} {track.track_id}{_points(track, row, size)}\n"
            for track, row, box in zip(tracks, rows.tolist(), _rows(boxes), strict=True)
        ]
        labels = _labels_of([list(map(float, line.split())) for line in lines], outlined)
        file = f"{image_stem(annotations.name, frame)}.txt"
        (path / "tracks" / file).write_text("".join(lines), encoding="utf-8")
        if labels:
            text = "".join(f"{row[0]:.0f} {_text(row[1:])}\n" for row in labels)
            (path / "labels" / file).write_text(text, encoding="utf-8")


def _points(track: AnnotatedTrack, row: int, size: Floats) -> str:
    """What a row of tracks/ says of a mask, with a space in front; nothing where there is none."""
    mask = masks_in(track.columns, len(track))[row]
    points = np.empty((0, 2)) if mask is None else outline_of(mask)
    return f" {_text((points / size[:2]).ravel())}" if len(points) else ""


def _clear(path: Path) -> None:
    for folder in (path / "labels", path / "tracks"):
        folder.mkdir(parents=True, exist_ok=True)
        files = sorted(folder.glob("*.txt"))
        if files and not (path / VIDEO).is_file():
            raise InputError(files[0], "is in the way and not of a video", "give a new folder")
        for file in files:
            file.unlink()


def _labels_of(rows: list[list[float]], outlined: bool) -> list[Floats]:
    """What of rows of tracks/ is inside the picture, as rows of labels/. outlined: whether any box has a mask."""
    if outlined:
        return [label for row in rows if len(label := _outlined(row))]
    table = np.array([row[:5] for row in rows], dtype=np.float64)
    half = table[:, 3:] / 2
    inside = _rows(np.hstack([table[:, 1:3] - half, table[:, 1:3] + half]).clip(0, 1))
    seen = (inside[:, 2:] > LEAST).all(axis=1)
    return list(np.hstack([table[:, :1], inside])[seen])


def _outlined(row: list[float]) -> Floats:
    """The class and the outline of a row of tracks/, empty where nothing of it is inside the picture."""
    half = np.array(row[3:5]) / 2
    (x1, y1), (x2, y2) = np.array(row[1:3]) - half, np.array(row[1:3]) + half
    points = np.clip(row[7:] or [x1, y1, x2, y1, x2, y2, x1, y2], 0, 1).reshape(-1, 2)
    inside = (np.ptp(points, axis=0) > LEAST).all()
    return np.concatenate([row[:1], points.ravel()]) if inside else np.empty(0)


def _write_heads(annotations: Annotations, path: Path) -> None:
    write_data(path / DATA, ["images"], ["images"], labels_of(annotations))
    (path / "classes.txt").write_text("".join(f"{label}\n" for label in labels_of(annotations)), encoding="utf-8")
    keys = ("name", "source", "width", "height", "frame_count")
    video: dict[str, Any] = {key: getattr(annotations, key) for key in keys}
    video |= {"frame_rate": str(annotations.frame_rate), "labels": list(labels_of(annotations))}
    video["times"] = None if annotations.times is None else annotations.times.tolist()
    (path / VIDEO).write_text(json.dumps(video) + "\n", encoding="utf-8")


def write_data(path: Path, train: Sequence[str], val: Sequence[str], labels: Sequence[str]) -> None:
    """Write a data.yaml: the folders of pictures to learn from and to judge by, as seen from it, and the classes."""
    names = "".join(f"  {number}: {_quoted(label)}\n" for number, label in enumerate(labels))
    parts = "".join(f"{part}: {_listed(folders)}\n" for part, folders in (("train", train), ("val", val)))
    path.write_text(f"{parts}names:\n{names}", encoding="utf-8")


def _listed(folders: Sequence[str]) -> str:
    return folders[0] if folders == ["images"] else f"[{', '.join(map(_quoted, folders))}]"


def _quoted(text: str) -> str:
    """A text as YAML takes it: JSON's quotes are among YAML's."""
    return json.dumps(text, ensure_ascii=False)


def _rows(boxes: Floats) -> Floats:
    return np.hstack([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]])


def _text(values: Floats) -> str:
    return " ".join(f"{value:.8f}" for value in values.tolist())


def recognises(path: Path) -> bool:
    """Whether `path` is a folder with data.yaml and labels/ or tracks/."""
    return (path / DATA).is_file() and ((path / "labels").is_dir() or (path / "tracks").is_dir())


def read(path: Path) -> list[Annotations]:
    """The video of a folder, from tracks/, or from labels/ with rows like those of tracks/ where there is no tracks/.

    Raises InputError, naming file and line, for anything that is not as it should be, and for a file in labels/ that
    somebody has changed: its rows do not say which tracks they belong to, so a correction there would be lost.
    """
    place = str(path / VIDEO)
    try:
        video = validate.load_json(path / VIDEO)
        name = validate.text(video["name"], "name")
        width, height = (validate.integer(video[key], key, 1, limits.PIXELS) for key in ("width", "height"))
        labels = validate.distinct_texts(video["labels"], "labels")
        count = validate.integer(video["frame_count"], "frame_count", 0, limits.FRAMES)
        rate, times = validate.frame_rate(video["frame_rate"]), validate.frame_times(video["times"], count)
        source = validate.text(video["source"], "source") if video["source"] else ""
        rows: dict[int, list[list[float]]] = {}
        named = path / "tracks" if (path / "tracks").is_dir() else path / "labels"
        frames: dict[str, list[list[float]]] = {}
        for file in _texts_in(named):
            place = str(file)
            frames[file.name] = _read_frame(file, name, len(labels))
            for row in frames[file.name]:
                rows.setdefault(int(row[7]), []).append(row)
        place = str(path)
        if named.name == "tracks" and (path / "labels").is_dir():
            _compare(path, frames)
        size = np.array([width, height] * 2, dtype=np.float64)
        budget = MaskBudget()
        tracks = [_track(number, rows[number], labels, size, budget) for number in sorted(rows)]
        return [validate.consistent(Annotations(name, source, width, height, rate, count, labels, tracks, times))]
    except validate.MALFORMED as error:
        raise InputError(place, f"is no YOLO annotation: {error!r}", "mend the file") from None


def _texts_in(folder: Path) -> list[Path]:
    """The text files of a folder by name, without those that macOS puts beside others.

    A file may have a dot in front all the same: its name is that of its video.
    """
    return sorted(file for file in folder.glob("*.txt") if not file.name.startswith("._"))


def _read_frame(file: Path, name: str, classes: int) -> list[list[float]]:
    """Rows of frame, class, cx, cy, w, h, score, id, and x and y of the outline's points where there is one."""
    digits = file.stem.rpartition("_")[2]
    if not digits.isdecimal() or file.stem != image_stem(name, int(digits)):
        raise ValueError(f"its name is not that of a frame like {image_stem(name, 1)}.txt")
    rows = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        where = f"{file}:{number}"
        fields = line.split()
        if len(fields) in (5, 6):
            raise InputError(where, "has no track number", "give files whose rows end in score and id")
        if len(fields) != 7 and (len(fields) < 13 or len(fields) % 2 == 0):
            raise InputError(
                where, f"has {len(fields)} columns, not 7, or 7 and x and y of an outline", "mend the line"
            )
        try:
            rows.append([float(int(digits)), *_values(fields, classes)])
        except ValueError as error:
            raise InputError(where, f"{line!r}: {error}", "mend the line") from None
    return rows


def _values(fields: list[str], classes: int) -> list[float]:
    values = [float(validate.integer(float(fields[0]), "class", 0, classes - 1))]
    values += [validate.number(float(field), "a centre", -1e4, 1e4) for field in fields[1:3]]
    values += [validate.number(float(field), "a size", 0, 1e4) for field in fields[3:5]]
    values.append(validate.score(float(fields[5])))
    values.append(float(validate.integer(float(fields[6]), "id", 1)))
    return values + [validate.number(float(field), "a point", -1e4, 1e4) for field in fields[7:]]


def _compare(path: Path, frames: Mapping[str, list[list[float]]]) -> None:
    """Raise InputError for the first file in labels/ that is not what tracks/ says."""
    present = {file.name for file in _texts_in(path / "labels")}
    outlined = any(len(row) > 8 for rows in frames.values() for row in rows)
    for name in sorted(present | set(frames)):
        file = path / "labels" / name
        lines = file.read_text(encoding="utf-8").splitlines() if name in present else []
        found = [line.split() for line in lines if line.strip()]
        rows = frames.get(name, [])
        expected = _labels_of([row[1:] for row in rows], outlined) if rows else []
        if not (len(found) == len(expected) and all(map(_alike, found, expected))):
            why = f"is not what tracks/{name} says, and does not name the tracks of its boxes"
            raise InputError(file, why, "correct tracks/ instead; without labels/ it is read alone")


def _alike(line: list[str], expected: Floats) -> bool:
    """Whether a line of labels/ is the row that tracks/ says."""
    return len(line) == len(expected) and np.allclose(np.array(line, dtype=np.float64), expected, rtol=0, atol=SAME)


def _track(
    number: int, rows: list[list[float]], labels: tuple[str, ...], size: Floats, budget: MaskBudget
) -> AnnotatedTrack:
    rows = sorted(rows)
    table = np.array([row[:8] for row in rows], dtype=np.float64)
    classes = {int(value) for value in table[:, 1]}
    if len(classes) > 1:
        raise ValueError(f"track {number} has the classes {sorted(classes)}")
    half = table[:, 4:6] / 2
    boxes = np.hstack([table[:, 2:4] - half, table[:, 2:4] + half]) * size
    masks = [_mask(row[8:], size, budget) for row in rows]
    columns = {} if all(mask is None for mask in masks) else {MASKS: masks}
    frames = table[:, 0].astype(np.int64)
    return AnnotatedTrack(number, labels[classes.pop()], frames, boxes, table[:, 6], columns=columns)


def _mask(outline: list[float], size: Floats, budget: MaskBudget) -> Mask | None:
    if not outline:
        return None
    points = (np.array(outline).reshape(-1, 2) * size[:2]).round(3)
    return budget.spend(fill([points], (int(size[1]), int(size[0]))), len(outline))
