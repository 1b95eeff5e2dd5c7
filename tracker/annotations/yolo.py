"""YOLO: a folder of text files, a frame each; one set for trainers, one that also names the tracks."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from detectors.base import Floats
from detectors.errors import InputError
from tracker.annotations.document import AnnotatedTrack, Annotations, by_frame
from tracker.annotations.pictures import stem_of

VIDEO = "video.json"  # what the text files have no place for


def write(annotations: Annotations, path: Path) -> None:
    """Write labels/ (``class cx cy w h``, clipped to the picture, as trainers want) and tracks/ (all, unclipped).

    A row of tracks/ is ``class cx cy w h score id``. Only frames with boxes get a file; the others are background.
    """
    if not (annotations.width and annotations.height):
        raise InputError(annotations.name, "has no known size, which shares of the picture need", "give a video")
    for folder in ("labels", "tracks"):
        (path / folder).mkdir(parents=True, exist_ok=True)
    _write_heads(annotations, path)
    classes = {label: number for number, label in enumerate(annotations.labels)}
    size = np.array([annotations.width, annotations.height] * 2, dtype=np.float64)
    for frame, owners, rows in by_frame(annotations.tracks):
        tracks = [annotations.tracks[owner] for owner in owners.tolist()]
        boxes = np.array([track.boxes[row] for track, row in zip(tracks, rows, strict=True)]) / size
        file = f"{stem_of(annotations.name, frame)}.txt"
        full, clipped = _rows(boxes), _rows(boxes.clip(0, 1))
        lines, labels = [], []
        for track, row, whole, inside in zip(tracks, rows.tolist(), full, clipped, strict=True):
            number = classes[track.label]
            lines.append(f"{number} {_text(whole)} {track.scores[row]:.6f} {track.track_id}\n")
            if (inside[2:] > 0).all():
                labels.append(f"{number} {_text(inside)}\n")
        (path / "tracks" / file).write_text("".join(lines), encoding="utf-8")
        (path / "labels" / file).write_text("".join(labels), encoding="utf-8")


def _write_heads(annotations: Annotations, path: Path) -> None:
    names = "".join(f"  {n}: {json.dumps(label)}\n" for n, label in enumerate(annotations.labels))
    (path / "data.yaml").write_text(f"train: images\nval: images\nnames:\n{names}", encoding="utf-8")
    (path / "classes.txt").write_text("".join(f"{label}\n" for label in annotations.labels), encoding="utf-8")
    keys = ("name", "source", "width", "height", "frame_count")
    video: dict[str, Any] = {key: getattr(annotations, key) for key in keys}
    video |= {"frame_rate": str(annotations.frame_rate), "labels": list(annotations.labels)}
    video["times"] = None if annotations.times is None else annotations.times.tolist()
    (path / VIDEO).write_text(json.dumps(video) + "\n", encoding="utf-8")


def _rows(boxes: Floats) -> Floats:
    return np.hstack([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]])


def _text(values: Floats) -> str:
    return " ".join(f"{value:.8f}" for value in values.tolist())


def recognises(path: Path) -> bool:
    """Whether `path` is a folder with data.yaml and labels/."""
    return (path / "data.yaml").is_file() and (path / "labels").is_dir()


def read(path: Path) -> list[Annotations]:
    """The video of a folder; raises InputError, naming file and line, for anything that is not as it should be."""
    place = path / VIDEO
    try:
        video = json.loads(place.read_text(encoding="utf-8"))
        rate, times = Fraction(video["frame_rate"]), video["times"]
        labels = tuple(map(str, video["labels"]))
        size = np.array([int(video["width"]), int(video["height"])] * 2, dtype=np.float64)
        rows: dict[int, list[list[float]]] = {}
        for file in sorted((path / "tracks" if (path / "tracks").is_dir() else path / "labels").glob("*.txt")):
            place = file
            _read_frame(file, rows)
        place = path
        tracks = [_track(number, rows[number], labels, size) for number in sorted(rows)]
        name, source, count = str(video["name"]), str(video["source"]), int(video["frame_count"])
        seconds = None if times is None else np.array(times, dtype=np.float64)
        width, height = int(video["width"]), int(video["height"])
        return [Annotations(name, source, width, height, rate, count, labels, tracks, seconds)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        raise InputError(place, f"is no YOLO annotation: {error!r}", "mend the file") from None


def _read_frame(file: Path, rows: dict[int, list[list[float]]]) -> None:
    frame = int(file.stem.rpartition("_")[2])
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split()
        if len(fields) in (5, 6):
            raise InputError(f"{file}:{number}", "has no track number", "give files whose rows end in score and id")
        if len(fields) != 7:
            raise InputError(f"{file}:{number}", f"has {len(fields)} columns, not 7", "mend the line")
        try:
            rows.setdefault(int(fields[6]), []).append([frame, int(fields[0]), *map(float, fields[1:6])])
        except ValueError:
            raise InputError(f"{file}:{number}", f"{line!r} is no row of numbers", "mend the line") from None


def _track(number: int, rows: list[list[float]], labels: tuple[str, ...], size: Floats) -> AnnotatedTrack:
    table = np.array(sorted(rows), dtype=np.float64)
    classes = {int(value) for value in table[:, 1]}
    if len(classes) > 1 or not 0 <= min(classes) < len(labels):
        raise ValueError(f"track {number} has the classes {sorted(classes)} of {len(labels)}")
    half = table[:, 4:6] / 2
    boxes = np.hstack([table[:, 2:4] - half, table[:, 2:4] + half]) * size
    return AnnotatedTrack(number, labels[classes.pop()], table[:, 0].astype(np.int64), boxes, table[:, 6])
