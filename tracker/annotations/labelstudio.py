"""Label Studio: video rectangles as predictions that people correct, a task a video."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np

from detectors import limits
from detectors.base import Bools, Floats, Ints
from detectors.errors import InputError
from tracker.annotations import validate
from tracker.annotations.document import AnnotatedTrack, Annotations, labels_of
from tracker.annotations.known_videos import KnownVideos, size_of
from tracker.sources.video_search import SUFFIXES

Entry = dict[str, Any]


def configuration(labels: Sequence[str]) -> str:
    """The labelling configuration of a project that shows what `write` writes: its names are those of the tasks."""
    rows = "".join(f"    <Label value={quoteattr(label)}/>\n" for label in labels)
    return (
        '<View>\n  <Labels name="videoLabels" toName="video" allowEmpty="true">\n'
        f'{rows}  </Labels>\n  <Video name="video" value="$video" framerate="$fps"/>\n'
        '  <VideoRectangle name="box" toName="video"/>\n</View>\n'
    )


def write(annotations: Annotations, path: Path) -> None:
    """Write one task, its tracks as a prediction; or, if the name ends in .xml, the labelling configuration.

    Frames count from 1. Only keyframes are written: Label Studio draws straight lines between them. The last one of
    each stretch has ``enabled: false``, which shows the box in its own frame and no longer. Raises InputError without
    a size or a frame rate.
    """
    if path.suffix.lower() == ".xml":
        path.write_text(configuration(labels_of(annotations)), encoding="utf-8", newline="\n")
        return
    validate.require_size(annotations)
    validate.require_frame_rate(annotations)
    keys = ("name", "width", "height", "frame_count")
    data: Entry = {"video": annotations.source} | {key: getattr(annotations, key) for key in keys}
    data |= {"fps": round(float(annotations.frame_rate), 6), "frame_rate": str(annotations.frame_rate)}
    data["labels"] = list(labels_of(annotations))
    scores = [float(track.scores.mean()) for track in annotations.tracks]
    score = round(sum(scores) / len(scores), 6) if scores else 0.0
    with path.open("w", encoding="utf-8") as file:
        file.write(f'[{{"data": {json.dumps(data)},\n"predictions": [{{"model_version": "keeptrack", "score": {score},')
        file.write(' "result": [')
        for number, track in enumerate(annotations.tracks):
            file.write(("," if number else "") + "\n" + json.dumps(_region(annotations, track)))
        file.write("]}]}]\n")


def _region(annotations: Annotations, track: AnnotatedTrack) -> Entry:
    last = {stretch.stop - 1 for stretch in track.stretches()}
    scale = 100 / np.array([annotations.width, annotations.height] * 2, dtype=np.float64)
    rate = float(annotations.frame_rate)
    sequence = []
    for row in np.flatnonzero(track.keyframes).tolist():
        x1, y1, x2, y2 = (track.boxes[row] * scale).tolist()
        box = {"x": round(x1, 9), "y": round(y1, 9), "width": round(x2 - x1, 9), "height": round(y2 - y1, 9)}
        frame = int(track.frames[row])
        entry = {"frame": frame, "enabled": row not in last, "rotation": 0, **box}
        sequence.append(entry | {"time": round(frame / rate, 6)})  # as Label Studio itself counts it
    value = {"framesCount": annotations.frame_count, "sequence": sequence, "labels": [track.label]}
    value["duration"] = round(annotations.frame_count / rate, 6)
    head = {"id": f"track{track.track_id}", "type": "videorectangle", "from_name": "box", "to_name": "video"}
    score = round(float(track.scores.mean()), 6)
    return head | {"value": value, "meta": {"track_id": track.track_id}, "score": score}


def recognises(path: Path) -> bool:
    """Whether `path` looks like tasks with video rectangles; all of it is read where its beginning does not tell."""
    head = validate.json_head(path)
    if not head.startswith("["):
        return head.startswith("{") and '"videorectangle"' in head  # a single task
    if '"sequence"' in head or '"videorectangle"' in head or ('"data"' in head and '"video"' in head):
        return True
    tasks = validate.json_or_none(path)
    first = tasks[0] if isinstance(tasks, list) and tasks else None
    return isinstance(first, dict) and isinstance(first.get("data"), dict) and "video" in first["data"]


def read(path: Path, known: KnownVideos | None = None) -> list[Annotations]:
    """The videos of a file of tasks; what a person has annotated comes before what was predicted.

    Rectangles are shares of the picture, whose size is ``width`` and ``height`` in a task's data, or
    ``original_width`` and ``original_height`` in its answers; known: says it where the file does not. The number of
    frames and the frame rate are taken from there or from the rectangles. Raises InputError, naming file and task, for
    anything that is not as it should be.
    """
    place = f"{path}: the document"
    try:
        videos = []
        tasks = validate.load_json(path)
        tasks = [tasks] if isinstance(tasks, dict) else tasks  # as its API gives a single one
        if not isinstance(tasks, list):
            raise TypeError("it is no list of tasks")
        for number, task in enumerate(tasks):
            place = f"{path}: task {number}"
            if isinstance(task, dict) and "data" not in task:
                raise InputError(place, "has no data, as in a JSON-MIN export", "export it as JSON")
            videos.append(_read_task(task, place, known))
        return videos
    except validate.MALFORMED as error:
        raise InputError(place, f"is no video task: {error!r}", "mend the file") from None


def _read_task(task: Entry, place: str, known: KnownVideos | None) -> Annotations:
    data = task["data"]
    source = _source(data)
    name = validate.text(data["name"] if "name" in data else _name_of(source), "name")
    answers = _answers(task)
    width, height = _size(data, answers) or size_of(known, name, source, place)
    regions = [region for region in answers if region.get("type") == "videorectangle"]
    count, rate = _length(data, regions)
    tracks = _read_regions(regions, width, height, count)
    listed = validate.distinct_texts(data["labels"], "labels") if "labels" in data else ()
    labels = tuple(dict.fromkeys([*listed, *(track.label for track in tracks)]))
    return validate.consistent(Annotations(name, source, width, height, rate, count, labels, tracks))


def _source(data: Entry) -> str:
    """The address of a task's video: under "video", or what else the project's configuration calls it."""
    if "video" in data and not isinstance(data["video"], str):
        raise TypeError(f"video is {data['video']!r}, no address")
    texts = {key: value for key, value in data.items() if isinstance(value, str)}
    named = [value for key, value in texts.items() if "video" in key.lower()]
    files = [value for value in texts.values() if PurePosixPath(value.split("?")[0]).suffix.lower() in SUFFIXES]
    found = [data["video"]] if "video" in data else (files or named)
    if not found:
        raise TypeError("its data name no video")
    return str(found[0])


def _size(data: Entry, answers: list[Entry]) -> tuple[int, int] | None:
    """Width and height of the picture, where the task says them."""
    said = [(data, "width", "height"), *((each, "original_width", "original_height") for each in answers)]
    for entry, *sides in said:
        if all(entry.get(side) for side in sides):
            width, height = (validate.integer(entry[side], side, 1, limits.PIXELS) for side in sides)
            return width, height
    return None


def _name_of(address: str) -> str:
    """The file's name without suffix, and without the random digits that Label Studio puts before an upload's."""
    place = PurePosixPath(address.split("?d=")[-1].split("?")[0].replace("\\", "/"))
    return re.sub(r"^[0-9a-f]{8}-", "", place.stem) if "upload" in place.parts else place.stem


def _answers(task: Entry) -> list[Entry]:
    """The last answer of a person, or the last prediction."""
    drawn = [answer for answer in task.get("annotations") or [] if not answer.get("was_cancelled")]
    answers = drawn or task.get("predictions") or [{"result": []}]
    return list(answers[-1]["result"])


def _length(data: Entry, regions: list[Entry]) -> tuple[int, Fraction]:
    """Number of frames, at least up to the last rectangle, and frames a second, 0 where nothing tells them."""
    values = [region["value"] for region in regions]
    counts = [
        validate.integer(value["framesCount"], "framesCount", 1, limits.FRAMES)
        for value in values
        if value.get("framesCount")
    ]
    last = [validate.integer(entry["frame"], "frame", 1, limits.FRAMES) for v in values for entry in v["sequence"]]
    most = max(counts or last, default=0)
    count = validate.integer(data.get("frame_count", most), "frame_count", 0, limits.FRAMES)
    known = data.get("frame_rate", data.get("fps"))
    if known is None and counts and values[0].get("duration"):
        duration = validate.number(values[0]["duration"], "duration", 1e-3, 1e9)
        return count, Fraction(counts[0] / duration).limit_denominator(1001)
    return count, validate.frame_rate(0 if known is None else known)


def _read_regions(regions: list[Entry], width: int, height: int, count: int) -> list[AnnotatedTrack]:
    given = [(region.get("meta") or {}).get("track_id") for region in regions]
    known = [None if value is None else validate.integer(value, "track_id", 1) for value in given]
    following = max((value for value in known if value), default=0)
    tracks, drawn = [], validate.DrawnBoxes()
    for track_id, region in zip(known, regions, strict=True):
        following += track_id is None
        drawn.take(*_drawn(region["value"]["sequence"], count))
        tracks.append(_read_region(region, track_id or following, width, height, count))
    return sorted(tracks, key=lambda track: track.track_id)


def _drawn(sequence: list[Entry], count: int) -> tuple[int, int]:
    """How many shapes there are, and about how many boxes they become."""
    frames = sorted(validate.integer(entry["frame"], "frame", 1, count) for entry in sequence)
    stays = any(entry.get("enabled", True) is not False and entry["frame"] == frames[-1] for entry in sequence)
    return len(frames), (count if stays else frames[-1]) - frames[0] + 1 if frames else 0


def _read_region(region: Entry, track_id: int, width: int, height: int, count: int) -> AnnotatedTrack:
    value = region["value"]
    sequence = sorted(value["sequence"], key=lambda entry: validate.integer(entry["frame"], "frame", 1, count))
    shares = validate.boxes_of_xywh([[e["x"], e["y"], e["width"], e["height"]] for e in sequence], "the rectangle")
    corners = shares * np.array([width, height] * 2) / 100
    for row, entry in enumerate(sequence):
        if turn := validate.number(entry.get("rotation", 0), "rotation", -360, 360):
            corners[row] = _around(corners[row], turn)
    starts = np.array([int(entry["frame"]) for entry in sequence], dtype=np.int64)
    enabled = np.array([entry.get("enabled", True) is not False for entry in sequence], dtype=bool)
    frames, boxes, keys = _interpolate(starts, enabled, corners, count)
    labels = value.get("labels") or ["object"]
    label = validate.text(labels if isinstance(labels, str) else labels[0], "label")
    score = validate.score(1.0 if region.get("score") is None else region["score"])
    return AnnotatedTrack(track_id, label, frames, boxes, np.full(len(frames), score), keyframes=keys)


def _around(box: Floats, degrees: float) -> Floats:
    """The upright box around one that is turned clockwise about its top left corner."""
    turn = np.deg2rad(degrees)
    width, height = box[2:] - box[:2]
    across = np.array([0, width * np.cos(turn), -height * np.sin(turn), width * np.cos(turn) - height * np.sin(turn)])
    down = np.array([0, width * np.sin(turn), height * np.cos(turn), width * np.sin(turn) + height * np.cos(turn)])
    return np.array([box[0] + across.min(), box[1] + down.min(), box[0] + across.max(), box[1] + down.max()])


def _interpolate(starts: Ints, enabled: Bools, corners: Floats, count: int) -> tuple[Ints, Floats, Bools]:
    """An enabled entry goes on to the next one in a straight line, the last one stays to the end of the video."""
    frames, boxes, keys = [starts[:0]], [corners[:0]], [enabled[:0]]
    for row, start in enumerate(starts.tolist()):
        follows = row + 1 < len(starts)
        end = (int(starts[row + 1]) if follows else count + 1) if enabled[row] else start + 1
        here = np.arange(start, end)
        step = (corners[row + 1] - corners[row]) / max(end - start, 1) if follows and enabled[row] else 0 * corners[row]
        frames.append(here)
        boxes.append(corners[row] + step * (here - start)[:, None])
        keys.append((here == start) | (here == count))
    return np.concatenate(frames), np.concatenate(boxes), np.concatenate(keys)
