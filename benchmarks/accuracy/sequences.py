"""MOTChallenge sequences in memory: run through a tracker as they are, backward in time, or slightly perturbed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from detectors import Detections, Frame, InputError
from detectors.base import Floats
from detectors.boxes import xyxy_to_tlwh
from detectors.replay import ReplayDetector
from tracker.appearance.embedder import Embedder
from tracker.association.engine import Tracker
from tracker.association.presets import Preset
from tracker.association.tracks import Tracks
from tracker.evaluation.ground_truth import GT, GroundTruth, load_ground_truth
from tracker.motion.camera_estimate import EstimatedCameraMotion
from tracker.motion.camera_motion import RecordedCameraMotion
from tracker.motion.cuts import mark_cuts
from tracker.offline.postprocess import postprocess
from tracker.offline.recording_tracker import RecordingTracker
from tracker.offline.trajectory import tracks_by_frame
from tracker.run.detection import DetectionStage
from tracker.run.embedding import EmbeddingStage
from tracker.run.measurements import Measurements
from tracker.run.pipeline import track_frames
from tracker.run.tracking import TrackingStage
from tracker.sources.sequence import open_sequence

DROPPED, JITTER = 0.03, 0.01  # of a disturbed copy: share of the detections; standard deviation, share of a box's side
DEFAULT_DETECTIONS = "det/det.txt"
NO_PICTURE = np.empty((0, 0, 3), dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class LoadedSequence:
    """One sequence.

    detections: of each frame. camera: of each frame, the affine matrix ``(2, 3)`` from the frame before, or None where
    the camera stood still; None in all where nothing is recorded. folder: of its images, None where it has none.
    """

    truth: GroundTruth
    frame_rate: float
    detections: tuple[Detections, ...]
    camera: tuple[Floats | None, ...] | None = None
    folder: Path | None = None

    @property
    def name(self) -> str:
        """The sequence's name."""
        return self.truth.name

    def frames(self) -> Iterator[Frame]:
        """Frames without pictures."""
        for index in range(1, len(self.detections) + 1):
            yield Frame(NO_PICTURE, index, (index - 1) / self.frame_rate)


@dataclass(frozen=True, eq=False)
class TrackingResult:
    """What a tracker made of a sequence: rows frame,id,x,y,w,h ``(N, 6)``; frames, and seconds of association."""

    rows: Floats
    frames: int
    seconds: float


@dataclass(frozen=True)
class SequenceSet:
    """Where sequences are: ``ROOT`` or ``ROOT@DETECTIONS``, the detections' path inside a sequence folder."""

    root: Path
    detections: str

    @classmethod
    def parse(cls, text: str) -> SequenceSet:
        """The set that a person has typed."""
        root, _, detections = text.partition("@")
        return cls(Path(root), detections or DEFAULT_DETECTIONS)

    @property
    def name(self) -> str:
        """The folder's name, and the detections where they are not the usual ones."""
        name = self.root.resolve().name
        return name if self.detections == DEFAULT_DETECTIONS else f"{name}@{self.detections}"


def load_sequences(
    sequence_set: SequenceSet, names: Collection[str] | None = None, camera: str = "gmc.txt", rescale: bool = False
) -> list[LoadedSequence]:
    """The sequences of a set, or those of them that `names` lists. camera: the recorded motion's file, if there.

    rescale: map each file's scores to [0, 1]. Raises InputError when there are none, or one cannot be read.
    """
    truths = [truth for truth in load_ground_truth(sequence_set.root) if names is None or truth.name in names]
    if not truths:
        raise InputError(sequence_set.root, "has none of these sequences", f"asked for {', '.join(names or ())}")
    single = (sequence_set.root / GT).is_file()
    sequences = []
    for truth in truths:
        folder = sequence_set.root if single else sequence_set.root / truth.name
        found = folder / sequence_set.detections
        if not found.is_file():
            raise InputError(found, "no such file", "ROOT@DETECTIONS names another one of a sequence folder")
        sequences.append(_load(truth, folder, ReplayDetector(found, rescale=rescale), folder / camera))
    return sequences


def _load(truth: GroundTruth, folder: Path, detector: ReplayDetector, camera: Path) -> LoadedSequence:
    source = open_sequence(folder)
    sequence = LoadedSequence(
        truth,
        frame_rate=float(source.frame_rate),
        detections=tuple(detector(Frame(NO_PICTURE, index, 0.0)) for index in range(1, truth.length + 1)),
        folder=folder if source.has_images else None,
    )
    if not camera.is_file():
        return sequence
    recorded = RecordedCameraMotion(camera)
    return replace(sequence, camera=tuple(recorded(frame, np.empty((0, 4))) for frame in sequence.frames()))


class ReplayedDetections:
    """The detections of a sequence, as a detector."""

    name = "recording"
    class_names: Mapping[int, str] = {}
    suppressed = True
    concurrent = False

    def __init__(self, sequence: LoadedSequence) -> None:
        self._detections = sequence.detections

    def __call__(self, frame: Frame) -> Detections:
        """Those of this frame; none beyond the end."""
        return self._detections[frame.index - 1] if frame.index <= len(self._detections) else Detections.empty()


def with_camera(sequence: LoadedSequence) -> LoadedSequence:
    """The same with camera motion: as recorded, or else estimated from its images, of which there must be one."""
    if sequence.camera is not None or sequence.folder is None:
        return sequence
    estimate, frames = EstimatedCameraMotion(), mark_cuts(open_sequence(sequence.folder).frames)
    pairs = zip(frames, sequence.detections, strict=True)
    return replace(sequence, camera=tuple(estimate(frame, found.boxes) for frame, found in pairs))


