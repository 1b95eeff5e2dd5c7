"""Crowds at the page's port while a run records: connections that never ask, and too many viewers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import resource
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import av

from benchmarks.live.background_run import read_lines, running, wait_for
from benchmarks.live.page_clients import connect, request
from benchmarks.live.stream_kinds import TsHttpServer
from benchmarks.live.viewers import free_port
from benchmarks.speed.measurement import Measurement, ResultTable
from detectors import limits

RATE = 10  # frames a second of the stream
HALF_OPEN, SECONDS = 1200, 60.0
VIEWERS, VIEWING = 500, 20.0
DESCRIPTORS = 1024  # that the run may have, as is usual
OWN_DESCRIPTORS = 4096
HALF_A_REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-"
PATIENCE = 5.0  # seconds for an answer
STATUS = re.compile(r"\d{4}-\d\d-\d\d ")  # how the line a minute begins that a quiet live run prints
LONGEST_GAP = 2.0  # seconds between two frames of a recording that goes on


@dataclass
class Crowd:
    """What became of connections. answers: by status, or by how they ended. served: pictures of each stream."""

    answers: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    pictures: list[int] = field(default_factory=list)


def measure(clip: Path, folder: Path, scale: float = 1.0) -> Measurement:
    """Both crowds, one after the other, at one run. scale: of the numbers and times."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OWN_DESCRIPTORS, hard), hard))
    port, log, lines = free_port(), folder / "run.log", folder / "run.jsonl"
    options: list[str | Path] = [
        "--detector",
        "motion",
        "--appearance",
        "none",
        "-o",
        folder / "run.mp4",
        "--segment",
        "5s",
    ]
    options += ["--jsonl", lines, "--view", str(port)]
    try:
        with TsHttpServer(clip, RATE) as server, running([server.url, *options], log) as run:
            resource.prlimit(run.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
            wait_for("frames", lambda: len(read_lines(lines)) > RATE, run, log)
            connect(port).close()
            half = asyncio.run(half_open(port, round(HALF_OPEN * scale), SECONDS * scale))
            first = _recorded(run, lines)
            many = asyncio.run(viewers(port, round(VIEWERS * scale), VIEWING * scale))
            second = _recorded(run, lines)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return _report(half, many, [first, second], folder, log)


def _recorded(run: subprocess.Popen[bytes], lines: Path) -> dict[str, Any]:
    """Whether the run goes on, how many descriptors it holds, and the longest time between two frames so far."""
    if run.poll() is not None:
        return {"goes on": False, "descriptors": 0}
    return {"goes on": True, "descriptors": len(list(Path(f"/proc/{run.pid}/fd").iterdir()))}


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to the page, which is cut off in the end. Raises OSError, or TimeoutError where it takes long."""
    reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), PATIENCE)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def half_open(port: int, count: int, seconds: float) -> dict[str, Any]:
    """Hold half-sent requests for so long, each opened again when it is closed; look in as a viewer meanwhile."""
    until, crowd = time.monotonic() + seconds, Crowd()
    holding = [asyncio.create_task(_hold(port, until, crowd)) for _ in range(count)]
    asked, answered, slowest = 0, 0, 0.0
    while time.monotonic() < until:
        started = time.monotonic()
        asked += 1
        answered += await _ask(port, "/state.json") == "200"
        slowest = max(slowest, time.monotonic() - started)
        await asyncio.sleep(0.5)
    await asyncio.gather(*holding)
    return {"opened": crowd.opened, "asked": asked, "answered": answered, "slowest": slowest}


async def _hold(port: int, until: float, crowd: Crowd) -> None:
    while (left := until - time.monotonic()) > 0:
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            async with connected(port) as (reader, writer):
                crowd.opened += 1
                writer.write(HALF_A_REQUEST)
                await asyncio.wait_for(reader.read(), left)
        await asyncio.sleep(min(1.0, left))


async def viewers(port: int, count: int, seconds: float) -> dict[str, Any]:
    """So many viewers of the stream at once, for so long; and afterwards one more."""
    crowd = Crowd()
    await asyncio.gather(*(_watch(port, seconds, crowd) for _ in range(count)))
    await asyncio.sleep(1.0)
    told = {"answers": dict(crowd.answers), "pictures": sorted(crowd.pictures)}
    return told | {"afterwards": await _ask(port, "/state.json")}


async def _watch(port: int, seconds: float, crowd: Crowd) -> None:
    pictures, answer = 0, "no connection"
    with contextlib.suppress(OSError, asyncio.TimeoutError):
        async with connected(port) as (reader, writer):
            writer.write(request("/stream.mjpg?width=480"))
            answer = "closed without a word"
            line = await asyncio.wait_for(reader.readline(), PATIENCE + seconds)
            answer = line.split()[1].decode() if line.count(b" ") else answer
            until = time.monotonic() + seconds
            while answer == "200" and (left := until - time.monotonic()) > 0:
                part = await asyncio.wait_for(reader.read(1 << 16), left)
                pictures += part.count(b"Content-Type")
                if not part:
                    answer = "200, then cut off"
    crowd.answers[answer] += 1
    if answer.startswith("200"):
        crowd.pictures.append(pictures)


async def _ask(port: int, path: str) -> str:
    """The status of an answer, or how it failed."""
    try:
        async with connected(port) as (reader, writer):
            writer.write(request(path))
            line = await asyncio.wait_for(reader.readline(), PATIENCE)
    except (OSError, asyncio.TimeoutError) as error:
        return type(error).__name__
    return line.split()[1].decode() if line.count(b" ") else "closed"


def _report(
    half: dict[str, Any], many: dict[str, Any], runs: list[dict[str, Any]], folder: Path, log: Path
) -> Measurement:
    """The tables, and whether the recording is whole and the stated number of viewers was served."""
    lines, videos = read_lines(folder / "run.jsonl"), sorted(folder.glob("run.*.mp4"))
    times = [line["time"] for line in lines]
    gap = max((after - before for before, after in pairwise(times)), default=0.0)
    frames = sum(map(_count, videos))
    said = "".join(line for line in log.read_text(encoding="utf-8").splitlines() if not STATUS.match(line))
    whole = frames == len(lines) and gap < LONGEST_GAP and all(run["goes on"] for run in runs)
    answers, pictures = many["answers"], many["pictures"]
    served, refused = answers.get("200", 0), answers.get("503", 0)
    wanted = min(limits.CONNECTIONS, sum(answers.values()))
    fair = served >= wanted and served + refused == sum(answers.values()) and many["afterwards"] == "200"
    goes_on = ["yes" if run["goes on"] else "NO" for run in runs]
    held = [str(run["descriptors"]) for run in runs]
    looked = f"{half['answered']} of {half['asked']} answered, the slowest after {half['slowest']:.1f} s"
    others = ", ".join(f"{count} {answer}" for answer, count in sorted(answers.items()))
    least = f"{pictures[0]} to {pictures[-1]}" if pictures else "none"
    rows = [
        ["half-open", str(half["opened"]), goes_on[0], held[0], f"a viewer meanwhile: {looked}"],
        ["viewers", str(sum(answers.values())), goes_on[1], held[1], f"{others}; pictures of each: {least}"],
        [
            "recording",
            f"{len(lines)} lines",
            "whole" if whole else "NOT WHOLE",
            "",
            _described(frames, videos, gap, said),
        ],
    ]
    headings = ["", "connections", "the run goes on", "its descriptors", ""]
    title = f"The page's port: {HALF_OPEN} half-open connections, {VIEWERS} viewers"
    note = f"{limits.CONNECTIONS} connections are served, more are told so; the run may have {DESCRIPTORS} descriptors."
    figures = {"half_open": half, "viewers": many, "runs": runs, "gap": gap, "frames": frames, "lines": len(lines)}
    return Measurement([ResultTable(title, headings, rows, note)], figures, failed=not (whole and fair and not said))


def _described(frames: int, videos: list[Path], gap: float, said: str) -> str:
    what = f"{frames} pictures in {len(videos)} segments, at most {gap:.2f} s apart"
    return what + (f"; it said: {json.dumps(said[:300])}" if said else "")


def _count(video: Path) -> int:
    """Pictures that can be decoded; 0 for a file that cannot be."""
    try:
        with av.open(str(video)) as container:
            return sum(1 for _ in container.decode(video=0))
    except av.FFmpegError:
        return 0
