"""Killed runs: which of their files can be read, and how much is missing at the end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from benchmarks.live.background_run import read_lines, running, wait_for
from benchmarks.live.frame_stamps import age, read_stamp
from benchmarks.live.stream_kinds import TsHttpServer
from benchmarks.live.synthetic_scene import HEIGHT, WIDTH, pictures
from benchmarks.speed.measurement import Measurement, ResultTable, Setting

RATE = 25  # frames a second
KILLS = 10
EARLIEST, LATEST = 2.0, 12.0  # seconds after the first frame
SEGMENT = "3s"
STAMP = f"0,0,{WIDTH},0,{WIDTH},{HEIGHT // 12},0,{HEIGHT // 12}"  # where nothing is to be tracked or drawn


class MissingAtEnd(NamedTuple):
    """What is missing at the end of each kind of file, in seconds, and how many segments there are."""

    video: float
    jsonl: float
    mot: float
    segments: int


def measure(setting: Setting) -> Measurement:
    """One run after the other, each killed at a random moment."""
    moments = [EARLIEST] if setting.smoke else np.random.default_rng(0).uniform(EARLIEST, LATEST, KILLS).tolist()
    found = []
    with TsHttpServer(partial(pictures, RATE), RATE, stamped=True) as server:
        for number, moment in enumerate(moments):
            folder = setting.folder / f"kill{number}"
            folder.mkdir()
            found.append(kill(server.url, folder, moment))
    title = f"{len(found)} runs killed at random moments, {RATE} frames a second, segments of {SEGMENT}"
    headings = ["missing at the end", "median", "most"]
    rows = [_row(kind, [getattr(one, kind) for one in found]) for kind in ("video", "jsonl", "mot")]
    note = f"{sum(one.segments for one in found)} segments and all lines could be read to the end."
    return Measurement([ResultTable(title, headings, rows, note)], {"kills": [one._asdict() for one in found]})


def _row(kind: str, missing: Sequence[float]) -> list[str]:
    return [kind, f"{np.median(missing):.2f} s", f"{max(missing):.2f} s"]


def kill(url: str, folder: Path, moment: float) -> MissingAtEnd:
    """Kill a run `moment` seconds after its first frame, and read what it leaves.

    Raises PyAV's errors and ValueError for what cannot be read.
    """
    lines, log = folder / "a.jsonl", folder / "log"
    files: list[str | Path] = ["-o", folder / "a.mp4", "--segment", SEGMENT, "--jsonl", lines]
    files += ["--mot", folder / "a.txt", "--events", folder / "events.jsonl"]
    with running([url, "--detector", "motion", "--mask", STAMP, *files], log) as process:
        wait_for("objects", lambda: bool(read_lines(folder / "events.jsonl")), process, log)
        time.sleep(moment)
        process.kill()
        killed = time.time()
        process.wait()
        segments = sorted(folder.glob("a.*.mp4"))
        stamps = [number for number in map(last_stamp, segments) if number is not None]
        return MissingAtEnd(age(stamps[-1]) - (time.time() - killed), *text_missing(folder, killed), len(segments))


def last_stamp(path: Path) -> int | None:
    """The number on the last picture of a video, all of which has to be decoded; None while there is none in it yet.

    Raises ValueError when the picture has no number.
    """
    with av.open(str(path)) as container:
        found = [read_stamp(frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]
    if found and found[-1] is None:
        raise ValueError(f"{path}: the last picture has no stamp")
    return found[-1] if found else None


def text_missing(folder: Path, killed: float) -> tuple[float, float]:
    """Seconds from the last frame in the JSONL and in the MOT file to the moment of the kill."""
    frames, rows = read_lines(folder / "a.jsonl"), (folder / "a.txt").read_text().split("\n")
    events: list[dict[str, Any]] = read_lines(folder / "events.jsonl")
    begin = datetime.fromisoformat(events[0]["at"]).timestamp() - events[0]["time"]
    for path in ("a.jsonl", "a.txt", "events.jsonl"):
        if not (folder / path).read_bytes().endswith(b"\n"):
            raise ValueError(f"{path}: the last line is not whole")
    times = {frame["index"]: frame["time"] for frame in frames}
    last = max(int(row.split(",")[0]) for row in rows[:-1])
    shown = max(frame["time"] for frame in frames)
    return killed - (begin + shown), killed - (begin + times.get(last, shown))
