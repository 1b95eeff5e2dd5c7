"""Label Studio: video rectangles as pre-annotations, a task a video."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from detectors.base import Floats
from detectors.errors import InputError
from tracker.annotations.document import AnnotatedTrack, Annotations

Entry = dict[str, Any]
HEAD = 4096  # characters that a look at a file reads
MOST_FRAMES = 10_000_000  # in a video that is read: more is a mistake in the file


def write(annotations: Annotations, path: Path) -> None:
    """Write one task, its tracks as a prediction; only keyframes, the last of each stretch with enabled false."""
    if not (annotations.width and annotations.height):
        raise InputError(annotations.name, "has no known size, which shares of the picture need", "give a video")
    keys = ("name", "width", "height", "frame_count")
    data = {"video": annotations.source} | {key: getattr(annotations, key) for key in keys}
    data |= {"frame_rate": str(annotations.frame_rate), "labels": list(annotations.labels)}
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
    sequence = []
    for row in np.flatnonzero(track.keyframes).tolist():
        x1, y1, x2, y2 = (track.boxes[row] * scale).tolist()
        entry = {"frame": int(track.frames[row]), "enabled": row not in last, "rotation": 0, "x": x1, "y": y1}
        time = float(annotations.time_of(track.frames[row : row + 1])[0])
        sequence.append(entry | {"width": x2 - x1, "height": y2 - y1, "time": round(time, 6)})
    value = {"framesCount": annotations.frame_count, "sequence": sequence, "labels": [track.label]}
    value["duration"] = round(annotations.frame_count / float(annotations.frame_rate), 6)
    head = {"id": f"track{track.track_id}", "type": "videorectangle", "from_name": "box", "to_name": "video"}
    return head | {
        "value": value,
        "meta": {"track_id": track.track_id},
        "score": round(float(track.scores.mean()), 6),
    }


def recognises(path: Path) -> bool:
    """Whether `path` looks like tasks with video rectangles."""
    try:
        with path.open(encoding="utf-8") as file:
            head = file.read(HEAD)
    except (OSError, ValueError):
        return False
    return path.suffix == ".json" and head.lstrip().startswith("[") and '"data"' in head and '"video"' in head


def read(path: Path) -> list[Annotations]:
    """The videos of a file of tasks; what a person has annotated comes before what was predicted.

    Raises InputError, naming file and task, for anything that is not as it should be.
    """
    place = "the document"
    try:
        videos = []
        for number, task in enumerate(json.loads(path.read_text(encoding="utf-8"))):
            place = f"task {number}"
            videos.append(_read_task(task))
        return videos
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, LookupError) as error:
        raise InputError(f"{path}: {place}", f"is no video task: {error!r}", "mend the file") from None
    except RecursionError:
        raise InputError(path, "is nested too deeply", "mend the file") from None


def _read_task(task: Entry) -> Annotations:
    data = task["data"]
    count = int(data["frame_count"])
    if not 0 <= count <= MOST_FRAMES:
        raise ValueError(f"frame_count is {count}")
    width, height = int(data["width"]), int(data["height"])
    answers = task.get("annotations") or task.get("predictions") or [{"result": []}]
    regions = [r for r in answers[0]["result"] if r.get("type") == "videorectangle"]
    taken = {int(r["meta"]["track_id"]) for r in regions if "track_id" in r.get("meta", {})}
    tracks, following = [], max(taken, default=0) + 1
    for region in regions:
        track_id = region.get("meta", {}).get("track_id")
        tracks.append(_read_region(region, following if track_id is None else int(track_id), width, height, count))
        following += track_id is None
    if len({track.track_id for track in tracks}) < len(tracks):
        raise ValueError("two regions have the same track_id")
    labels = tuple(map(str, data.get("labels", sorted({track.label for track in tracks}))))
    rate, name, source = Fraction(data["frame_rate"]), str(data["name"]), str(data["video"])
    tracks.sort(key=lambda track: track.track_id)
    return Annotations(name, source, width, height, rate, count, labels, tracks)


def _read_region(region: Entry, track_id: int, width: int, height: int, count: int) -> AnnotatedTrack:
    value = region["value"]
    sequence = sorted(value["sequence"], key=lambda entry: int(entry["frame"]))
    corners = np.array([[e["x"], e["y"], e["width"], e["height"]] for e in sequence], dtype=np.float64)
    corners[:, 2:] += corners[:, :2]
    corners *= np.array([width, height] * 2) / 100
    frames, boxes, keys = _interpolate(sequence, corners, count)
    scores = np.full(len(frames), float(region.get("score", 1.0)))
    return AnnotatedTrack(track_id, str(value["labels"][0]), np.array(frames), np.array(boxes), scores, keyframes=keys)


def _interpolate(sequence: list[Entry], corners: Floats, count: int) -> tuple[list[int], list[Floats], Any]:
    """An enabled entry holds up to the next one on a straight line, and the last up to the end of the video."""
    frames: list[int] = []
    boxes: list[Floats] = []
    keys: list[bool] = []
    for row, entry in enumerate(sequence):
        start, follows = int(entry["frame"]), row + 1 < len(sequence)
        if not 1 <= start <= count:
            raise ValueError(f"frame {start} of {count}")
        end = (int(sequence[row + 1]["frame"]) if follows else count + 1) if entry["enabled"] else start + 1
        step = (
            (corners[row + 1] - corners[row]) / max(end - start, 1) if follows and entry["enabled"] else 0 * corners[0]
        )
        for frame in range(start, min(end, count + 1)):
            frames.append(frame)
            boxes.append(corners[row] + step * (frame - start))
            keys.append(frame in (start, count))
    return frames, boxes, np.array(keys, dtype=bool)