def run_tracker(
    sequence: LoadedSequence,
    preset: Preset,
    camera: bool = False,
    embedder: Embedder | None = None,
    offline: Collection[str] = (),
) -> TrackingResult:
    """Track a sequence. camera: with its camera motion, which it must have; an embedder needs its images. offline: the
    stages of `tracker.offline.postprocess` to run afterwards.
    """
    motion = sequence.camera if camera else None

    def moved(frame: Frame, boxes: Floats) -> Floats | None:
        return motion[frame.index - 1] if motion else None

    pictured = embedder is not None and sequence.folder is not None
    frames = open_sequence(sequence.folder).frames if pictured and sequence.folder else sequence.frames()
    tracker, measured = (RecordingTracker if offline else Tracker)(preset, sequence.frame_rate), Measurements()
    replay = ReplayedDetections(sequence)
    embedding = None if embedder is None else EmbeddingStage(embedder, replay.class_names)
    tracking = TrackingStage(tracker, embedding, moved if motion else None)
    found = [tracks for _, tracks in track_frames(frames, DetectionStage(replay), tracking, measured)]
    if isinstance(tracker, RecordingTracker):
        with measured.timing("track"):
            recorded = tracker.finish()
            found = tracks_by_frame(postprocess(recorded, offline), recorded.times)
    return TrackingResult(rows_of(found), measured.frames, measured.stages["track"])


def rows_of(found: Iterable[Tracks]) -> Floats:
    """Rows frame,id,x,y,w,h ``(N, 6)`` of the tracks of each frame, from the first one on."""
    rows = [
        np.column_stack([np.full(len(tracks), index), tracks.track_ids, xyxy_to_tlwh(tracks.boxes)])
        for index, tracks in enumerate(found, start=1)
    ]
    return np.concatenate([np.empty((0, 6)), *rows])


def time_reversed(sequence: LoadedSequence) -> LoadedSequence:
    """The same from its last frame to its first, without images."""
    camera = None
    if sequence.camera is not None:
        camera = (None, *(_inverse(matrix) for matrix in sequence.camera[:0:-1]))
    return replace(
        sequence,
        truth=_backward_truth(sequence.truth),
        detections=sequence.detections[::-1],
        camera=camera,
        folder=None,
    )


def _inverse(matrix: Floats | None) -> Floats | None:
    if matrix is None:
        return None
    linear = np.linalg.inv(matrix[:, :2])
    return np.column_stack([linear, -linear @ matrix[:, 2]])


def _backward_truth(truth: GroundTruth) -> GroundTruth:
    starts, ends = truth.bounds[:-1][::-1], truth.bounds[1:][::-1]
    order = np.concatenate([np.empty(0, np.int64), *map(np.arange, starts, ends)])
    return replace(
        truth,
        ids=truth.ids[order],
        boxes=truth.boxes[order],
        bounds=np.concatenate([[0], np.cumsum(ends - starts)]),
        considered=truth.considered[order],
        distractors=truth.distractors[order],
    )


def subsampled(sequence: LoadedSequence, every: int) -> LoadedSequence:
    """The same as a camera of a lower frame rate saw it: the first of every `every` frames, without images."""
    truth, frames = sequence.truth, np.arange(0, sequence.truth.length, every)
    counts = np.diff(truth.bounds)[frames]
    order = np.concatenate(
        [np.empty(0, np.int64), *map(np.arange, truth.bounds[frames], truth.bounds[frames] + counts)]
    )
    ids, seen = truth.ids[order], truth.considered[order]
    ids[seen] = np.unique(ids[seen], return_inverse=True)[1]
    camera = sequence.camera
    return replace(
        sequence,
        truth=replace(
            truth,
            length=len(frames),
            ids=ids,
            boxes=truth.boxes[order],
            bounds=np.concatenate([[0], np.cumsum(counts)]),
            considered=seen,
            distractors=truth.distractors[order],
        ),
        frame_rate=sequence.frame_rate / every,
        detections=sequence.detections[::every],
        camera=camera and tuple(_composed(camera[max(0, at - every + 1) : at + 1]) for at in frames),
        folder=None,
    )


def _composed(matrices: Sequence[Floats | None]) -> Floats | None:
    """One matrix for all, the first to be applied first; None if all are."""
    whole: Floats | None = None
    for matrix in matrices:
        if matrix is not None:
            offset = matrix[:, 2] if whole is None else matrix[:, :2] @ whole[:, 2] + matrix[:, 2]
            linear = matrix[:, :2] if whole is None else matrix[:, :2] @ whole[:, :2]
            whole = np.column_stack([linear, offset])
    return whole


def perturbed(sequence: LoadedSequence, seed: int, dropped: float = DROPPED, jitter: float = JITTER) -> LoadedSequence:
    """The same with some detections missing and the others' edges moved; the ground truth stays."""
    rng = np.random.default_rng([seed, *sequence.name.encode()])
    return replace(sequence, detections=tuple(_perturb(found, rng, dropped, jitter) for found in sequence.detections))


def _perturb(found: Detections, rng: np.random.Generator, dropped: float, jitter: float) -> Detections:
    found = found[rng.random(len(found)) >= dropped]
    sides = np.tile(found.boxes[:, 2:] - found.boxes[:, :2], 2)
    noise = np.clip(rng.normal(0, jitter, sides.shape), -0.4, 0.4)  # no box may turn inside out
    return replace(found, boxes=found.boxes + noise * sides)
