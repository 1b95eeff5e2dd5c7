"""Runs another tracker on saved detections, by the Python that has it: PYTHON -I benchmarks/speed/peer_runner.py

It imports nothing of ours. First it prints a line of JSON, ``{"trackers": {NAME: VERSION}, "missing": {NAME: WHY}}``;
then it answers each line ``{"tracker": NAME, "detections": PATH, "seconds": MOST}`` with ``{"milliseconds": MEAN}``, of
an update. PATH is an .npz of ``boxes (M, 4)`` xyxy in pixels, ``scores (M,)``, and ``bounds (F + 1,)``, rows at which
frames begin. What a tracker takes is made of them before the clock starts. After MOST seconds it stops where it is.
A line ``{"tracker": NAME, "detections": PATH, "frame_rate": R, "tracks": TARGET}`` is answered with ``{"rows": K}``
when TARGET is written: an .npy of frame, id, x1, y1, x2, y2 ``(K, 6)``, frames from 1.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from itertools import pairwise
from typing import Any

import numpy as np

Update = Callable[[Any], object]
Frames = list[tuple[Any, Any]]  # of each frame: boxes (N, 4), scores (N,)
Maker = Callable[[Frames, float], tuple[Update, list[Any]]]  # frames, frames a second -> update, its arguments
USUAL_RATE = 30.0  # frames a second


def ultralytics(name: str, tracker: str, **settings: Any) -> Maker:
    """A tracker of that library with the thresholds of the file that comes with it, but for `settings`.

    It counts frames, whatever their rate.
    """

    def make(frames: Frames, frame_rate: float) -> tuple[Update, list[Any]]:
        utils, checks = import_module("ultralytics.utils"), import_module("ultralytics.utils.checks")
        given = utils.YAML.load(checks.check_yaml(f"{name}.yaml")) | settings
        made = getattr(import_module("ultralytics.trackers"), tracker)(utils.IterableSimpleNamespace(**given))
        boxes = import_module("ultralytics.engine.results").Boxes
        return made.update, [boxes(rows, (1080, 1920)) for rows in _rows(frames, np.float32)]

    return make


def _rows(frames: Frames, dtype: Any) -> list[Any]:
    """x1, y1, x2, y2, score, class ``(N, 6)`` of each frame."""
    return [np.column_stack([boxes, scores, np.zeros(len(boxes))]).astype(dtype) for boxes, scores in frames]


def roboflow(name: str, **settings: Any) -> Maker:
    """A tracker of that library as it comes, but for `settings`."""

    def make(frames: Frames, frame_rate: float) -> tuple[Update, list[Any]]:
        tracker = getattr(import_module("trackers"), name)(frame_rate=frame_rate, **settings)
        return tracker.update, _supervision(frames)

    return make


def _supervision(frames: Frames) -> list[Any]:
    make = import_module("supervision").Detections
    return [make(xyxy=boxes, confidence=scores, class_id=np.zeros(len(boxes), dtype=int)) for boxes, scores in frames]


def trackforge(name: str) -> Maker:
    """A tracker of that library as it comes; it counts frames, whatever their rate."""

    def make(frames: Frames, frame_rate: float) -> tuple[Update, list[Any]]:
        tracker = getattr(import_module("trackforge"), name)()
        return tracker.update, [
            [((x1, y1, x2 - x1, y2 - y1), score, 0) for (x1, y1, x2, y2), score in zip(*found, strict=True)]
            for found in ((boxes.tolist(), scores.tolist()) for boxes, scores in frames)
        ]

    return make


def arcsort(frames: Frames, frame_rate: float) -> tuple[Update, list[Any]]:
    """With the settings that it recommends; it counts frames, whatever their rate. Without pictures."""
    tracker = import_module("arcsort").ARCTracker.from_preset("sportsmot", use_cmc=False)
    return lambda rows: tracker.update(rows, None), _rows(frames, np.float64)


def norfair(frames: Frames, frame_rate: float) -> tuple[Update, list[Any]]:
    """By IoU; it has no distance of its own choice."""
    package = import_module("norfair")
    tracker = package.Tracker(distance_function="iou", distance_threshold=0.7)
    made = [
        [package.Detection(box.reshape(2, 2), scores=np.full(2, score)) for box, score in zip(*frame, strict=True)]
        for frame in frames
    ]
    return tracker.update, made


def _rows_of_ultralytics(found: Any) -> Any:  # x1, y1, x2, y2, id, and more
    return (
        np.asarray(found, dtype=float).reshape(len(found), -1)[:, [4, 0, 1, 2, 3]] if len(found) else np.empty((0, 5))
    )


def _rows_of_roboflow(found: Any) -> Any:
    known = found.tracker_id >= 0
    return np.column_stack([found.tracker_id, found.xyxy])[known]


def _rows_of_norfair(found: Any) -> Any:
    return np.array([[one.id, *one.estimate.ravel()] for one in found if one.live_points.any()]).reshape(-1, 5)


def _rows_of_trackforge(found: Any) -> Any:
    return np.array([[number, x, y, x + w, y + h] for number, (x, y, w, h), *_ in found]).reshape(-1, 5)


ROWS = {
    "ultralytics": _rows_of_ultralytics,
    "trackers": _rows_of_roboflow,
    "norfair": _rows_of_norfair,
    "trackforge": _rows_of_trackforge,
    "arcsort": _rows_of_ultralytics,
}
"""By package: what an update returns -> id, x1, y1, x2, y2 ``(N, 5)`` of the tracks seen in that frame."""

TRACKERS: dict[str, tuple[str, Maker]] = {
    "ultralytics ByteTrack": ("ultralytics", ultralytics("bytetrack", "BYTETracker")),
    "ultralytics TrackTrack": ("ultralytics", ultralytics("tracktrack", "TRACKTRACK", gmc_method="none")),
    "roboflow ByteTrack": ("trackers", roboflow("ByteTrackTracker")),
    "roboflow OC-SORT": ("trackers", roboflow("OCSORTTracker")),
    "roboflow SORT": ("trackers", roboflow("SORTTracker")),
    "roboflow C-BIoU": ("trackers", roboflow("CBIoUTracker")),
    "roboflow BoT-SORT": ("trackers", roboflow("BoTSORTTracker", enable_cmc=False)),  # there are no pictures
    "trackforge ByteTrack": ("trackforge", trackforge("BYTETRACK")),
    "trackforge TrackTrack": ("trackforge", trackforge("TRACKTRACK")),
    "ARC-SORT": ("arcsort", arcsort),
    "norfair": ("norfair", norfair),
}
"""By name: the package, and what makes a tracker's update and its arguments of the frames."""


