"""Reads COCO of videos as many programs write it: of each thing the names that are in use, in any order.

Variants: our own (``videos``, ``frame_index``, ``track_id``), TAO, CocoVID of MMTracking (``frame_id``,
``instance_id``), what ByteTrack's tools make of MOTChallenge (``frame_id`` from 1), and CVAT's export of a task
(no ``videos``, ``attributes.track_id``).
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from detectors import limits
from detectors.columns import MASKS
from detectors.errors import InputError
from tracker.annotations import validate
from tracker.annotations.coco_keypoints import read_keypoints
from tracker.annotations.coco_masks import masks_column, read_mask
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.annotations.label_names import NAMELESS
from tracker.annotations.mask_budget import MaskBudget

Entry = dict[str, Any]
Key = Hashable  # an id: a number, or a text that is none
TRACK_IDS = ("track_id", "instance_id")
FRAMES = ("frame_index", "frame_id", "frame_number")
SCORES = ("score", "conf")
RATES = ("frame_rate", "fps")
COUNTS = ("frame_count", "length")


def is_coco(document: Any) -> bool:
    """Whether it is COCO with tracks: it lists videos, or its first box names its track."""
    if not isinstance(document, dict) or not isinstance(document.get("images"), list):
        return False
    boxes = document.get("annotations")
    first = boxes[0] if isinstance(boxes, list) and boxes else None
    return isinstance(document.get("videos"), list) or (isinstance(first, dict) and _track_key(first) is not None)


def read(path: Path) -> list[Annotations]:
    """The videos of a file; raises InputError, naming file and entry, for anything that is not as it should be."""
    place = ["the document"]
    try:
        document = validate.load_json(path)
        names = {_key(e["id"], "id"): validate.text(e["name"], "name") for e in document.get("categories") or ()}
        images = _by_id(document["images"], "images")
        videos = _by_id(document.get("videos") or _videos_of(images.values(), path.stem), "videos")
        only = next(iter(videos)) if len(videos) == 1 else None
        frames = _frames(images, videos, only, place)
        rows: dict[Key, list[Entry]] = {identity: [] for identity in videos}
        budget = MaskBudget()
        for number, entry in enumerate(document["annotations"]):
            place[0] = f"annotations[{number}]"
            image = _key(entry["image_id"], "image_id")
            mask = read_mask(entry, images[image], budget)
            rows[_video_of(images[image], only)].append(entry | {"image_id": image, MASKS: mask})
        read_videos = []
        for number, (identity, video) in enumerate(videos.items()):
            place[0] = f"videos[{number}]"
            own = [image for image in images.values() if _video_of(image, only) == identity]
            read_videos.append(validate.consistent(_read_video(video, own, rows[identity], frames, names)))
        return read_videos
    except validate.MALFORMED as error:
        raise InputError(f"{path}: {place[0]}", f"is no COCO video: {error!r}", "mend the file") from None


def _key(value: object, name: str) -> Key:
    """An id as it is compared: "7" is 7."""
    if isinstance(value, str) and value:
        return int(value) if value.isdecimal() and len(value) < 19 else value
    return validate.integer(value, name)


def _by_id(entries: Sequence[Entry], name: str) -> dict[Key, Entry]:
    by_id = {_key(entry["id"], f"{name}: id"): entry for entry in entries}
    if len(by_id) < len(entries):
        raise ValueError(f"{name}: two have the same id")
    return by_id


def _videos_of(images: Iterable[Entry], name: str) -> list[Entry]:
    """The videos that images name, where the file lists none."""
    given = list(dict.fromkeys(image.get("video_id") for image in images))
    if len(given) < 2:
        return [{"id": 0 if given in ([], [None]) else given[0], "name": name}]
    return [{"id": identity, "name": f"{name}-{identity}"} for identity in given]


def _first(entry: Mapping[str, Any], names: Iterable[str], default: Any = None) -> Any:
    """What an entry has under the first of several names."""
    return next((entry[name] for name in names if entry.get(name) is not None), default)


def _video_of(image: Entry, only: Key | None) -> Key:
    """The id of an image's video. only: that of the file's one video, which images need not name."""
    return only if only is not None and image.get("video_id") is None else _key(image["video_id"], "video_id")


def _frames(
    images: Mapping[Key, Entry], videos: Mapping[Key, Entry], only: Key | None, place: list[str]
) -> dict[Key, int]:
    """The frame of each image, from 1: as it says, by the number in its file's name, or by its place in the list.

    Numbers count from 0 or from 1: from 0 where our own name is used or there is a 0 anywhere in the file.
    """
    found: dict[Key, int] = {}
    for number, (identity, image) in enumerate(images.items()):
        place[0] = f"images[{number}]"
        if _video_of(image, only) not in videos:
            raise ValueError(f"there is no video {image.get('video_id')!r}")
        given = _first(image, FRAMES)
        found[identity] = _number_in(image) if given is None else validate.integer(given, "frame_index", 0)
    from_0 = any("frame_index" in image for image in images.values()) or 0 in found.values()
    if -1 in found.values():
        return _by_place(images, only)
    for number, frame in enumerate(found.values()):
        place[0] = f"images[{number}]"
        validate.integer(frame, "frame_index", 0, limits.FRAMES)
    return {identity: frame + from_0 for identity, frame in found.items()}


def _number_in(image: Entry) -> int:
    """The last number in the name of an image's file; -1 for none."""
    digits = re.findall(r"\d+", PurePosixPath(str(image.get("file_name", ""))).stem)
    return int(digits[-1]) if digits and len(digits[-1]) < 10 else -1


