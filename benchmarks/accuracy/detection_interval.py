"""What is lost by detecting in some frames only, and how many frames it takes.

usage: python -m benchmarks.accuracy.detection_interval ROOT[@DETECTIONS]... [--every 1,2,4,auto]
                                     [--sequences A,B] [--offline]
                                     [--detector NAME|PATH [--imgsz N] [--classes person]] [--appearance NAME|PATH]
                                     [--noisy N] [--markdown]

ROOT holds sequence folders with ground truth; DETECTIONS is the path inside one (default: det/det.txt). What a detector
finds in all frames is taken from there, or found once with --detector, and handed out only where it is asked for.
Tracks are carried through the other frames by the images where there are any, or else by their motion alone.
Appearance is left out unless a model is named ("auto" is the package's own); camera motion is estimated from images, or
else as recorded. Scores are TrackEval's; calls are a share of all frames. A single run's HOTA wavers by a point or
more, so all figures are means over each sequence as it is and N copies with a few detections missing and moved.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.accuracy.comparison import add_sequence_arguments, load_or_skip
from benchmarks.accuracy.sequences import LoadedSequence, ReplayedDetections, perturbed, rows_of
from benchmarks.tables import print_circumstances, print_table
from detectors import Detections, Detector, Frame, InputError, load_detector
from detectors.base import Floats
from tracker.appearance.embedder import Embedder, load_embedder
from tracker.association.engine import Tracker
from tracker.association.presets import DEFAULT
from tracker.evaluation.evaluate import Evaluation, evaluate
from tracker.motion.camera_estimate import EstimatedCameraMotion
from tracker.motion.cuts import mark_cuts
from tracker.motion.downscaling import CachedDownscaler
from tracker.motion.propagation import Propagator
from tracker.offline.postprocess import postprocess
from tracker.offline.recording_tracker import RecordingTracker
from tracker.offline.trajectory import tracks_by_frame
from tracker.run.detection import DetectionStage
from tracker.run.detection_interval import make_interval
from tracker.run.embedding import EmbeddingStage
from tracker.run.measurements import Measurements
from tracker.run.options import check_detect_every, find_classes
from tracker.run.pipeline import track_frames
from tracker.run.tracking import TrackingStage
from tracker.sources.sequence import open_sequence

HEADINGS = ("sequence", "every", "calls", "HOTA", "lost", "DetA", "AssA", "IDSW", "carry ms")
EVERY_FRAME, ALL = "1", "all"


@dataclass(frozen=True, eq=False)
class IntervalResult:
    """Rows frame,id,x,y,w,h ``(N, 6)`` of one sequence, and what the run took."""

    rows: Floats
    measured: Measurements


Runs = Mapping[str, Sequence[Mapping[str, IntervalResult]]]


def track_at_interval(
    sequence: LoadedSequence, every: str, embedder: Embedder | None = None, offline: bool = False
) -> IntervalResult:
    """Track a sequence with detections in some of its frames only."""
    pictured = sequence.folder is not None
    tracker, measured = (RecordingTracker if offline else Tracker)(DEFAULT, sequence.frame_rate), Measurements()
    downscale = CachedDownscaler()
    propagator = Propagator(downscale) if pictured and every != EVERY_FRAME else None
    frames = mark_cuts(open_sequence(sequence.folder).frames) if sequence.folder else sequence.frames()

    def recorded(frame: Frame, boxes: Floats) -> Floats | None:
        return None if sequence.camera is None else sequence.camera[frame.index - 1]

    replay = ReplayedDetections(sequence)
    detection = DetectionStage(replay, interval=make_interval(every, tracker, propagator))
    embedding = EmbeddingStage(embedder, replay.class_names) if embedder is not None and pictured else None
    tracking = TrackingStage(tracker, embedding, EstimatedCameraMotion(downscale) if pictured else recorded, propagator)
    found = [tracks for _, tracks in track_frames(frames, detection, tracking, measured)]
    if isinstance(tracker, RecordingTracker):
        seen = tracker.finish()
        found = tracks_by_frame(postprocess(seen), seen.times)
    return IntervalResult(rows_of(found), measured)


def with_detector(sequence: LoadedSequence, detector: Detector, classes: str | None) -> LoadedSequence:
    """The same with what a detector finds in its images. Raises InputError when it has none."""
    if sequence.folder is None:
        raise InputError(sequence.name, "has no images to detect in", "leave --detector out")
    frames = open_sequence(sequence.folder).frames
    stage = DetectionStage(detector, classes=find_classes(classes, detector))
    pairs = stage.over(frames, Measurements())
    found = tuple(Detections.empty() if each is None else each for _, each in pairs)
    return replace(sequence, detections=found)


def report(title: str, copies: Sequence[Sequence[LoadedSequence]], runs: Runs, markdown: bool) -> None:
    """Print a block of rows for each sequence, and for all of them together.

    runs: of each setting, what was tracked of each sequence in each copy.
    """
    truths = [sequence.truth for sequence in copies[0]]
    scored = {
        every: [evaluate(truths, {name: one.rows for name, one in copy.items()}) for copy in run]
        for every, run in runs.items()
    }
    names = [truth.name for truth in truths]
    blocks = [_block(name, runs, scored) for name in names]
    if len(names) > 1:
        blocks.append(_block(ALL, runs, scored))
    print_table(title, HEADINGS, blocks, markdown)


def _block(title: str, runs: Runs, scored: Mapping[str, Sequence[Evaluation]]) -> list[list[str]]:
    """A row for each setting; of one sequence, or of all."""
    rows, full = list[list[str]](), 0.0
    for every, run in runs.items():
        found = [one.combined if title == ALL else one.sequences[title] for one in scored[every]]
        tallies = [one.measured for copy in run for name, one in copy.items() if title in (ALL, name)]
        hota, deta, assa, switches = (
            float(np.mean([getattr(scores, name) for scores in found])) for name in ("hota", "deta", "assa", "idsw")
        )
        full = hota if not rows else full
        calls, frames = sum(tally.detector_calls for tally in tallies), sum(tally.frames for tally in tallies)
        cells = [f"{value:.1f}" for value in (hota, full - hota, deta, assa, switches)]
        carried = 1000 * sum(tally.stages["carry"] for tally in tallies) / frames
        rows.append([title, every, f"{calls / frames:.2f}", *cells, f"{carried:.1f}"])
    return rows


def main() -> None:
    """Print the tables; the exit status is 0 if there is at least one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_sequence_arguments(parser)
    parser.add_argument("--every", default="1,2,4,auto", help="as for --detect-every; loss is told against the first")
    parser.add_argument("--detector", metavar="NAME|PATH", help="look at the images with this detector")
    parser.add_argument("--imgsz", type=int, help="longer side of the detector's input")
    parser.add_argument("--classes", help="names of classes that count, for a detector; default: all")
    parser.add_argument("--appearance", default="none", metavar="NAME|PATH", help="model that tells objects apart")
    parser.add_argument("--offline", action="store_true", help="with the whole sequence known beforehand")
    parser.add_argument("--noisy", type=int, default=3, metavar="N", help="disturbed copies of each sequence")
    arguments = parser.parse_args()
    print_circumstances()
    printed = False
    try:
        settings, embedder = arguments.every.split(","), load_embedder(arguments.appearance)
        for every in settings:
            check_detect_every(every)
        detector = load_detector(arguments.detector, imgsz=arguments.imgsz) if arguments.detector else None
        for sequence_set in arguments.sets:
            if sequences := load_or_skip(sequence_set, arguments):
                if detector is not None:
                    sequences = [with_detector(sequence, detector, arguments.classes) for sequence in sequences]
                copies = [sequences]
                copies += [[perturbed(one, seed) for one in sequences] for seed in range(1, arguments.noisy + 1)]
                runs = {
                    every: [
                        {one.name: track_at_interval(one, every, embedder, arguments.offline) for one in copy}
                        for copy in copies
                    ]
                    for every in settings
                }
                source = f"{sequence_set.name}: {detector.name}" if detector else sequence_set.name
                about = f"appearance {arguments.appearance}" + (", offline" if arguments.offline else "")
                report(f"{source}, {about}", copies, runs, arguments.markdown)
                printed = True
    except InputError as error:
        sys.exit(f"error: {error}")
    if not printed:
        sys.exit(1)


if __name__ == "__main__":
    main()