def milliseconds(name: str, path: str, most: float) -> float:
    """Mean of an update over the frames of a file."""
    update, arguments = TRACKERS[name][1](_load(path), USUAL_RATE)
    done, start = 0, time.perf_counter()
    for argument in arguments:
        update(argument)
        done += 1
        if time.perf_counter() - start > most:
            break
    return 1000 * (time.perf_counter() - start) / max(done, 1)


def save_tracks(name: str, path: str, frame_rate: float, target: str) -> int:
    """Track the detections of a file and write the tracks; returns how many rows there are."""
    package, make = TRACKERS[name]
    update, arguments = make(_load(path), frame_rate)
    rows = [np.empty((0, 6))]
    for frame, argument in enumerate(arguments, start=1):
        found = ROWS[package](update(argument))
        rows.append(np.column_stack([np.full(len(found), frame), found]))
    np.save(target, np.concatenate(rows))
    return sum(map(len, rows))


def _load(path: str) -> Frames:
    with np.load(path) as saved:
        boxes, scores, bounds = saved["boxes"], saved["scores"], saved["bounds"].tolist()
    return [(boxes[start:end].copy(), scores[start:end].copy()) for start, end in pairwise(bounds)]


def find_out() -> dict[str, dict[str, str]]:
    """Which trackers run here, and why the others do not."""
    there: dict[str, dict[str, str]] = {"trackers": {}, "missing": {}}
    for name, (package, _) in TRACKERS.items():
        if why := _reason(name):
            there["missing"][name] = why
        else:
            there["trackers"][name] = f"{package} {version(package)}"
    return there


def _reason(name: str) -> str:
    """What keeps a tracker from running, "" if nothing."""
    try:
        update, arguments = TRACKERS[name][1]([(np.array([[0.0, 0.0, 9.0, 9.0]]), np.ones(1))], USUAL_RATE)
        update(arguments[0])
    except Exception as error:  # whatever it is
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return ""


def answer(asked: dict[str, Any]) -> dict[str, float]:
    """The answer to a line."""
    name, path = asked["tracker"], asked["detections"]
    if "tracks" in asked:
        return {"rows": save_tracks(name, path, asked["frame_rate"], asked["tracks"])}
    return {"milliseconds": milliseconds(name, path, asked["seconds"])}


def main() -> None:
    """Tell what there is, then answer until there are no more questions."""
    answers, sys.stdout = sys.stdout, sys.stderr  # trackers print as they like
    print(json.dumps(find_out()), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
