"""COCO: one JSON file of videos, their frames as images, and boxes that name their track."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from detectors.base import Floats
from detectors.errors import InputError
from tracker.annotations import validate
from tracker.annotations.document import AnnotatedTrack, Annotations, by_frame, labels_of
from tracker.annotations.frame_extraction import image_stem

Entry = dict[str, Any]
HEAD = 4096  # characters that are read to recognise a file


def write(annotations: Annotations, path: Path) -> None:
    """Write one video."""
    write_many([annotations], path)


def write_many(videos: Iterable[Annotations], path: Path, every: int = 1, clipped: bool = False) -> None:
    """Write all `videos` into one file; every frame is an image, since those without objects are negatives.

    One video after the other is asked for, and none is kept. every: list only frame 1 and each `every`-th after it, and
    their boxes, as `extract_frames` writes them. clipped: cut the boxes off at the picture's border and leave out
    what lies outside, as training wants it; without it a box that reaches outside tells how large the object is.
    """
    heads: list[Entry] = []
    categories: dict[str, int] = {}
    with _section(path, "images") as images, _section(path, "annotations") as boxes:
        before = 0  # frames of the videos before
        for number, video in enumerate(videos, 1):
            heads.append(_video(number, video))
            for label in labels_of(video):
                categories.setdefault(label, len(categories) + 1)
            images.add({"id": before + row + 1, "video_id": number} | entry for row, entry in _images(video, every))
            kept = _boxes(video, categories, every, clipped)
            numbered = enumerate(kept, boxes.count + 1)
            boxes.add({"id": i, "image_id": before + f, "video_id": number} | entry for i, (f, entry) in numbered)
            before += video.frame_count
        with path.open("w", encoding="utf-8") as file:
            classes = [{"id": identity, "name": label} for label, identity in categories.items()]
            file.write(f'{{"videos": [{_listed(heads)}]\n,"categories": [{_listed(classes)}]\n')
            images.append_to(file)
            boxes.append_to(file)
            file.write("}\n")


def _listed(entries: Iterable[Entry]) -> str:
    return ",".join(f"\n{json.dumps(entry)}" for entry in entries)


class _Section:
    """A list of the document that is written aside, as those before it are not complete yet."""

    def __init__(self, name: str, file: TextIO) -> None:
        self.name, self.file, self.count = name, file, 0

    def add(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.file.write(("," if self.count else "") + "\n" + json.dumps(entry))
            self.count += 1

    def append_to(self, document: TextIO) -> None:
        document.write(f',"{self.name}": [')
        self.file.seek(0)
        shutil.copyfileobj(self.file, document, 1 << 20)
        document.write("]\n")


@contextmanager
def _section(path: Path, name: str) -> Iterator[_Section]:
    with tempfile.TemporaryFile("w+", encoding="utf-8", dir=path.parent) as file:
        yield _Section(name, file)


def _video(number: int, video: Annotations) -> Entry:
    size = {"width": video.width, "height": video.height}
    more = {
        "source": video.source,
        "frame_rate": str(video.frame_rate),
        "frame_count": video.frame_count,
        "labels": list(labels_of(video)),
    }
    return {"id": number, "name": video.name, **size, **more}


def _images(video: Annotations, every: int) -> Iterator[tuple[int, Entry]]:
    """Each frame from 0, and what is said of it."""
    for row in range(0, video.frame_count, every):
        entry: Entry = {"frame_index": row, "file_name": f"{image_stem(video.name, row + 1)}.jpg"}
        entry |= {"width": video.width, "height": video.height}
        yield row, entry if video.times is None else entry | {"time": float(video.times[row])}


def _boxes(video: Annotations, categories: Mapping[str, int], every: int, clipped: bool) -> Iterator[tuple[int, Entry]]:
    """Each box with its frame, from 1."""
    border = np.array([video.width, video.height] * 2) if clipped else np.inf
    for frame, owners, rows in by_frame(video.tracks):
        for owner, row in zip(owners.tolist(), rows.tolist(), strict=True) if (frame - 1) % every == 0 else ():
            track = video.tracks[owner]
            box = np.clip(track.boxes[row], 0 if clipped else -np.inf, border)
            entry = _box(track, row, box, categories[track.label])
            if not clipped or min(entry["bbox"][2:]) > 0:
                yield frame, entry


def _box(track: AnnotatedTrack, row: int, corners: Floats, category: int) -> Entry:
    x1, y1, x2, y2 = corners.tolist()
    box: list[float] = [round(value, 3) for value in (x1, y1, x2 - x1, y2 - y1)]
    entry: Entry = {"track_id": track.track_id, "category_id": category, "bbox": box}
    entry |= {"area": round(box[2] * box[3], 3), "iscrowd": 0}
    return entry | {"score": round(float(track.scores[row]), 6), "filled": bool(track.filled[row])}


def recognises(path: Path) -> bool:
    """Whether `path` looks like a COCO file of videos."""
    try:
        with path.open(encoding="utf-8") as file:
            head = file.read(HEAD)
    except (OSError, ValueError):
        return False
    return path.suffix == ".json" and head.lstrip().startswith("{") and '"videos"' in head


def read(path: Path) -> list[Annotations]:
    """The videos of a file; raises InputError, naming file and entry, for anything that is not as it should be."""
    place = "the document"
    try:
        document = validate.load_json(path)
        names = {validate.integer(e["id"], "id"): validate.text(e["name"], "name") for e in document["categories"]}
        images = _by_id(document["images"], "images")
        videos = _by_id(document["videos"], "videos")
        rows: dict[int, dict[int, list[Entry]]] = {identity: {} for identity in videos}
        for number, entry in enumerate(document["annotations"]):
            place = f"annotations[{number}]"
            track_id = validate.integer(entry["track_id"], "track_id", 1)
            rows[images[entry["image_id"]]["video_id"]].setdefault(track_id, []).append(entry)
        of_video: dict[int, list[Entry]] = {identity: [] for identity in videos}
        for number, entry in enumerate(document["images"]):
            place = f"images[{number}]"
            validate.integer(entry["frame_index"], "frame_index", 0, validate.MOST_FRAMES)
            of_video[entry["video_id"]].append(entry)
        read_videos = []
        for number, identity in enumerate(videos):
            place = f"videos[{number}]"
            video = _read_video(videos[identity], of_video[identity], rows[identity], images, names)
            read_videos.append(validate.consistent(video))
        return read_videos
    except validate.MALFORMED as error:
        raise InputError(f"{path}: {place}", f"is no COCO video: {error!r}", "mend the file") from None


def _by_id(entries: list[Entry], name: str) -> dict[int, Entry]:
    by_id = {validate.integer(entry["id"], f"{name}: id"): entry for entry in entries}
    if len(by_id) < len(entries):
        raise ValueError(f"{name}: two have the same id")
    return by_id


def _read_video(
    video: Entry,
    own: list[Entry],
    rows: Mapping[int, list[Entry]],
    images: Mapping[int, Entry],
    names: Mapping[int, str],
) -> Annotations:
    tracks = [_read_track(track_id, rows[track_id], images, names) for track_id in sorted(rows)]
    own = sorted(own, key=lambda entry: int(entry["frame_index"]))
    if len({entry["frame_index"] for entry in own}) < len(own):
        raise ValueError("two images have the same frame_index")
    count = validate.integer(video.get("frame_count", len(own)), "frame_count", 0, validate.MOST_FRAMES)
    timed = len(own) == count and all("time" in entry for entry in own) and bool(own)
    labels = (
        validate.distinct_texts(video["labels"], "labels")
        if "labels" in video
        else tuple(dict.fromkeys(names.values()))
    )
    source = video.get("source", "")
    return Annotations(
        name=validate.text(video["name"], "name"),
        source=validate.text(source, "source") if source != "" else "",
        width=validate.integer(video["width"], "width", 0, validate.MOST_PIXELS),
        height=validate.integer(video["height"], "height", 0, validate.MOST_PIXELS),
        frame_rate=validate.frame_rate(video.get("frame_rate", 0)),
        frame_count=count,
        labels=tuple(dict.fromkeys([*labels, *(track.label for track in tracks)])),
        tracks=tracks,
        times=validate.frame_times([entry["time"] for entry in own], count) if timed else None,
    )


def _read_track(
    track_id: int, rows: list[Entry], images: Mapping[int, Entry], names: Mapping[int, str]
) -> AnnotatedTrack:
    rows = sorted(rows, key=lambda row: int(images[row["image_id"]]["frame_index"]))
    labels = {names[row["category_id"]] for row in rows}
    if len(labels) > 1:
        raise ValueError(f"track {track_id} has several categories")
    boxes = validate.boxes_of_xywh([row["bbox"] for row in rows])
    frames = np.array([int(images[row["image_id"]]["frame_index"]) + 1 for row in rows], dtype=np.int64)
    scores = np.array([validate.number(row.get("score", 1.0), "score", 0, 1) for row in rows])
    filled = np.array([row.get("filled") is True for row in rows])
    return AnnotatedTrack(track_id, labels.pop(), frames, boxes, scores, filled)
