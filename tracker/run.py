"""One run from a source to its outputs: everything opened, checked, and closed again."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors import Detector, Frame, InputError, load_detector
from detectors.cores import available_cores
from detectors.replay import ReplayDetector
from tracker.appearance import load_embedder
from tracker.cadence import make_cadence
from tracker.camera_motion import CameraMotion, RecordedCameraMotion, load_camera_motion
from tracker.census import Census
from tracker.cuts import mark_cuts
from tracker.engine import Tracker
from tracker.options import Options, check_options, find_classes
from tracker.pipeline import Tally, track_frames
from tracker.profiling import OPENING, Profile, ThreadTime, profile_of
from tracker.sources import open_source
from tracker.sources.ahead import ReadAhead
from tracker.tracks import Tracks
from tracker.writers.outputs import Writers, check_outputs, output_paths
from tracker.writers.stats import peak_rss_mb, write_stats

if TYPE_CHECKING:
    from tracker.carry import Carrier

WORKERS = 4  # threads that detect in different frames at most; beyond that, each gets more cores
NO_PICTURE = np.empty((0, 0, 3), dtype=np.uint8)


class Run:
    """Frames in, tracks out, files written on the way. Use it as a context manager, and iterate once.

    Entering opens and checks everything, so that bad input costs no work and touches no file. Leaving, by whatever
    way, finishes the files. Offline, a first pass over the source finds the tracks, and iterating is the second one.
    pictures: whether whoever iterates looks at the frames' pictures; if not, they are drawn on, and the second pass
    reads them again only for that. Raises InputError.
    """

    def __init__(self, source: str | int | Path, options: Options, pictures: bool = True) -> None:
        self.options = options
        self.progress = 0  # frames of this pass so far
        self.tally = Tally()
        self.warnings: list[str] = []
        self.outputs: dict[str, Path] = {}
        self._source_name = source
        self._pictures = pictures
        self._plan: list[tuple[Frame, Tracks]] | None = None
        self._exit = ExitStack()
        self._started = time.perf_counter(), time.process_time(), time.thread_time()
        self._first_frame: float | None = None  # when it had been through all stages
        self._ended = self._started
        self._census = Census()

    def __enter__(self) -> Run:
        with ExitStack() as opening:
            with self.tally.timing(OPENING):
                self._open(opening)
            self._exit = opening.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self._exit.__exit__(kind, error, at)
        finally:
            self._ended = time.perf_counter(), time.process_time(), time.thread_time()
            self.warnings.extend(self.source.warnings)
            self.warnings.extend(self._writers.warnings)
            if "--stats" in self.outputs and self.has_results:
                write_stats(self.outputs["--stats"], self.report())

    def __iter__(self) -> Iterator[tuple[Frame, Tracks]]:
        for _ in self.look_ahead():
            pass
        for frame, tracks in self._track() if self._plan is None else self._recall(self._plan):
            self._census.see(tracks)
            self._writers.write(frame, tracks)
            self.progress += 1
            self._first_frame = self._first_frame or time.perf_counter()
            yield frame, tracks

    def look_ahead(self) -> Iterator[None]:
        """The first of two passes, a step a frame, if there are two. Iterating does it, if it has not been done."""
        if not self.options.offline or self._plan is not None:
            return
        from tracker.offline.recorder import Recorder
        from tracker.offline.revise import revise
        from tracker.offline.trajectory import tracks_by_frame

        assert isinstance(self.tracker, Recorder)
        seen = []
        for frame, _ in self._track():
            seen.append(replace(frame, image=NO_PICTURE))
            self.progress += 1
            yield
        with self.tally.timing("track"):
            recording = self.tracker.finish()
            found = tracks_by_frame(revise(recording), recording.times)
        self._plan, self.progress = list(zip(seen, found, strict=True)), 0

    def _track(self) -> Iterator[tuple[Frame, Tracks]]:
        """Each frame of the source with its tracks."""
        options = self.options
        frames = track_frames(
            self._part(self._ahead),
            self.detector,
            self.tracker,
            self.embedder,
            options.iou,
            self._classes,
            self.tally,
            self.camera,
            self._cadence,
            self._carrier,
            self._workers,
        )
        self._exit.callback(frames.close)  # before anything that it uses is closed
        index = 0
        for frame, tracks in frames:
            index = frame.index
            yield frame, tracks
        if not index:
            raise InputError(self._shown_name, "has no frames in that part", "check --start and --end")
        read_all = options.end is None and options.max_frames is None
        if read_all and self.source.frame_count is None:
            self._check_last_frames(index)  # only reading to the end could tell

    def _recall(self, plan: Sequence[tuple[Frame, Tracks]]) -> Iterator[tuple[Frame, Tracks]]:
        """What the first pass has found, with the pictures read again if anybody looks at them."""
        if not self.source.has_images or not (self._pictures or self._writers.draws):
            yield from plan
            return
        with ReadAhead(open_source(self._source_name, self.options.fps).frames, clock=self.tally.clock) as again:
            first = plan[0][0].index
            frames = (frame for frame in again if frame.index >= first)
            for seen, tracks in plan:
                frame = next(frames, None)
                if frame is None or frame.index != seen.index:
                    why = f"frame {seen.index} was there at first, and is not any more"
                    raise InputError(self._shown_name, why, "leave the source alone until the run is over")
                yield replace(seen, image=frame.image), tracks

    @property
    def class_counts(self) -> Counter[str]:
        """How many tracks there have been, by the name of their class."""
        return self._census.by_name(self.detector.class_names)

    @property
    def has_results(self) -> bool:
        """Whether there is anything to tell: not before the second pass of an offline run."""
        return self.tally.frames > 0 and (self._plan is not None or not self.options.offline)

    @property
    def _shown_name(self) -> Path | str:
        """The source as messages call it: never an address, which may hold a password."""
        return self.source.path or self.source.name

    @property
    def _needs_looks(self) -> bool:
        """Whether what objects look like can be seen, and makes a difference."""
        return self.tracker.uses_appearance and self.source.has_images

    @property
    def fps(self) -> float:
        """Frames a second so far, all stages and the opening included."""
        return self.tally.frames / max(time.perf_counter() - self._started[0], 1e-9)

    @property
    def expected_frames(self) -> int | None:
        """How many frames there will be, as far as that is known."""
        total = self.source.frame_count
        if total is not None:
            rate = float(self.source.frame_rate)
            last = total if self.options.end is None else min(total, round(self.options.end * rate))
            total = max(0, last - round(self.options.start * rate))
        limits = [limit for limit in (total, self.options.max_frames) if limit is not None]
        return min(limits, default=None)

    def report(self) -> dict[str, Any]:
        """What the run did and what it took, as in the file of ``--stats``."""
        profile = self.profile()
        seconds = profile.seconds + profile.opening.wall
        first = None if self._first_frame is None else round(self._first_frame - self._started[0], 4)
        replayed = isinstance(self.detector, ReplayDetector)
        spent = self.tally.stages
        stages = {name: round(sum(spent[part] for part in parts), 4) for name, parts in STAGES.items()}
        return {
            "frames": self.tally.frames,
            "seconds": round(seconds, 4),
            "fps": round(self.tally.frames / seconds, 2),
            "stages": stages,
            "detector_calls": 0 if replayed else self.tally.detector_calls,
            "embeddings": self.tally.embeddings,
            "camera_seconds": round(spent["camera"], 4),
            "tracks": self._track_count,
            "peak_rss_mb": peak_rss_mb(),
            "first_frame_seconds": first,
            "cpu_seconds": round(profile.cpu + profile.opening.cpu, 4),
            "cores": profile.cores,
            "threads": {thread.name: _as_json(thread) for thread in profile.threads},
            "detector": self.detector.name,
            "tracker": self.options.tracker,
        }

    def profile(self) -> Profile:
        """Where the time went, once the files are closed. To be asked for in the thread that iterates."""
        wall, cpu, main = (end - start for start, end in zip(self._started, self._ended, strict=True))
        name = threading.current_thread().name
        return profile_of(self.tally.clock, self.tally.frames, wall, cpu, available_cores(), (name, main))

    @property
    def _track_count(self) -> int:
        """How many tracks there are, in the frames so far or, offline, in all."""
        if self._plan is None:
            return self.tracker.confirmed_count
        return len({track_id for _, tracks in self._plan for track_id in tracks.track_ids.tolist()})

    def _open(self, opening: ExitStack) -> None:
        options = self.options
        check_options(options)
        self.source = open_source(self._source_name, options.fps)
        self._ahead = ReadAhead(mark_cuts(self.source.frames), clock=self.tally.clock)
        opening.callback(self._ahead.close)
        if options.offline and self.source.live:
            raise InputError(
                self._shown_name, "is live, and --offline needs an end", "record it, or leave --offline out"
            )
        self.outputs = output_paths(options, self.source)
        inputs = [Path(p) for p in (self.source.path, options.detections, options.detector, options.appearance) if p]
        inputs.append(Path(options.camera_motion))
        check_outputs(self.outputs, inputs, options.overwrite)
        self.tracker = self._make_tracker()
        self.embedder = load_embedder(options.appearance, options.device, self._needs_looks)
        self.detector = self._load_detector()
        self._classes = find_classes(options.classes, self.detector)
        self.camera, self._carrier = self._load_motion()
        self._cadence = make_cadence(options.detect_every, self.tracker, self._carrier)
        if self.source.frame_count is not None:
            self._check_last_frames(self.source.frame_count)
        self._writers = Writers(self.outputs, self.detector.class_names, options.quality, not self._pictures)
        self._writers.open(opening, self.source, self.tally)

    def _make_tracker(self) -> Tracker:
        if not self.options.offline:
            return Tracker(self.options.tracker, float(self.source.frame_rate))
        from tracker.offline.recorder import Recorder

        return Recorder(self.options.tracker, float(self.source.frame_rate))

    def _load_detector(self) -> Detector:
        options, source = self.options, self.source
        if options.detections is None:
            if not source.has_images:
                raise InputError(source.path, "has no images to detect in", "give --detections FILE")
            return load_detector(
                options.detector,
                conf=options.conf,
                iou=options.iou,
                imgsz=options.imgsz,
                device=options.device,
                threads=self._share_of_cores,
            )
        return ReplayDetector(options.detections, options.rescale_scores, options.conf or 0.0)

    @property
    def _ahead_of_time(self) -> bool:
        """Whether detection may run ahead: not where the newest frame is wanted, where the tracks decide whether to
        detect, or where there is nothing to compute.
        """
        options = self.options
        return not self.source.live and options.detections is None and str(options.detect_every) != "auto"

    @property
    def _workers(self) -> int:
        """How many threads detect ahead."""
        if not self._ahead_of_time:
            return 0
        return min(available_cores(), WORKERS) if self.detector.concurrent else 1

    @property
    def _share_of_cores(self) -> int:
        """Threads for each detection: several frames at once use the cores better than several threads on one."""
        if self._ahead_of_time:
            return max(1, available_cores() // WORKERS)
        return max(1, available_cores() - ("--output" in self.outputs))  # the encoder needs one

    def _load_motion(self) -> tuple[CameraMotion | None, Carrier | None]:
        """What tells the camera's motion, and what follows boxes through pictures; both look at the same ones."""
        options = self.options
        if not self.source.has_images:
            camera, carrier = load_camera_motion(options.camera_motion, has_images=False), None
        else:
            from tracker.camera_estimate import LookOnce
            from tracker.carry import Carrier

            look = LookOnce()
            camera = load_camera_motion(options.camera_motion, has_images=True, look=look)
            carrier = Carrier(look) if str(options.detect_every) != "1" else None
        if isinstance(camera, RecordedCameraMotion) and not self.tracker.preset.camera:
            self.warnings.append(f"{options.camera_motion}: not used: {options.tracker} knows no camera motion")
        return camera if self.tracker.preset.camera else None, carrier

    def _check_last_frames(self, frames: int) -> None:
        """Complain of detections and of camera motion beyond the last frame."""
        replay = self.detector
        if isinstance(self.camera, RecordedCameraMotion):
            self.camera.check_length(frames, self._shown_name)
        if isinstance(replay, ReplayDetector) and replay.last_frame > frames:
            raise InputError(
                replay.path,
                f"has detections for frame {replay.last_frame}, but {self._shown_name} has {frames} frames",
                "check that they belong together",
            )

    def _part(self, frames: Any) -> Iterator[Frame]:
        """The frames between `start` and `end`, at most `max_frames`."""
        options, count = self.options, 0
        for frame in frames:
            if frame.time < options.start - 1e-9:
                continue
            if options.end is not None and frame.time >= options.end - 1e-9:
                return
            yield frame
            count += 1
            if count == options.max_frames:
                return


def _as_json(thread: ThreadTime) -> dict[str, Any]:
    waits = {name: round(seconds, 4) for name, seconds in thread.waits.items()}
    spent = {"seconds": round(thread.work.wall, 4), "cpu_seconds": round(thread.work.cpu, 4)}
    return {"count": thread.count, **spent, "waited_for": waits}


# What is reported -> the stages of the pipeline that it is the sum of.
STAGES = {
    "read": ("read",),
    "detect": ("detect",),
    "embed": ("embed",),
    "track": ("camera", "carry", "track"),
    "draw": ("draw",),
    "write": ("write",),
}


def track(source: str | int | Path, **options: Any) -> Iterator[tuple[Frame, Tracks]]:
    """Track the objects in a source: an iterator over its frames with their tracks.

    source: a video file, camera number, URL, folder or glob of images, or MOTChallenge sequence folder.
    options: those of the command line, under the same names (see `Options`); no file is written unless one is named.
    Raises InputError for anything that cannot be used, TypeError for an unknown option.
    """
    with Run(source, Options(**options)) as run:
        yield from run