def _by_place(images: Mapping[Key, Entry], only: Key | None) -> dict[Key, int]:
    seen: dict[Key, int] = {}
    found = {}
    for identity, image in images.items():
        video = _video_of(image, only)
        found[identity] = seen[video] = seen.get(video, 0) + 1
    return found


def _read_video(
    video: Entry, own: list[Entry], rows: list[Entry], frames: Mapping[Key, int], names: Mapping[Key, str]
) -> Annotations:
    own = sorted(own, key=lambda image: frames[_key(image["id"], "id")])
    numbers = [frames[_key(image["id"], "id")] for image in own]
    if len(set(numbers)) < len(numbers):
        raise ValueError("two images have the same frame_index")
    last = max(numbers, default=0)
    count = validate.integer(_first(video, COUNTS, last), "frame_count", 0, limits.FRAMES)
    timed = len(own) == count and all("time" in image for image in own) and bool(own)
    tracks = _read_tracks(rows, frames, names)
    labels = (
        validate.distinct_texts(video["labels"], "labels")
        if "labels" in video
        else tuple(dict.fromkeys(names.values()))
    )
    source = video.get("source", video.get("file_name", ""))
    name = video["name"] if "name" in video else PurePosixPath(str(video["file_name"])).stem
    width, height = (_side(video, own, side) for side in ("width", "height"))
    return Annotations(
        name=validate.text(name, "name"),
        source=validate.text(source, "source") if source != "" else "",
        width=width,
        height=height,
        frame_rate=validate.frame_rate(_first(video, RATES, 0)),
        frame_count=count,
        labels=tuple(dict.fromkeys([*labels, *(track.label for track in tracks)])),
        tracks=tracks,
        times=validate.frame_times([image["time"] for image in own], count) if timed else None,
    )


def _side(video: Entry, own: Sequence[Entry], side: str) -> int:
    """The width or height of a video, or of its pictures; 0 where neither is said."""
    sizes = {validate.integer(each[side], side, 0, limits.PIXELS) for each in [video, *own] if side in each}
    given = sizes if side not in video else {validate.integer(video[side], side, 0, limits.PIXELS)}
    if len(given) > 1:
        raise ValueError(f"its images have several {side}s: {sorted(given)}")
    return given.pop() if given else 0


def _track_key(entry: Entry) -> Key | None:
    """What an entry calls its track; None where it does not."""
    attributes = entry.get("attributes")
    value = _first(entry, TRACK_IDS, _first(attributes, TRACK_IDS) if isinstance(attributes, dict) else None)
    return None if value is None else _key(value, "track_id")


def _read_tracks(rows: list[Entry], frames: Mapping[Key, int], names: Mapping[Key, str]) -> list[AnnotatedTrack]:
    """The tracks by number. Where numbers begin with 0, each becomes one more; texts get numbers after the others."""
    by_track: dict[Key, list[Entry]] = {}
    for row in rows:
        key = _track_key(row)
        if key is None:
            raise ValueError("an annotation has no track_id: it is of single pictures, not of a video")
        by_track.setdefault(key, []).append(row)
    known = sorted(key for key in by_track if isinstance(key, int))
    shift = int(0 in by_track)
    numbers: dict[Key, int] = {key: key + shift for key in known}
    following = max(numbers.values(), default=0)
    numbers |= {key: following + at for at, key in enumerate((k for k in by_track if isinstance(k, str)), 1)}
    return [_read_track(number, by_track[key], frames, names) for key, number in numbers.items()]


def _read_track(
    track_id: int, rows: list[Entry], frames: Mapping[Key, int], names: Mapping[Key, str]
) -> AnnotatedTrack:
    rows = sorted(rows, key=lambda row: frames[row["image_id"]])
    labels = {names[_key(row["category_id"], "category_id")] if names else NAMELESS for row in rows}
    if len(labels) > 1:
        raise ValueError(f"track {track_id} has several categories")
    boxes = validate.boxes_of_xywh([row["bbox"] for row in rows])
    scores = np.array([validate.score(_first(row, SCORES, 1.0)) for row in rows])
    filled = np.array([row.get("filled") is True for row in rows])
    at = np.array([frames[row["image_id"]] for row in rows], dtype=np.int64)
    return AnnotatedTrack(
        track_id, labels.pop(), at, boxes, scores, filled, columns={**read_keypoints(rows), **masks_column(rows)}
    )
