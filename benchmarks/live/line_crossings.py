"""Line crossings, counted on a clip that is served as a stream."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from benchmarks.live.background_run import PATIENCE, read_lines, running
from benchmarks.live.stream_kinds import TsHttpServer
from benchmarks.speed.measurement import Measurement, ResultTable, Setting, SkippedError
from detectors.base import Image


def measure(setting: Setting) -> Measurement:
    """The clip once, in real time."""
    if setting.line is None:
        raise SkippedError("no line: --line NAME:X1,Y1,X2,Y2")
    rate = cv2.VideoCapture(str(setting.clip)).get(cv2.CAP_PROP_FPS)
    events, log = setting.folder / "line.events.jsonl", setting.folder / "line.log"
    model: list[str | Path] = [] if setting.model is None else ["--detector", setting.model]
    options: list[str | Path] = [
        "--output",
        "none",
        "--no-reconnect",
        "--line",
        setting.line,
        "--events",
        events,
        *model,
    ]
    with TsHttpServer(lambda: once(setting.clip, lambda: server.clients > 0), rate) as server:  # noqa: SIM117
        with running([server.url, *options], log) as process:
            server.join(1.0 if setting.smoke else threading.TIMEOUT_MAX)
            if not setting.smoke:
                process.wait(PATIENCE)
    crossings = [event for event in read_lines(events) if event["event"] == "cross"]
    counts = Counter(event["direction"] for event in crossings)
    rows = [[setting.line, str(counts["in"]), str(counts["out"])]]
    times = ", ".join(f"{event['direction']} {event['time']:.0f} s (id {event['id']})" for event in crossings)
    table = ResultTable(f"{setting.clip.name} as a stream, once", ["line", "in", "out"], rows, f"Crossings: {times}.")
    return Measurement([table], {"crossings": crossings})


def once(path: Path, ready: Callable[[], bool]) -> Iterator[Image]:
    """The frames of a video file, the first one again and again until somebody is `ready`."""
    capture = cv2.VideoCapture(str(path))
    while (read := capture.read())[0]:
        picture = np.asarray(read[1], dtype=np.uint8)
        yield picture
        while not ready():
            yield picture
