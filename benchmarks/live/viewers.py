"""What viewers of the page cost: frames a second with twenty clients, ten of which read nothing, against none."""

from __future__ import annotations

import json
import socket
import statistics
import subprocess
import sys
from functools import partial
from pathlib import Path

import av

from benchmarks.speed.interleaved import interleaved, ratio
from benchmarks.speed.measurement import ROOT, Measurement, ResultTable, Setting
from benchmarks.speed.processes import KEEPTRACK, processors, run

READERS, SILENT = 10, 10
TIMES = 4  # that the clip is played in a row
PATIENCE = 30.0  # seconds for the viewers to notice the end


def repeated(clip: Path, times: int, target: Path) -> Path:
    """A clip that plays so many times in a row, as one file; nothing is encoded again."""
    with av.open(str(target), "w", format="mp4") as output, av.open(str(clip)) as first:
        stream = output.add_stream_from_template(first.streams.video[0])
        offset = 0
        for _ in range(times):
            offset += _append(clip, output, stream, offset)
    return target


def _append(clip: Path, output: av.container.OutputContainer, stream: av.VideoStream, offset: int) -> int:
    """Add a clip from `offset` on; returns its length, in the clip's units of time."""
    end = 0
    with av.open(str(clip)) as source:
        base = source.streams.video[0].time_base
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is None or packet.pts is None:
                continue
            end = max(end, packet.pts + (packet.duration or 1))
            packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
            packet.stream, packet.time_base = stream, base
            output.mux(packet)
    return end


def fps(setting: Setting, port: int) -> tuple[float, float]:
    """Frames a second of one run, from its first frame on, and pictures a second that each reader has got.

    port: of the page; 0 for none, and no viewers.
    """
    stats = setting.folder / "stats.json"
    options: list[str | Path] = ["-o", "none", "--stats", stats, "--overwrite"]
    options += ["--detector", setting.model] if setting.model else []
    clients = None
    if port:
        options += ["--view", str(port)]
        words = [str(number) for number in (port, READERS, SILENT)]
        command = [sys.executable, "-m", "benchmarks.live.page_clients", *words]
        clients = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        run([*KEEPTRACK, setting.folder / "clip.mp4", *options], setting.folder / "run.log")
        got = int(clients.communicate(timeout=PATIENCE)[0]) if clients else 0
    finally:
        if clients is not None:
            clients.kill()
    told = json.loads(stats.read_text(encoding="utf-8"))
    seconds = told["seconds"] - told["first_frame_seconds"]
    return float((told["frames"] - 1) / seconds), got / READERS / seconds


def measure(setting: Setting) -> Measurement:
    """The clip through the whole command, as fast as it goes, in turn with and without viewers."""
    repeated(setting.clip, 1 if setting.smoke else TIMES, setting.folder / "clip.mp4")
    calls = {port: partial(fps, setting, port) for port in (0, free_port())}
    alone, watched = interleaved(calls, 1 if setting.smoke else setting.rounds).values()
    speeds = [[speed for speed, _ in rounds] for rounds in (alone, watched)]
    seen = statistics.median(pictures for _, pictures in watched)
    row = [*(f"{statistics.median(one):.1f}" for one in speeds), f"{ratio(speeds[1], speeds[0]):.3f}", f"{seen:.1f}"]
    title = f"{READERS + SILENT} viewers of the page, {SILENT} of which read nothing: {setting.clip.name}"
    headings = ["", "alone", "watched", "watched / alone", "pictures a second for each"]
    note = f"Frames a second. The viewers share the {processors()} processors with the run."
    return Measurement([ResultTable(title, headings, [["run", *row]], note)], {"alone": alone, "watched": watched})


def free_port() -> int:
    """A port that nobody uses at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
