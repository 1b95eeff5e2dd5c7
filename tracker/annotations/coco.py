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
from tracker.annotations import validate
from tracker.annotations.coco_keypoints import keypoint_count, keypoints_category, keypoints_entry
from tracker.annotations.coco_masks import mask_entry
from tracker.annotations.coco_reader import is_coco, read
from tracker.annotations.document import AnnotatedTrack, Annotations, by_frame, labels_of
from tracker.annotations.frame_extraction import image_stem

__all__ = ["read", "recognises", "write", "write_many"]

Entry = dict[str, Any]


def write(annotations: Annotations, path: Path) -> None:
    """Write one video."""
    write_many([annotations], path)


def write_many(
    videos: Iterable[Annotations], path: Path, every: int = 1, clipped: bool = False, polygons: bool = False
) -> None:
    """Write all `videos` into one file; every frame is an image, since those without objects are negatives.

    One video after the other is asked for, and none is kept. every: list only frame 1 and each `every`-th after it, and
    their boxes, as `extract_frames` writes them. clipped: cut the boxes off at the picture's border and leave out
    what lies outside, as training wants it; without it a box that reaches outside tells how large the object is.
    polygons: write masks as polygons, not as run lengths.
    """
    heads: list[Entry] = []
    categories: dict[str, int] = {}
    keypoints: dict[str, int] = {}
    with _section(path, "images") as images, _section(path, "annotations") as boxes:
        before = 0  # frames of the videos before
        for number, video in enumerate(videos, 1):
            heads.append(_video(number, video))
            for label in labels_of(video):
                categories.setdefault(label, len(categories) + 1)
            for track in video.tracks:
                keypoints[track.label] = max(keypoints.get(track.label, 0), keypoint_count(track))
            images.add(_images(video, number, before, every))
            kept = _boxes(video, categories, every, clipped, polygons)
            numbered = enumerate(kept, boxes.count + 1)
            entries = ({"id": i, "image_id": before + f, "video_id": number} | entry for i, (f, entry) in numbered)
            boxes.add(map(json.dumps, entries))
            before += video.frame_count
        with path.open("w", encoding="utf-8") as file:
            classes = [
                {"id": identity, "name": label} | keypoints_category(keypoints.get(label, 0))
                for label, identity in categories.items()
            ]
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

    def add(self, entries: Iterable[str]) -> None:
        for entry in entries:
            self.file.write(f",\n{entry}" if self.count else f"\n{entry}")
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


def _images(video: Annotations, number: int, before: int, every: int) -> Iterator[str]:
    """What is said of each frame, as JSON that is made of the few parts that differ: a day has two million frames."""
    stem = json.dumps(image_stem(video.name, 1)).strip('"').removesuffix("000001")
    size = f'"width": {video.width}, "height": {video.height}'
    for row in range(0, video.frame_count, every):
        time = "" if video.times is None else f', "time": {json.dumps(float(video.times[row]))}'
        frame = f'"frame_index": {row}, "file_name": "{stem}{row + 1:06d}.jpg"'
        yield f'{{"id": {before + row + 1}, "video_id": {number}, {frame}, {size}{time}}}'


def _boxes(
    video: Annotations, categories: Mapping[str, int], every: int, clipped: bool, polygons: bool
) -> Iterator[tuple[int, Entry]]:
    """Each box with its frame, from 1."""
    border = np.array([video.width, video.height] * 2) if clipped else np.inf
    for frame, owners, rows in by_frame(video.tracks):
        for owner, row in zip(owners.tolist(), rows.tolist(), strict=True) if (frame - 1) % every == 0 else ():
            track = video.tracks[owner]
            box = np.clip(track.boxes[row], 0 if clipped else -np.inf, border)
            entry = _box(track, row, box, categories[track.label])
            entry |= mask_entry(track, row, (video.height, video.width), polygons)
            if not clipped or min(entry["bbox"][2:]) > 0:
                yield frame, entry


def _box(track: AnnotatedTrack, row: int, corners: Floats, category: int) -> Entry:
    x1, y1, x2, y2 = corners.tolist()
    box: list[float] = [round(value, 3) for value in (x1, y1, x2 - x1, y2 - y1)]
    entry: Entry = {"track_id": track.track_id, "category_id": category, "bbox": box}
    entry |= {"area": round(box[2] * box[3], 3), "iscrowd": 0}
    entry |= {"score": round(float(track.scores[row]), 6), "filled": bool(track.filled[row])}
    return entry | keypoints_entry(track, row)


def recognises(path: Path) -> bool:
    """Whether `path` looks like a COCO file of videos; all of it is read where its beginning does not tell."""
    head = validate.json_head(path)
    return head.startswith("{") and ('"videos"' in head or is_coco(validate.json_or_none(path)))
