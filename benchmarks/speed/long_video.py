"""Offline tracking of a long video, without the video: synthetic first passes are stitched and postprocessed.

usage: python -m benchmarks.speed.long_video [--hours N] [--objects N] [--piece SECONDS] [--moving]

Objects walk through the picture, stay for about twelve seconds, and are lost now and then, sometimes for so long that
they come back under another number. Prints hours, boxes, and of each stage the seconds and the most memory in MB.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.speed.memory import forget_peak, memory_mb
from benchmarks.tables import print_circumstances
from detectors.base import Floats, Ints
from tracker.offline.archive import load, save
from tracker.offline.first_pass import FirstPass
from tracker.offline.pieces import Piece, plan_pieces
from tracker.offline.postprocess import STAGES, postprocess
from tracker.offline.stitch import stitch
from tracker.offline.trajectory import TrackingHistory, Trajectory, iterate_tracks_by_frame

RATE, STAY = 25, 300  # frames a second; frames that an object stays, on average
GAP = 0.02  # chance in each frame to be lost for a moment
EMBEDDING_SIZE = 64  # numbers in an embedding


def make_tracks(frames: int, objects: int, seed: int = 0) -> list[Trajectory]:
    """Fragments of objects, `objects` of them at a time."""
    rng, tracks = np.random.default_rng(seed), list[Trajectory]()
    for _ in range(objects * frames // STAY):
        begin = int(rng.integers(0, max(1, frames - 20)))
        there = np.arange(begin, min(frames, begin + int(rng.integers(20, 2 * STAY))))
        lost = np.cumsum(rng.random(len(there)) < GAP)
        seen = there[(np.diff(lost, prepend=0) == 0) & (rng.random(len(there)) < 0.97)]
        if len(seen) > 2:
            tracks.extend(_walk(rng, seen))
    tracks.sort(key=lambda track: int(track.frames[0]))
    return [replace(track, track_id=number) for number, track in enumerate(tracks, start=1)]


def _walk(rng: np.random.Generator, seen: Ints) -> Iterator[Trajectory]:
    centres = rng.uniform(0, 1800, 2) + rng.normal(0, 2, 2) * (seen - seen[0])[:, None]
    boxes = np.tile(centres, 2) + np.array([-20.0, -50, 20, 50]) + rng.normal(0, 0.5, (len(seen), 4))
    boxes = boxes.astype(np.float32).astype(np.float64)
    embedding = rng.normal(size=EMBEDDING_SIZE)
    for rows in np.split(np.arange(len(seen)), [len(seen) * 2 // 3] if rng.random() < 0.3 else []):
        none = np.zeros(len(rows), dtype=bool)
        scores = rng.uniform(0.5, 0.9, len(rows)).astype(np.float32).astype(np.float64)
        yield Trajectory(0, 0, seen[rows], boxes[rows], scores, none, none, embedding)


def cut_out(tracks: Sequence[Trajectory], piece: Piece, frames: int, moving: bool) -> FirstPass:
    """The first pass of one piece."""
    first = round(piece.start * RATE)
    last = frames if piece.end is None else min(frames, round(piece.end * RATE))
    inside = [track[slice(*np.searchsorted(track.frames, [first, last]))] for track in tracks]
    there = [replace(track, frames=track.frames - first) for track in inside if len(track.frames)]
    times = np.arange(first, last) / RATE
    cameras: list[Floats | None] = [np.array([[1, 0, 0.1], [0, 1, 0]]) if moving else None] * len(times)
    shots = np.zeros(len(times), dtype=np.int64)
    history = TrackingHistory(times, shots, cameras, there, 0.7)
    return FirstPass(np.arange(first + 1, last + 1), history, {0: "person"}, 1920, 1080, Fraction(RATE))


@contextmanager
def print_cost(what: str) -> Iterator[None]:
    """Print what a stage takes."""
    forget_peak()
    start = time.perf_counter()
    yield
    print(f"{what:<10} {time.perf_counter() - start:8.1f} s {memory_mb('VmHWM'):9.0f} MB at most", flush=True)


def write_pieces(folder: Path, frames: int, objects: int, length: float, moving: bool) -> tuple[list[Piece], int]:
    """First passes as files, as they come from elsewhere; the number of boxes."""
    pieces = plan_pieces(frames / RATE, length=length)
    tracks = make_tracks(frames, objects)
    for piece in pieces:
        save(cut_out(tracks, piece, frames, moving), folder / f"{piece.number}.npz")
    return pieces, sum(len(track.frames) for track in tracks)


def main() -> None:
    """Print a line a stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--objects", type=int, default=10)
    parser.add_argument("--piece", type=float, default=600.0, metavar="SECONDS")
    parser.add_argument("--moving", action="store_true", help="with a camera that moves")
    arguments = parser.parse_args()
    print_circumstances()
    frames = round(arguments.hours * 3600 * RATE)
    with TemporaryDirectory() as folder:
        with ProcessPoolExecutor(1, get_context("spawn")) as elsewhere:  # so that nothing of it is left here
            made = Path(folder), frames, arguments.objects, arguments.piece, arguments.moving
            pieces, boxes = elsewhere.submit(write_pieces, *made).result()
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        print(f"{arguments.hours:g} h, {frames} frames, {boxes} boxes, {size / boxes:.1f} bytes a box in files")
        with print_cost("load"):
            parts = [load(Path(folder) / f"{piece.number}.npz") for piece in pieces]
    with print_cost("stitch"):
        history = stitch(parts, pieces).history
    parts.clear()
    for stage in STAGES:
        with print_cost(stage):
            history = replace(history, trajectories=postprocess(history, [stage]))
    with print_cost("by frame"):
        count = sum(map(len, iterate_tracks_by_frame(history.trajectories, history.times)))
    print(f"{len(history.trajectories)} tracks, {count} boxes")


if __name__ == "__main__":
    main()
