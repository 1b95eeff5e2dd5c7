"""FiftyOne: a folder that ``fiftyone.Dataset.from_dir(DIR, dataset_type=fiftyone.types.FiftyOneDataset)`` imports.

The layout is the one of FiftyOne before 0.8, which it still reads: it has no database ids and no schema of one version
in it, so the same tracks give the same bytes. What FiftyOne exports itself (frames.json) is read too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from detectors import limits
from detectors.base import Floats
from detectors.errors import InputError
from tracker.annotations import validate
from tracker.annotations.document import AnnotatedTrack, Annotations, by_frame, labels_of
from tracker.annotations.known_videos import KnownVideos, size_of

Entry = dict[str, Any]
# FiftyOne takes a sample for a video by its suffix; the system's own table of them differs between machines.
VIDEOS = (".mp4", ".m4v", ".mkv", ".mov", ".avi", ".webm", ".ts", ".mts", ".mpg", ".mpeg", ".wmv", ".flv")
SAMPLES, METADATA, FRAMES = "samples.json", "metadata.json", "frames.json"


def write(annotations: Annotations, path: Path) -> None:
    """Write the folder `path`; the video itself belongs into its data/.

    A frame's boxes are ``frames[n].detections``, their track number is `index`. Raises InputError without a size or
    a frame rate.
    """
    validate.require_size(annotations)
    validate.require_frame_rate(annotations)
    (path / "frames").mkdir(parents=True, exist_ok=True)
    (path / "data").mkdir(exist_ok=True)
    (path / FRAMES).unlink(missing_ok=True)
    head = {"media_type": "video", "info": {"classes": list(labels_of(annotations))}}
    (path / METADATA).write_text(json.dumps(head) + "\n", encoding="utf-8")
    (path / SAMPLES).write_text(json.dumps({"samples": [_sample(annotations)]}) + "\n", encoding="utf-8")
    with (path / "frames" / "video.json").open("w", encoding="utf-8") as file:
        _write_frames(annotations, file)


def _sample(annotations: Annotations) -> Entry:
    file = Path(annotations.source).name
    is_video = Path(file).suffix.lower() in VIDEOS
    rate, count = float(annotations.frame_rate), annotations.frame_count
    size = {"frame_width": annotations.width, "frame_height": annotations.height}
    metadata = {"_cls": "VideoMetadata", **size, "frame_rate": rate, "total_frame_count": count}
    sample: Entry = {"filepath": f"data/{file if is_video else annotations.name + '.mp4'}", "tags": []}
    sample |= {"metadata": metadata | {"duration": round(count / rate, 6)}, "frames": "frames/video.json"}
    sample |= {"name": annotations.name, "source": annotations.source, "labels": list(labels_of(annotations))}
    sample["exact_frame_rate"] = str(annotations.frame_rate)
    return sample if annotations.times is None else sample | {"times": annotations.times.tolist()}


def _write_frames(annotations: Annotations, file: TextIO) -> None:
    size = np.array([annotations.width, annotations.height] * 2, dtype=np.float64)
    file.write('{"frames": {')
    for number, (frame, owners, rows) in enumerate(by_frame(annotations.tracks)):
        pairs = zip(owners.tolist(), rows.tolist(), strict=True)
        boxes = [_detection(annotations.tracks[owner], row, size) for owner, row in pairs]
        entry = {"frame_number": frame, "detections": {"_cls": "Detections", "detections": boxes}}
        file.write(f'{"," if number else ""}\n"{frame}": {json.dumps(entry)}')
    file.write("\n}}\n")


def _detection(track: AnnotatedTrack, row: int, size: Floats) -> Entry:
    x1, y1, x2, y2 = (track.boxes[row] / size).tolist()
    box: list[float] = [x1, y1, x2 - x1, y2 - y1]
    entry: Entry = {"_cls": "Detection", "attributes": {}, "tags": [], "label": track.label}
    entry |= {"bounding_box": [round(value, 9) for value in box], "confidence": round(float(track.scores[row]), 6)}
    return entry | {"index": track.track_id, "filled": bool(track.filled[row])}


def recognises(path: Path) -> bool:
    """Whether `path` is a folder with samples.json and metadata.json."""
    return (path / SAMPLES).is_file() and (path / METADATA).is_file()


def read(path: Path, known: KnownVideos | None = None) -> list[Annotations]:
    """The videos of a folder. known: says the size of pictures where the folder does not.

    Raises InputError, naming file and sample, for anything that is not as it should be.
    """
    place = f"{path / SAMPLES}"
    try:
        samples = validate.load_json(path / SAMPLES)["samples"]
        exported: dict[str, list[Entry]] = {}
        if (path / FRAMES).is_file():
            place = f"{path / FRAMES}"
            for frame in validate.load_json(path / FRAMES)["frames"]:
                exported.setdefault(frame["_sample_id"]["$oid"], []).append(frame)
        videos = []
        for number, sample in enumerate(samples):
            place = f"{path / SAMPLES}: samples[{number}]"
            videos.append(_read_sample(sample, _frames_of(path, sample, exported), place, known))
        return videos
    except validate.MALFORMED as error:
        raise InputError(place, f"is no FiftyOne video: {error!r}", "mend the file") from None


def _frames_of(path: Path, sample: Entry, exported: Mapping[str, list[Entry]]) -> list[Entry]:
    if not isinstance(sample.get("frames"), str):
        return exported.get(sample["_id"]["$oid"], [])
    file = (path / sample["frames"]).resolve()
    if not file.is_relative_to(path.resolve()):
        raise ValueError(f"frames lie outside the folder: {sample['frames']}")
    return list(validate.load_json(file)["frames"].values())


def _read_sample(sample: Entry, frames: list[Entry], place: str, known: KnownVideos | None) -> Annotations:
    metadata = sample.get("metadata") or {}
    file = validate.text(sample["filepath"], "filepath")
    name, source = sample.get("name", Path(file).stem), sample.get("source", Path(file).name)
    if metadata.get("frame_width"):
        width = validate.integer(metadata["frame_width"], "frame_width", 1, limits.PIXELS)
        height = validate.integer(metadata["frame_height"], "frame_height", 1, limits.PIXELS)
    else:  # it was exported without compute_metadata() before
        width, height = size_of(known, str(name), str(source), place)
    last = max((number for number, _ in _detections(frames)), default=0)
    count = validate.integer(metadata.get("total_frame_count", last), "total_frame_count", 0, limits.FRAMES)
    rows: dict[int, list[tuple[int, Entry]]] = {}
    for frame, entry in _detections(frames):
        rows.setdefault(validate.integer(entry.get("index"), "index", 1), []).append((frame, entry))
    tracks = [_read_track(track_id, rows[track_id], width, height) for track_id in sorted(rows)]
    labels = sample.get("labels")
    names = validate.distinct_texts(labels, "labels") if labels is not None else ()
    video = Annotations(
        name=validate.text(name, "name"),
        source=validate.text(source, "source") if source else "",
        width=width,
        height=height,
        frame_rate=validate.frame_rate(sample.get("exact_frame_rate", metadata.get("frame_rate", 0))),
        frame_count=count,
        labels=tuple(dict.fromkeys([*names, *(track.label for track in tracks)])),
        tracks=tracks,
        times=validate.frame_times(sample.get("times"), count),
    )
    return validate.consistent(video)


def _detections(frames: list[Entry]) -> Iterator[tuple[int, Entry]]:
    for frame in frames:
        number = validate.integer(frame["frame_number"], "frame_number", 1, limits.FRAMES)
        for entry in (frame.get("detections") or {}).get("detections", []):
            yield number, entry


def _read_track(track_id: int, rows: list[tuple[int, Entry]], width: int, height: int) -> AnnotatedTrack:
    rows = sorted(rows, key=lambda row: row[0])
    labels = {validate.text(entry["label"], "label") for _, entry in rows}
    if len(labels) > 1:
        raise ValueError(f"track {track_id} has the labels {sorted(labels)}")
    boxes = validate.boxes_of_xywh([entry["bounding_box"] for _, entry in rows], "bounding_box")
    scores = [1.0 if entry.get("confidence") is None else entry["confidence"] for _, entry in rows]
    return AnnotatedTrack(
        track_id,
        labels.pop(),
        np.array([frame for frame, _ in rows]),
        boxes * np.array([width, height] * 2),
        np.array([validate.score(score, "confidence") for score in scores]),
        np.array([entry.get("filled") is True for _, entry in rows]),
    )
