"""What viewers of the page cost: frames a second with twenty of them, ten of which read nothing, against none.

``python -m benchmarks.viewers --clip VIDEO [--model ONNX] [--rounds N] [-- OPTIONS]`` runs the whole command in turn
with and without them. They live in another process, which shares the processor with the run: on computers of their own
they would cost less.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import av

from benchmarks.parts import ROOT
from benchmarks.processes import KEEPTRACK, processors, run
from benchmarks.rounds import in_turn, ratio

READERS, SILENT = 10, 10
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


def fps(arguments: argparse.Namespace, folder: Path, port: int) -> float:
    """Frames a second of one run, from its first frame on. port: of the page; 0 for none, and no viewers."""
    stats = folder / "stats.json"
    options = ["-o", "none", "--stats", str(stats), "--overwrite", *arguments.options]
    options += ["--detector", str(arguments.model.resolve())] if arguments.model else []
    crowd = None
    if port:
        options += ["--view", str(port)]
        words = [str(number) for number in (port, READERS, SILENT)]
        crowd = subprocess.Popen([sys.executable, "-m", "benchmarks.crowd", *words], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        run([*KEEPTRACK, folder / "clip.mp4", *options], folder / "run.log")
        got = int(crowd.communicate(timeout=PATIENCE)[0]) if crowd else 0
    finally:
        if crowd is not None:
            crowd.kill()
    told = json.loads(stats.read_text(encoding="utf-8"))
    seconds = told["seconds"] - told["first_frame_seconds"]
    speed = float((told["frames"] - 1) / seconds)
    seen = f", each of {READERS} viewers saw {got / READERS / seconds:.1f} pictures a second" if port else ""
    print(f"  {speed:.1f} frames a second{seen}", flush=True)
    return speed


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.viewers", description=__doc__)
    parser.add_argument("--clip", type=Path, required=True, metavar="VIDEO")
    parser.add_argument("--times", type=int, default=4, help="how often the clip is played in a row (default: 4)")
    parser.add_argument("--model", type=Path, metavar="ONNX", help="a detector (default: the package's own)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("options", nargs="*", help="of keeptrack, after --")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repeated(arguments.clip, arguments.times, folder / "clip.mp4")
        calls = {port: partial(fps, arguments, folder, port) for port in (0, arguments.port)}
        found = in_turn(calls, arguments.rounds)
    alone, watched = found[0], found[arguments.port]
    print(
        f"{arguments.clip.name}, {processors()} processors, {arguments.rounds} rounds in turn: "
        f"{statistics.median(alone):.1f} frames a second without viewers, {statistics.median(watched):.1f} with "
        f"{READERS + SILENT}, {SILENT} of which read nothing: {ratio(watched, alone):.3f} times"
    )


if __name__ == "__main__":
    main()
