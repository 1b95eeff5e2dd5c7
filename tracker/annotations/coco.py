"""COCO: one JSON file of videos, their frames as images, and boxes that name their track."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from detectors.errors import InputError
from tracker.annotations.document import AnnotatedTrack, Annotations, by_frame
from tracker.annotations.pictures import stem_of

Entry = dict[str, Any]
HEAD = 4096  # characters that a look at a file reads


def write(annotations: Annotations, path: Path) -> None:
    """Write one video."""
    write_many([annotations], path)


def write_many(videos: Sequence[Annotations], path: Path) -> None:
    """Write all `videos` into one file; every frame is an image, since those without objects are negatives."""
    labels = list(dict.fromkeys(label for video in videos for label in video.labels))
    with path.open("w", encoding="utf-8") as file:
        _section(file, "{", "videos", (_video(number, video) for number, video in enumerate(videos, 1)))
        _section(file, ",", "categories", ({"id": i, "name": label} for i, label in enumerate(labels, 1)))
        _section(file, ",", "images", _images(videos))
        _section(file, ",", "annotations", _boxes(videos, {label: i for i, label in enumerate(labels, 1)}))
        file.write("}\n")


def _section(file: TextIO, before: str, name: str, entries: Iterable[Entry]) -> None:
    file.write(f'{before}"{name}": [')
    for number, entry in enumerate(entries):
        file.write(("," if number else "") + "\n" + json.dumps(entry))
    file.write("]\n")


def _video(number: int, video: Annotations) -> Entry:
    size = {"width": video.width, "height": video.height}
    rate = str(video.frame_rate)
    more = {"source": video.source, "frame_rate": rate, "frame_count": video.frame_count, "labels": list(video.labels)}
    return {"id": number, "name": video.name, **size, **more}


def _images(videos: Sequence[Annotations]) -> Iterator[Entry]:
    first = 1
    for number, video in enumerate(videos, 1):
        for row in range(video.frame_count):
            name = f"{stem_of(video.name, row + 1)}.jpg"
            entry = {"id": first + row, "video_id": number, "frame_index": row, "file_name": name}
            entry |= {"width": video.width, "height": video.height}
            yield entry if video.times is None else entry | {"time": float(video.times[row])}
        first += video.frame_count


def _boxes(videos: Sequence[Annotations], categories: Mapping[str, int]) -> Iterator[Entry]:
    before, identity = 0, 0
    for number, video in enumerate(videos, 1):
        for frame, owners, rows in by_frame(video.tracks):
            for owner, row in zip(owners.tolist(), rows.tolist(), strict=True):
                identity += 1
                track = video.tracks[owner]
                entry = {"id": identity, "image_id": before + frame, "video_id": number}
                yield entry | _box(track, row, categories[track.label])
        before += video.frame_count


def _box(track: AnnotatedTrack, row: int, category: int) -> Entry:
    x1, y1, x2, y2 = track.boxes[row].tolist()
    box = [round(value, 3) for value in (x1, y1, x2 - x1, y2 - y1)]
    entry = {"track_id": track.track_id, "category_id": category, "bbox": box, "area": round(box[2] * box[3], 3)}
    return entry | {"iscrowd": 0, "score": round(float(track.scores[row]), 6), "filled": bool(track.filled[row])}


def recognises(path: Path) -> bool:
    """Whether `path` looks like a COCO file of videos."""
    try:
        with path.open(encoding="utf-8") as file:
            return path.suffix == ".json" and file.read(HEAD).lstrip().startswith('{"videos": [')
    except (OSError, ValueError):
        return False


def read(path: Path) -> list[Annotations]:
    """The videos of a file; raises InputError, naming file and entry, for anything that is not as it should be."""
    place = "the document"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        names = {int(entry["id"]): str(entry["name"]) for entry in document["categories"]}
        images = {entry["id"]: entry for entry in document["images"]}
        rows: dict[int, dict[int, list[Entry]]] = {entry["id"]: {} for entry in document["videos"]}
        for number, entry in enumerate(document["annotations"]):
            place = f"annotations[{number}]"
            rows[images[entry["image_id"]]["video_id"]].setdefault(int(entry["track_id"]), []).append(entry)
        read_videos = []
        for number, video in enumerate(document["videos"]):
            place = f"videos[{number}]"
            read_videos.append(_read_video(video, rows[video["id"]], images, names))
        return read_videos
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise InputError(f"{path}: {place}", f"is no COCO video: {error!r}", "mend the file") from None


def _read_video(
    video: Entry, rows: Mapping[int, list[Entry]], images: Mapping[int, Entry], names: Mapping[int, str]
) -> Annotations:
    tracks = [_read_track(track_id, rows[track_id], images, names) for track_id in sorted(rows)]
    own = sorted((e for e in images.values() if e["video_id"] == video["id"]), key=lambda e: int(e["frame_index"]))
    times = np.array([e["time"] for e in own], dtype=np.float64) if own and all("time" in e for e in own) else None
    return Annotations(
        name=str(video["name"]),
        source=str(video.get("source", "")),
        width=int(video["width"]),
        height=int(video["height"]),
        frame_rate=Fraction(video.get("frame_rate", 30)),
        frame_count=int(video.get("frame_count", len(own))),
        labels=tuple(map(str, video.get("labels", names.values()))),
        tracks=tracks,
        times=times,
    )


def _read_track(
    track_id: int, rows: list[Entry], images: Mapping[int, Entry], names: Mapping[int, str]
) -> AnnotatedTrack:
    rows = sorted(rows, key=lambda row: int(images[row["image_id"]]["frame_index"]))
    labels = {names[row["category_id"]] for row in rows}
    if len(labels) > 1:
        raise ValueError(f"track {track_id} has several categories")
    boxes = np.array([row["bbox"] for row in rows], dtype=np.float64)
    if boxes.shape != (len(rows), 4):
        raise ValueError(f"track {track_id}: a bbox is x, y, width, height")
    boxes[:, 2:] += boxes[:, :2]
    frames = np.array([int(images[row["image_id"]]["frame_index"]) + 1 for row in rows], dtype=np.int64)
    scores = np.array([row.get("score", 1.0) for row in rows], dtype=np.float64)
    filled = np.array([bool(row.get("filled", False)) for row in rows])
    return AnnotatedTrack(track_id, labels.pop(), frames, boxes, scores, filled)
