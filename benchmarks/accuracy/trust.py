"""Whether tracks that are trusted less are the wrong ones: the fit of `tracker.review.trust`, and a check on others.

usage: python -m benchmarks.accuracy.trust --fit ROOT[@DETECTIONS]... --check ROOT[@DETECTIONS]... [--rescale-scores]

Sequences are tracked offline from their detections. A track is wrong if most of its boxes lie on no object of the
ground truth (intersection over union of 0.5), or if it lies on a second one for more than a fifth of its length.
Boxes on people that the ground truth does not count, or on distractors, say nothing and are left out. Printed are the
weights fitted on one part, which stand in `TrustModel`, and for both parts how well the weights in use put wrong tracks
first: the area under the ROC curve, and the share of all wrong tracks among the fifth that is trusted least.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from scipy.optimize import minimize
from scipy.stats import rankdata

from benchmarks.accuracy.sequences import LoadedSequence, ReplayedDetections, SequenceSet, load_sequences
from benchmarks.tables import print_circumstances, print_table
from detectors import Frame, InputError
from detectors.base import Bools, Floats
from detectors.boxes import iou_matrix
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.association.presets import DEFAULT
from tracker.evaluation.ground_truth import GroundTruth
from tracker.offline.postprocess import postprocess
from tracker.offline.recording_tracker import RecordingTracker
from tracker.review.trust import FEATURES, estimate_trust, trust_features
from tracker.run.detection import DetectionStage
from tracker.run.pipeline import track_frames
from tracker.run.tracking import TrackingStage

SAME = 0.5  # intersection over union of a box that lies on an object
SECOND = 0.2  # share of a track's length on another object that makes it wrong
RIDGE = 0.1  # keeps the weight of a rare cue from growing without end


def tracked(sequence: LoadedSequence) -> Annotations:
    """The tracks that the default tracker finds offline."""
    motion = sequence.camera

    def moved(frame: Frame, boxes: Floats) -> Floats | None:
        return motion[frame.index - 1] if motion else None

    tracker = RecordingTracker(DEFAULT, sequence.frame_rate)
    tracking = TrackingStage(tracker, camera=moved if motion else None)
    for _ in track_frames(sequence.frames(), DetectionStage(ReplayedDetections(sequence)), tracking):
        pass
    tracks = [
        AnnotatedTrack(each.track_id, "object", each.frames + 1, each.boxes, np.clip(each.scores, 0, 1), each.filled)
        for each in postprocess(tracker.finish())
    ]
    rate = Fraction(sequence.frame_rate).limit_denominator(1001)
    return Annotations(sequence.name, "", 0, 0, rate, sequence.truth.length, ["object"], tracks)


def is_wrong(track: AnnotatedTrack, truth: GroundTruth) -> bool | None:
    """Whether a track is wrong; None where the ground truth does not tell."""
    found = np.array([_object_at(box, truth, frame) for frame, box in zip(track.frames, track.boxes, strict=True)])
    told = found[found != UNTOLD]
    if len(told) * 2 < len(found):
        return None
    counts = np.sort(np.unique(told[told >= 0], return_counts=True)[1])[::-1]
    return bool(counts.sum() * 2 < len(told) or counts[1:].max(initial=0) > SECOND * len(told))


NOTHING, UNTOLD = -1, -2


def _object_at(box: Floats, truth: GroundTruth, frame: int) -> int:
    """The object that a box lies on, `NOTHING`, or `UNTOLD` on what is not to be found."""
    rows = slice(truth.bounds[frame - 1], truth.bounds[frame])
    overlaps = iou_matrix(box[None], truth.boxes[rows])[0]
    counted = truth.considered[rows]
    best = np.where(counted, overlaps, 0)
    if best.max(initial=0) >= SAME:
        return int(truth.ids[rows][best.argmax()])
    return UNTOLD if overlaps.max(initial=0) >= SAME else NOTHING


def examples(sequences: Sequence[LoadedSequence]) -> tuple[Floats, Floats, Bools]:
    """Cues ``(N, C)``, trust ``(N,)`` and whether it is wrong ``(N,)`` of each track that the ground truth tells of."""
    cues, trusts, wrong = [], [], []
    for sequence in sequences:
        video = tracked(sequence)
        rows = zip(video.tracks, trust_features(video), estimate_trust(video), strict=True)
        for track, row, (trust, _) in rows:
            verdict = is_wrong(track, sequence.truth)
            if verdict is not None:
                cues.append(row)
                trusts.append(trust)
                wrong.append(verdict)
    return np.array(cues).reshape(-1, len(FEATURES)), np.array(trusts), np.array(wrong, dtype=bool)


def fit(cues: Floats, wrong: Bools) -> Floats:
    """Start and weights ``(1 + C,)`` of a logistic regression in which no cue speaks for a track."""
    table, sign = np.column_stack([np.ones(len(cues)), cues]), np.where(wrong, -1.0, 1.0)

    def cost(weights: Floats) -> float:
        return float(np.logaddexp(0, sign * (table @ weights)).sum() + RIDGE * (weights[1:] ** 2).sum())

    limits = [(None, None), *[(0, None)] * cues.shape[1]]
    return np.asarray(minimize(cost, np.zeros(table.shape[1]), bounds=limits, method="L-BFGS-B").x)


def area(doubt: Floats, wrong: Bools) -> float:
    """Area under the ROC curve: how often a wrong track is doubted more than a right one; NaN without both."""
    bad, good = int(wrong.sum()), int((~wrong).sum())
    if not bad or not good:
        return float("nan")
    return float((rankdata(doubt)[wrong].sum() - bad * (bad + 1) / 2) / (bad * good))


def caught(doubt: Floats, wrong: Bools, share: float = 0.2) -> float:
    """The share of all wrong tracks that is among the most doubted ones."""
    first = np.argsort(-doubt, kind="stable")[: round(share * len(doubt))]
    return float(wrong[first].sum() / max(1, wrong.sum()))


def main() -> None:
    """Print the fitted weights and the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", nargs="+", default=[], metavar="ROOT[@DETECTIONS]", type=SequenceSet.parse)
    parser.add_argument("--check", nargs="+", default=[], metavar="ROOT[@DETECTIONS]", type=SequenceSet.parse)
    parser.add_argument("--rescale-scores", action="store_true", help="map each file's scores to [0, 1]")
    arguments = parser.parse_args()
    print_circumstances()
    rows = []
    try:
        for title, sets in (("fit", arguments.fit), ("check", arguments.check)):
            rescale = arguments.rescale_scores
            sequences = [one for sequence_set in sets for one in load_sequences(sequence_set, rescale=rescale)]
            cues, trusts, wrong = examples(sequences)
            if title == "fit" and len(cues):
                print(dict(zip(("intercept", *FEATURES), fit(cues, wrong).round(2).tolist(), strict=True)))
            if len(cues):
                numbers = f"{area(-trusts, wrong):.3f}", f"{100 * caught(-trusts, wrong):.0f} %"
                rows.append([title, str(len(wrong)), str(wrong.sum()), *numbers])
    except InputError as error:
        sys.exit(f"error: {error}")
    print_table("trust", ["part", "tracks", "wrong", "AUC", "wrong ones in the first 20 %"], [rows], False)


if __name__ == "__main__":
    main()
