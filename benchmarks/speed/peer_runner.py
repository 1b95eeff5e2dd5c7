"""Times another tracker on saved detections. Run by the Python that has it: PYTHON -I benchmarks/speed/peer_runner.py

It imports nothing of ours. First it prints a line of JSON, ``{"trackers": {NAME: VERSION}, "missing": {NAME: WHY}}``;
then it answers each line ``{"tracker": NAME, "detections": PATH, "seconds": MOST}`` with ``{"milliseconds": MEAN}``, of
an update. PATH is an .npz of ``boxes (M, 4)`` xyxy in pixels, ``scores (M,)``, and ``bounds (F + 1,)``, rows at which
frames begin. What a tracker takes is made of them before the clock starts. After MOST seconds it stops where it is.
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


def ultralytics_bytetrack(frames: Frames) -> tuple[Update, list[Any]]:
    """With the thresholds of the file that comes with it."""
    utils, checks = import_module("ultralytics.utils"), import_module("ultralytics.utils.checks")
    settings = utils.IterableSimpleNamespace(**utils.YAML.load(checks.check_yaml("bytetrack.yaml")))
    tracker = import_module("ultralytics.trackers").BYTETracker(settings)
    make = import_module("ultralytics.engine.results").Boxes
    rows = [np.column_stack([boxes, scores, np.zeros(len(boxes))]).astype(np.float32) for boxes, scores in frames]
    return tracker.update, [make(found, (1080, 1920)) for found in rows]


def roboflow_bytetrack(frames: Frames) -> tuple[Update, list[Any]]:
    """As it comes."""
    return import_module("trackers").ByteTrackTracker().update, _supervision(frames)


def roboflow_sort(frames: Frames) -> tuple[Update, list[Any]]:
    """As it comes."""
    return import_module("trackers").SORTTracker().update, _supervision(frames)


def roboflow_ocsort(frames: Frames) -> tuple[Update, list[Any]]:
    """As it comes."""
    return import_module("trackers").OCSORTTracker().update, _supervision(frames)


def _supervision(frames: Frames) -> list[Any]:
    make = import_module("supervision").Detections
    return [make(xyxy=boxes, confidence=scores, class_id=np.zeros(len(boxes), dtype=int)) for boxes, scores in frames]


def norfair(frames: Frames) -> tuple[Update, list[Any]]:
    """By IoU; it has no distance of its own choice."""
    package = import_module("norfair")
    tracker = package.Tracker(distance_function="iou", distance_threshold=0.7)
    made = [
        [package.Detection(box.reshape(2, 2), scores=np.full(2, score)) for box, score in zip(*frame, strict=True)]
        for frame in frames
    ]
    return tracker.update, made


TRACKERS: dict[str, tuple[str, Callable[[Frames], tuple[Update, list[Any]]]]] = {
    "ultralytics ByteTrack": ("ultralytics", ultralytics_bytetrack),
    "roboflow ByteTrack": ("trackers", roboflow_bytetrack),
    "roboflow OC-SORT": ("trackers", roboflow_ocsort),
    "roboflow SORT": ("trackers", roboflow_sort),
    "norfair": ("norfair", norfair),
}
"""By name: the package, and what makes a tracker's update and its arguments of the frames."""


def milliseconds(name: str, path: str, most: float) -> float:
    """Mean of an update over the frames of a file."""
    update, arguments = TRACKERS[name][1](_load(path))
    done, start = 0, time.perf_counter()
    for argument in arguments:
        update(argument)
        done += 1
        if time.perf_counter() - start > most:
            break
    return 1000 * (time.perf_counter() - start) / max(done, 1)


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
        update, arguments = TRACKERS[name][1]([(np.array([[0.0, 0.0, 9.0, 9.0]]), np.ones(1))])
        update(arguments[0])
    except Exception as error:  # whatever it is
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return ""


def main() -> None:
    """Tell what there is, then answer until there are no more questions."""
    answers, sys.stdout = sys.stdout, sys.stderr  # trackers print as they like
    print(json.dumps(find_out()), file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        mean = milliseconds(asked["tracker"], asked["detections"], asked["seconds"])
        print(json.dumps({"milliseconds": mean}), file=answers, flush=True)


if __name__ == "__main__":
    main()
