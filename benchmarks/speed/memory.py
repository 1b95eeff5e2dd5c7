"""Memory over time: synthetic walkers come and go without end, through the tracker and through a whole run.

usage: python -m benchmarks.speed.memory tracker|looks|run [--frames N] [--folder DIR]

Prints, as JSON, the memory held every hundred frames, and the most after the first hundred. A whole run takes the
walkers' detections from a file, reads a small clip, draws on it and writes another one to DIR, without appearance; that
is given to the tracker in `with_embeddings`. What grows after the first frames would grow for ever.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.speed.measurement import Measurement, ResultTable, Setting, SkippedError
from benchmarks.speed.processes import run
from detectors.base import Detections, Floats
from detectors.boxes import xyxy_to_tlwh
from tracker.association.engine import Tracker

FRAMES, SMOKE_FRAMES = 20_000, 300
SETTLED = 0.1  # share of the frames after which nothing may grow
EVERY = 100  # frames between two samples
OBJECTS, LIFE = 30, 120  # at a time; frames that one stays, on average
EDGES = np.array([-4, -10, 4, 10])  # of a walker, around its centre
EMBEDDING_SIZE = 64  # numbers in an embedding
WIDTH, HEIGHT = 192, 112
FRAME_RATE = 25
STATUS = Path("/proc/self/status")
TITLES = {"tracker": "the tracker alone", "looks": "the same with appearance", "run": "a whole run"}


def endless_walkers(frames: int, with_embeddings: bool = False, seed: int = 0) -> Iterator[Detections]:
    """Detections of walkers on a small picture; each frame, one in `LIFE` of them leaves and another one comes.

    with_embeddings: of unit vectors, too.
    """
    rng = np.random.default_rng(seed)
    centres, steps, vectors = _arrive(rng, OBJECTS)
    for _ in range(frames):
        gone = rng.random(OBJECTS) < 1 / LIFE
        centres[gone], steps[gone], vectors[gone] = _arrive(rng, int(gone.sum()))
        centres = centres + steps
        seen = rng.random(OBJECTS) > 0.1
        boxes = np.tile(centres, 2) + EDGES + rng.normal(0, 0.2, (OBJECTS, 4))
        found = Detections(boxes, rng.uniform(0.4, 0.95, OBJECTS), embeddings=vectors if with_embeddings else None)
        yield found[seen]


def _arrive(rng: np.random.Generator, count: int) -> tuple[Floats, Floats, Floats]:
    """Of new walkers: centres and steps ``(count, 2)``, and unit vectors ``(count, LOOKS)``."""
    vectors = rng.normal(0, 1, (count, EMBEDDING_SIZE))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return rng.uniform((0, 0), (WIDTH, HEIGHT), (count, 2)), rng.normal(0, 0.2, (count, 2)), vectors


def through_tracker(frames: int, folder: Path) -> Iterator[None]:
    """A step a frame."""
    yield from _track(endless_walkers(frames))


def through_tracker_with_embeddings(frames: int, folder: Path) -> Iterator[None]:
    """A step a frame."""
    yield from _track(endless_walkers(frames, with_embeddings=True))


def _track(walkers: Iterator[Detections]) -> Iterator[None]:
    tracker = Tracker()
    for detections in walkers:
        tracker.update(detections)
        yield


def through_run(frames: int, folder: Path) -> Iterator[None]:
    """A step a frame."""
    from tracker import track

    clip, listed = write_clip(folder / "crowd.mp4", frames), write_detections(folder / "crowd.txt", frames)
    outputs = {"output": folder / "tracked.mp4", "mot": folder / "tracked.txt", "jsonl": folder / "tracked.jsonl"}
    for _ in track(clip, detections=listed, appearance="none", overwrite=True, **outputs):
        yield


def write_clip(path: Path, frames: int) -> Path:
    """A clip of noise that drifts, which no encoder can leave out; returns its path."""
    from tracker.writers.h264 import VideoFormat
    from tracker.writers.video import VideoWriter

    noise = np.random.default_rng(0).integers(60, 200, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    with VideoWriter(path, VideoFormat(Fraction(FRAME_RATE), Fraction(1, 12800))) as video:
        for index in range(frames):
            video.write(np.roll(noise, index // 4, axis=1), index / FRAME_RATE)
    return path


def write_detections(path: Path, frames: int) -> Path:
    """The walkers' detections as a MOTChallenge file; returns its path."""
    with path.open("w", encoding="utf-8") as file:
        for frame, found in enumerate(endless_walkers(frames), start=1):
            for (x, y, w, h), score in zip(xyxy_to_tlwh(found.boxes), found.scores, strict=True):
                file.write(f"{frame},-1,{x:.2f},{y:.2f},{w:.2f},{h:.2f},{score:.3f},-1,-1,-1\n")
    return path


