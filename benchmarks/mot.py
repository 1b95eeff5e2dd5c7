"""Run presets over MOTChallenge sequences and write result files that any scorer reads.

usage: python -m benchmarks.mot ROOT -o OUT [--presets A,B] [--sequences A,B] [--detections det/det.txt]

ROOT holds sequence folders (NAME/seqinfo.ini, NAME/det/det.txt). Results go to OUT/PRESET/NAME.txt. Motion only; no
image is read.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from detectors import InputError
from detectors.replay import ReplayDetector
from tracker.engine import Tracker
from tracker.presets import PRESETS
from tracker.sources.sequence import is_sequence, open_sequence
from tracker.writers.mot import MotWriter


def run(preset: str, folder: Path, detections: str, target: Path) -> tuple[int, float]:
    """Track one sequence; returns its frames and the seconds that association took."""
    detector = ReplayDetector(folder / detections)
    source = open_sequence(folder)
    tracker = Tracker(preset, float(source.frame_rate))
    spent = 0.0
    with MotWriter(target) as writer:
        for frame in source.frames:
            found = detector(frame)
            start = time.perf_counter()
            tracks = tracker.update(found, frame.time)
            spent += time.perf_counter() - start
            writer.write(frame, tracks)
    return source.frame_count or 0, spent


def main() -> None:
    """Write the results and print how long association took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--presets", default=",".join(PRESETS))
    parser.add_argument("--sequences", help="default: all in ROOT")
    parser.add_argument("--detections", default="det/det.txt", help="path inside a sequence folder")
    arguments = parser.parse_args()
    names = arguments.sequences.split(",") if arguments.sequences else sorted(p.name for p in arguments.root.glob("*"))
    folders = [arguments.root / name for name in names if is_sequence(arguments.root / name)]
    if not folders:
        sys.exit(f"error: {arguments.root}: has no MOTChallenge sequences (give a folder of NAME/seqinfo.ini)")
    for preset in arguments.presets.split(","):
        target = arguments.output / preset
        target.mkdir(parents=True, exist_ok=True)
        try:
            done = [run(preset, folder, arguments.detections, target / f"{folder.name}.txt") for folder in folders]
        except InputError as error:
            sys.exit(f"error: {error}")
        frames, seconds = (sum(column) for column in zip(*done, strict=True))
        print(f"{preset}: {len(folders)} sequences, {frames} frames, {frames / seconds:.0f} frames a second")


if __name__ == "__main__":
    main()
