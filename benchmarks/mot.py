"""Run presets over MOTChallenge sequences and write result files that any scorer reads.

usage: python -m benchmarks.mot ROOT -o OUT [--presets A,B] [--sequences A,B]
                               [--detections det/det.txt | --detector NAME|PATH [--imgsz N] [--classes person]]

ROOT holds sequence folders (NAME/seqinfo.ini, NAME/det/det.txt). Results go to OUT/PRESET/NAME.txt. Motion only; images
are read only for a detector.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from detectors import Detector, InputError, load_detector
from detectors.replay import ReplayDetector
from tracker.association.engine import Tracker
from tracker.association.presets import PRESETS
from tracker.run.detection import DetectionStage
from tracker.run.measurements import Measurements
from tracker.run.options import find_classes
from tracker.run.pipeline import track_frames
from tracker.run.tracking import TrackingStage
from tracker.sources.sequence import open_sequence
from tracker.sources.sequence_info import is_sequence
from tracker.writers.mot import MotWriter


def run(preset: str, folder: Path, target: Path, arguments: argparse.Namespace) -> tuple[int, float]:
    """Track one sequence; returns its frames and the seconds that association took."""
    detector: Detector
    if arguments.detector:
        detector = load_detector(arguments.detector, imgsz=arguments.imgsz)
    else:
        detector = ReplayDetector(folder / arguments.detections)
    classes = find_classes(arguments.classes, detector)
    source = open_sequence(folder)
    tracker = Tracker(preset, float(source.frame_rate))
    measured = Measurements()
    stages = DetectionStage(detector, classes=classes), TrackingStage(tracker)
    with MotWriter(target) as writer:
        for frame, tracks in track_frames(source.frames, *stages, measured):
            writer.write(frame, tracks)
    return measured.frames, measured.stages["track"]


def main() -> None:
    """Write the results and print how long association took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--presets", default=",".join(PRESETS))
    parser.add_argument("--sequences", help="default: all in ROOT")
    parser.add_argument("--detections", default="det/det.txt", help="path inside a sequence folder")
    parser.add_argument("--detector", metavar="NAME|PATH", help="look at the images with this detector instead")
    parser.add_argument("--imgsz", type=int, help="longer side of the detector's input")
    parser.add_argument("--classes", help="names of classes that count, for a detector; default: all")
    arguments = parser.parse_args()
    names = arguments.sequences.split(",") if arguments.sequences else sorted(p.name for p in arguments.root.glob("*"))
    folders = [arguments.root / name for name in names if is_sequence(arguments.root / name)]
    if not folders:
        sys.exit(f"error: {arguments.root}: has no MOTChallenge sequences (give a folder of NAME/seqinfo.ini)")
    for preset in arguments.presets.split(","):
        target = arguments.output / preset
        target.mkdir(parents=True, exist_ok=True)
        try:
            done = [run(preset, folder, target / f"{folder.name}.txt", arguments) for folder in folders]
        except InputError as error:
            sys.exit(f"error: {error}")
        frames, seconds = (sum(column) for column in zip(*done, strict=True))
        print(f"{preset}: {len(folders)} sequences, {frames} frames, {frames / seconds:.0f} frames a second")


if __name__ == "__main__":
    main()