WAYS: dict[str, Callable[[int, Path], Iterator[None]]] = {
    "tracker": through_tracker,
    "looks": through_tracker_with_embeddings,
    "run": through_run,
}


def memory_mb(field: str) -> float:
    """Of this process: VmRSS, what it holds now, or VmHWM, the most that it has held."""
    found = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{field}:"))
    return int(found.split()[1]) / 1024


def forget_peak() -> None:
    """Let VmHWM begin anew, so that it is not about the start. Where the system does not allow that, it is."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def watch(steps: Iterator[None]) -> tuple[list[int], list[float]]:
    """Frames, and the megabytes held after them."""
    at, held = [], []
    for frame, _ in enumerate(steps, start=1):
        if frame == EVERY:
            forget_peak()
        if frame % EVERY == 0:
            at.append(frame)
            held.append(memory_mb("VmRSS"))
    return at, held


def growth(held: Sequence[float]) -> float:
    """Megabytes held at most after things have settled, less those held at most before."""
    settled = max(1, round(len(held) * SETTLED))
    return max(held[settled:]) - max(held[:settled])


def slope(at: Sequence[int], held: Sequence[float]) -> float:
    """Kilobytes a thousand frames, of the straight line through what came after things had settled."""
    settled = max(1, round(len(at) * SETTLED))
    return float(np.polyfit(at[settled:], held[settled:], 1)[0]) * 1024 * 1000


def measure(setting: Setting) -> Measurement:
    """Each way in a process of its own, once."""
    if not STATUS.exists():
        raise SkippedError(f"there is no {STATUS}, which tells what memory is held")
    frames = SMOKE_FRAMES if setting.smoke else FRAMES
    figures, rows = {}, []
    for way, title in TITLES.items():
        log = setting.folder / f"memory.{way}.json"
        where = ["--frames", str(frames), "--folder", str(setting.folder)]
        cost = run([sys.executable, "-m", "benchmarks.speed.memory", way, *where], log)
        figures[way] = json.loads(log.read_text(encoding="utf-8").splitlines()[-1])
        rows.append([title, *_cells(**figures[way]), f"{cost.seconds:.0f}"])
    title = f"Memory over {frames} frames: {OBJECTS} objects at a time, {frames * OBJECTS // LIFE} in all"
    headings = ["", f"MB at {EVERY}", "at the end", "peak", "end / settled", "growth, MB", "slope", "seconds"]
    note = f"Growth: most held after frame {frames * SETTLED:.0f}, less most before. Slope: kB in 1000 frames after it."
    return Measurement([ResultTable(title, headings, rows, note)], figures)


def _cells(frames: Sequence[int], mb: Sequence[float], peak_mb: float) -> list[str]:
    last = max(1, round(len(mb) * SETTLED)) - 1
    held = [f"{value:.1f}" for value in (mb[0], mb[-1], peak_mb)]
    return [*held, f"{mb[-1] / mb[last]:.3f}", f"{growth(mb):+.2f}", f"{slope(frames, mb):+.1f}"]


def main() -> None:
    """Print the measurements of one way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--folder", type=Path, default=Path())
    arguments = parser.parse_args()
    at, held = watch(WAYS[arguments.way](arguments.frames, arguments.folder))
    print(json.dumps({"frames": at, "mb": held, "peak_mb": memory_mb("VmHWM")}))


if __name__ == "__main__":
    main()
