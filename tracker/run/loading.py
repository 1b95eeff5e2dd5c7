"""The stages of a run as its options choose them, and how they share the processor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors import Detector, InputError, load_detector, with_tiles
from detectors.base import Bools, Floats, notes
from detectors.cores import available_cores
from detectors.replay import ReplayDetector
from tracker.appearance.embedder import load_embedder
from tracker.association.engine import Tracker
from tracker.association.presets import PRESETS, Preset
from tracker.durations import duration
from tracker.motion.camera_motion import CameraMotion, RecordedCameraMotion, load_camera_motion
from tracker.privacy.policy import Policy
from tracker.run.detection import DetectionStage
from tracker.run.detection_interval import make_interval
from tracker.run.embedding import EmbeddingStage
from tracker.run.hiding import policy_of
from tracker.run.masking import Cut
from tracker.run.options import Options, find_classes
from tracker.run.tracking import TrackingStage
from tracker.sources.base import Source

if TYPE_CHECKING:
    from tracker.motion.propagation import Propagator

EMPTY, EMPTY_SHARE = 100_000, 100  # frames in all, over those with detections: more is a mistake that takes hours
MOSTLY_INSIDE = 0.05  # share of a file's boxes outside the picture, up to which they are of whoever is leaving it
WORKERS = 4  # threads that detect in different frames at most; beyond that, each gets more cores


@dataclass(frozen=True)
class Stages:
    """The stages between a source and its tracks.

    policy: who is hidden in the pictures, None for nobody. warnings: what was asked for and makes no difference.
    """

    detection: DetectionStage
    tracking: TrackingStage
    policy: Policy | None = None
    warnings: tuple[str, ...] = ()

    @property
    def detector(self) -> Detector:
        """The detector, or the file of detections."""
        return self.detection.detector

    @property
    def tracker(self) -> Tracker:
        """The tracker."""
        return self.tracking.tracker

    def check_length(self, frames: int, shown_name: object) -> None:
        """Raise InputError for detections and camera motion beyond the last of `frames`. shown_name: of the source."""
        if isinstance(self.tracking.camera, RecordedCameraMotion):
            self.tracking.camera.check_length(frames, shown_name)
        if isinstance(self.detector, ReplayDetector) and self.detector.last_frame > frames:
            raise InputError(
                self.detector.path,
                f"has detections for frame {self.detector.last_frame}, but {shown_name} has {frames} frames",
                "check that they belong together",
            )


def load_stages(options: Options, source: Source, inside: Callable[[Floats], Bools] | None, encodes: bool) -> Stages:
    """The stages that `options` ask for.

    inside: tells which boxes ``(N, 4)`` lie where somebody wants to look, None for all. encodes: whether a video is
    written. Raises InputError.
    """
    tracker = make_tracker(options, source)
    embedder = load_embedder(options.appearance, options.device, tracker.uses_appearance and source.has_images)
    detector = make_detector(options, source, encodes)
    if isinstance(detector, ReplayDetector) and not source.has_images:
        check_not_endless(source, detector.last_frame, options.max_frames)
    classes = find_classes(options.classes, detector)
    camera, propagator = load_motion(options, source)
    warnings = tuple(dict.fromkeys((*notes(detector), *notes(embedder))))
    if isinstance(detector, ReplayDetector):
        warnings += tuple(_doubts(detector, options, source))
    if camera is not None and not tracker.preset.camera:
        if isinstance(camera, RecordedCameraMotion):
            warnings += (f"{options.camera_motion}: not used: {options.tracker} knows no camera motion",)
        camera = None
    interval, workers = make_interval(options.detect_every, tracker, propagator), _workers(options, source, detector)
    embedding = None if embedder is None else EmbeddingStage(embedder, detector.class_names)
    cut = load_cut(options, source)
    detection = DetectionStage(detector, options.iou, classes, inside, interval, cut, workers)
    policy = policy_of(options, detector.class_names, detector.name)
    return Stages(detection, TrackingStage(tracker, embedding, camera, propagator), policy, warnings)


def _doubts(detector: ReplayDetector, options: Options, source: Source) -> Iterator[str]:
    """What looks odd about a file of detections, a line each."""
    if detector.percentages and not options.rescale_scores:
        yield f"{detector.path}: its scores are read as percent"
    if source.width and source.height and (share := detector.beyond(source.width, source.height)) > MOSTLY_INSIDE:
        size = f"{source.width}x{source.height}"
        yield f"{detector.path}: {share:.0%} of its boxes lie outside the picture of {size}: is it of another video?"


def load_cut(options: Options, source: Source) -> Cut | None:
    """What cuts objects out of their boxes, None where nobody asks for that. Raises InputError."""
    if not options.masks:
        return None
    if not source.has_images:
        raise InputError("--masks", f"{source.path} has no images to cut objects out of", "leave it out")
    from detectors.box_masks import BoxMasks

    return BoxMasks()


def check_not_endless(source: Source, last_frame: int, max_frames: int | None) -> None:
    """Raise InputError for a sequence without pictures that is said to go on for hours after its last detection."""
    frames = source.frame_count or 0
    if min(frames, max_frames or frames) > max(EMPTY, EMPTY_SHARE * last_frame):
        why = f"says that it has {frames:,} frames, and the detections end at frame {last_frame}"
        raise InputError(source.path, why, "check its length, or give --max-frames")


def make_tracker(options: Options, source: Source) -> Tracker:
    """The tracker, one that remembers everything for an offline run."""
    preset: str | Preset = options.tracker
    if options.memory is not None and options.tracker in PRESETS:
        preset = PRESETS[options.tracker].with_memory(duration("--memory", options.memory, 0.0))
    if not options.offline:
        return Tracker(preset, float(source.frame_rate))
    from tracker.offline.recording_tracker import RecordingTracker

    return RecordingTracker(preset, float(source.frame_rate))


def make_detector(options: Options, source: Source, encodes: bool) -> Detector:
    """The detector, or the file of detections. encodes: whether a video is written beside it. Raises InputError."""
    if options.detections is not None:
        return ReplayDetector(options.detections, options.rescale_scores, options.conf or 0.0)
    if not source.has_images:
        raise InputError(source.path, "has no images to detect in", "give --detections FILE")
    detector = load_detector(
        options.detector,
        conf=options.conf,
        iou=options.iou,
        imgsz=options.imgsz,
        device=options.device,
        threads=_share_of_cores(options, source, encodes),
        settings=options.model_settings,
    )
    return with_tiles(detector, options.tiles, options.iou)


def _workers(options: Options, source: Source, detector: Detector) -> int:
    """How many threads detect ahead, 0 for none."""
    if not _may_run_ahead(options, source):
        return 0
    return min(available_cores(), WORKERS) if detector.concurrent else 1


def _may_run_ahead(options: Options, source: Source) -> bool:
    """Not where the newest frame is wanted, the tracks decide whether to detect, or there is nothing to compute."""
    return not source.live and options.detections is None and str(options.detect_every) != "auto"


def _share_of_cores(options: Options, source: Source, encodes: bool) -> int:
    """Threads for each detection: several frames at once use the cores better than several threads on one."""
    if _may_run_ahead(options, source):
        return max(1, available_cores() // WORKERS)
    return max(1, available_cores() - encodes)  # the encoder needs one


def load_motion(options: Options, source: Source) -> tuple[CameraMotion | None, Propagator | None]:
    """What tells the camera's motion, and what follows boxes through pictures; both look at the same ones."""
    if not source.has_images:
        return load_camera_motion(options.camera_motion, has_images=False), None
    from tracker.motion.downscaling import CachedDownscaler
    from tracker.motion.propagation import Propagator

    downscale = CachedDownscaler()
    camera = load_camera_motion(options.camera_motion, has_images=True, downscale=downscale)
    return camera, Propagator(downscale) if str(options.detect_every) != "1" else None
