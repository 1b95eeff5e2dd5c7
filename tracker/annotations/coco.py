"""COCO: one JSON file of videos, their frames as images, and boxes that name their track."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from detectors.base import Floats
from detectors.errors import InputError
from tracker.annotations import checked
from tracker.annotations.document import AnnotatedTrack, Annotations, by_frame, labels_of
from tracker.annotations.pictures import stem_of

Entry = dict[str, Any]
HEAD = 4096  # characters that a look at a file reads


def write(annotations: Annotations, path: Path) -> None:
    """Write one video."""
    write_many([annotations], path)


def write_many(videos: Sequence[Annotations], path: Path, every: int = 1, clipped: bool = False) -> None:
    """Write all `videos` into one file; every frame is an image, since those without objects are negatives.

    every: list only frame 1 and each `every`-th after it, and their boxes, as `pictures.extract` writes them.
    clipped: cut the boxes off at the picture's border and leave out what lies outside, as training wants it; without
    it a box that reaches outside tells how large the object is.
    """
    labels = list(dict.fromkeys(label for video in videos for label in labels_of(video)))
    categories = {label: number for number, label in enumerate(labels, 1)}
    with path.open("w", encoding="utf-8") as file:
        _section(file, "{", "videos", (_video(number, video) for number, video in enumerate(videos, 1)))
        _section(file, ",", "categories", ({"id": i, "name": label} for label, i in categories.items()))
        _section(file, ",", "images", _images(videos, every))
        _section(file, ",", "annotations", _boxes(videos, categories, every, clipped))
        file.write("}\n")


def _section(file: TextIO, before: str, name: str, entries: Iterable[Entry]) -> None:
    file.write(f'{before}"{name}": [')
    for number, entry in enumerate(entries):
        file.write(("," if number else "") + "\n" + json.dumps(entry))
    file.write("]\n")


def _video(number: int, video: Annotations) -> Entry:
    size = {"width": video.width, "height": video.height}
    rate = str(video.frame_rate)
    more = {
        "source": video.source,
        "frame_rate": rate,
        "frame_count": video.frame_count,
        "labels": list(labels_of(video)),
    }
    return {"id": number, "name": video.name, **size, **more}


def _images(videos: Sequence[Annotations], every: int) -> Iterator[Entry]:
    first = 1
    for number, video in enumerate(videos, 1):
        for row in range(0, video.frame_count, every):
            name = f"{stem_of(video.name, row + 1)}.jpg"
            entry = {"id": first + row, "video_id": number, "frame_index": row, "file_name": name}
            entry |= {"width": video.width, "height": video.height}
            yield entry if video.times is None else entry | {"time": float(video.times[row])}
        first += video.frame_count


def _boxes(videos: Sequence[Annotations], categories: Mapping[str, int], every: int, clipped: bool) -> Iterator[Entry]:
    before, identity = 0, 0
    for number, video in enumerate(videos, 1):
        border = np.array([video.width, video.height] * 2) if clipped else np.inf
        for frame, owners, rows in by_frame(video.tracks):
            for owner, row in zip(owners.tolist(), rows.tolist(), strict=True) if (frame - 1) % every == 0 else ():
                track = video.tracks[owner]
                box = np.clip(track.boxes[row], 0 if clipped else -np.inf, border)
                entry = _box(track, row, box, categories[track.label])
                if not clipped or min(entry["bbox"][2:]) > 0:
                    identity += 1
                    yield {"id": identity, "image_id": before + frame, "video_id": number} | entry
        before += video.frame_count


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
        document = checked.load(path)
        names = {checked.whole(e["id"], "id"): checked.text(e["name"], "name") for e in document["categories"]}
        images = _by_id(document["images"], "images")
        videos = _by_id(document["videos"], "videos")
        rows: dict[int, dict[int, list[Entry]]] = {identity: {} for identity in videos}
        for number, entry in enumerate(document["annotations"]):
            place = f"annotations[{number}]"
            track_id = checked.whole(entry["track_id"], "track_id", 1)
            rows[images[entry["image_id"]]["video_id"]].setdefault(track_id, []).append(entry)
        of_video: dict[int, list[Entry]] = {identity: [] for identity in videos}
        for number, entry in enumerate(document["images"]):
            place = f"images[{number}]"
            checked.whole(entry["frame_index"], "frame_index", 0, checked.MOST_FRAMES)
            of_video[entry["video_id"]].append(entry)
        read_videos = []
        for number, identity in enumerate(videos):
            place = f"videos[{number}]"
            video = _read_video(videos[identity], of_video[identity], rows[identity], images, names)
            read_videos.append(checked.video(video))
        return read_videos
    except checked.WRONG as error:
        raise InputError(f"{path}: {place}", f"is no COCO video: {error!r}", "mend the file") from None


def _by_id(entries: list[Entry], name: str) -> dict[int, Entry]:
    by_id = {checked.whole(entry["id"], f"{name}: id"): entry for entry in entries}
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
    count = checked.whole(video.get("frame_count", len(own)), "frame_count", 0, checked.MOST_FRAMES)
    timed = len(own) == count and all("time" in entry for entry in own) and bool(own)
    labels = checked.texts(video["labels"], "labels") if "labels" in video else tuple(dict.fromkeys(names.values()))
    source = video.get("source", "")
    return Annotations(
        name=checked.text(video["name"], "name"),
        source=checked.text(source, "source") if source != "" else "",
        width=checked.whole(video["width"], "width", 0, checked.MOST_PIXELS),
        height=checked.whole(video["height"], "height", 0, checked.MOST_PIXELS),
        frame_rate=checked.rate(video.get("frame_rate", 30)),
        frame_count=count,
        labels=tuple(dict.fromkeys([*labels, *(track.label for track in tracks)])),
        tracks=tracks,
        times=checked.seconds([entry["time"] for entry in own], count) if timed else None,
    )


def _read_track(
    track_id: int, rows: list[Entry], images: Mapping[int, Entry], names: Mapping[int, str]
) -> AnnotatedTrack:
    rows = sorted(rows, key=lambda row: int(images[row["image_id"]]["frame_index"]))
    labels = {names[row["category_id"]] for row in rows}
    if len(labels) > 1:
        raise ValueError(f"track {track_id} has several categories")
    boxes = checked.sized([row["bbox"] for row in rows])
    frames = np.array([int(images[row["image_id"]]["frame_index"]) + 1 for row in rows], dtype=np.int64)
    scores = np.array([checked.number(row.get("score", 1.0), "score", 0, 1) for row in rows])
    filled = np.array([row.get("filled") is True for row in rows])
    return AnnotatedTrack(track_id, labels.pop(), frames, boxes, scores, filled)
