"""The parts of a run as its options choose them, and how they share the processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors import Detector, InputError, load_detector
from detectors.cores import available_cores
from detectors.replay import ReplayDetector
from tracker.association.engine import Tracker
from tracker.motion.camera_motion import CameraMotion, RecordedCameraMotion, load_camera_motion
from tracker.run.options import Options
from tracker.sources.base import Source

if TYPE_CHECKING:
    from tracker.motion.propagation import Carrier

WORKERS = 4  # threads that detect in different frames at most; beyond that, each gets more cores


def make_tracker(options: Options, source: Source) -> Tracker:
    """The tracker, one that remembers everything for an offline run."""
    if not options.offline:
        return Tracker(options.tracker, float(source.frame_rate))
    from tracker.offline.recorder import Recorder

    return Recorder(options.tracker, float(source.frame_rate))


def make_detector(options: Options, source: Source, encodes: bool) -> Detector:
    """The detector, or the file of detections. encodes: whether a video is written beside it. Raises InputError."""
    if options.detections is not None:
        return ReplayDetector(options.detections, options.rescale_scores, options.conf or 0.0)
    if not source.has_images:
        raise InputError(source.path, "has no images to detect in", "give --detections FILE")
    return load_detector(
        options.detector,
        conf=options.conf,
        iou=options.iou,
        imgsz=options.imgsz,
        device=options.device,
        threads=_share_of_cores(options, source, encodes),
    )


def detecting_threads(options: Options, source: Source, detector: Detector) -> int:
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


def load_motion(options: Options, source: Source) -> tuple[CameraMotion | None, Carrier | None]:
    """What tells the camera's motion, and what follows boxes through pictures; both look at the same ones."""
    if not source.has_images:
        return load_camera_motion(options.camera_motion, has_images=False), None
    from tracker.motion.camera_estimate import LookOnce
    from tracker.motion.propagation import Carrier

    look = LookOnce()
    camera = load_camera_motion(options.camera_motion, has_images=True, look=look)
    return camera, Carrier(look) if str(options.detect_every) != "1" else None


def check_last_frames(frames: int, source: object, detector: Detector, camera: CameraMotion | None) -> None:
    """Raise InputError for detections and camera motion beyond the last of `frames`. source: as messages call it."""
    if isinstance(camera, RecordedCameraMotion):
        camera.check_length(frames, source)
    if isinstance(detector, ReplayDetector) and detector.last_frame > frames:
        raise InputError(
            detector.path,
            f"has detections for frame {detector.last_frame}, but {source} has {frames} frames",
            "check that they belong together",
        )
