"""One run from a source to its outputs: everything opened, checked, and closed again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from detectors import Detector, Frame, InputError, load_detector
from detectors.replay import ReplayDetector
from tracker.appearance import load_embedder
from tracker.cuts import mark_cuts
from tracker.engine import Tracker
from tracker.options import Options, check_options, find_classes
from tracker.pipeline import Tally, track_frames
from tracker.sources import open_source
from tracker.sources.ahead import ReadAhead
from tracker.tracks import Tracks
from tracker.writers.lines import LineWriter
from tracker.writers.outputs import check_outputs, check_video_name
from tracker.writers.stats import peak_rss_mb, write_stats


class Run:
    """Frames in, tracks out, files written on the way. Use it as a context manager, and iterate once.

    Entering opens and checks everything, so that bad input costs no work and touches no file. Leaving, by whatever
    way, finishes the files. Raises InputError.
    """

    def __init__(self, source: str | int | Path, options: Options) -> None:
        self.options = options
        self.tally = Tally()
        self.class_counts: Counter[str] = Counter()
        self.warnings: list[str] = []
        self.outputs: dict[str, Path] = {}
        self._source_name = source
        self._writers: list[LineWriter] = []
        self._exit = ExitStack()
        self._started = time.perf_counter()
        self._classes_seen: dict[int, int] = {}

    def __enter__(self) -> Run:
        with ExitStack() as opening:
            self._open(opening)
            self._exit = opening.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self._exit.__exit__(kind, error, at)
        finally:
            self._count_threads()
            self.warnings.extend(self.source.warnings)
            self.warnings.extend(self._video.warnings if self._video is not None else [])
            for class_id in self._classes_seen.values():
                self.class_counts[self.detector.class_names.get(class_id, "object")] += 1
            if "--stats" in self.outputs and self.tally.frames:
                write_stats(self.outputs["--stats"], self.report())

    def __iter__(self) -> Iterator[tuple[Frame, Tracks]]:
        options = self.options
        frames = track_frames(
            self._part(self._ahead),
            self.detector,
            self.tracker,
            self.embedder,
            options.iou,
            self._classes,
            self.tally,
        )
        index = 0
        for frame, tracks in frames:
            index = frame.index
            self._classes_seen.update(zip(tracks.track_ids.tolist(), tracks.class_ids.tolist(), strict=True))
            self._write(frame, tracks)
            yield frame, tracks
        if not index:
            raise InputError(self._shown_name, "has no frames in that part", "check --start and --end")
        read_all = options.end is None and options.max_frames is None
        if read_all and isinstance(self.detector, ReplayDetector) and self.source.frame_count is None:
            self._check_last_frame(self.detector, index)  # only reading to the end could tell

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
        return self.tally.frames / max(time.perf_counter() - self._started, 1e-9)

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
        seconds = time.perf_counter() - self._started
        replayed = isinstance(self.detector, ReplayDetector)
        stages = {name: round(self.tally.stages[name], 4) for name in STAGES}
        return {
            "frames": self.tally.frames,
            "seconds": round(seconds, 4),
            "fps": round(self.tally.frames / seconds, 2),
            "stages": stages,
            "detector_calls": 0 if replayed else self.tally.detector_calls,
            "embeddings": self.tally.embeddings,
            "tracks": self.tracker.confirmed_count,
            "peak_rss_mb": peak_rss_mb(),
            "detector": self.detector.name,
            "tracker": self.options.tracker,
        }

    def _open(self, opening: ExitStack) -> None:
        options = self.options
        check_options(options)
        self.source = open_source(self._source_name, options.fps)
        self._ahead = ReadAhead(self.source.frames)
        opening.callback(self._ahead.close)
        self.outputs = self._output_paths()
        inputs = [Path(p) for p in (self.source.path, options.detections, options.detector, options.appearance) if p]
        check_outputs(self.outputs, inputs, options.overwrite)
        self.tracker = Tracker(options.tracker, float(self.source.frame_rate))
        self.embedder = load_embedder(options.appearance, options.device, self._needs_looks)
        self.detector = self._load_detector()
        self._classes = find_classes(options.classes, self.detector)
        self._open_writers(opening)

    def _output_paths(self) -> dict[str, Path]:
        """Option -> path of everything that will be written."""
        options = self.options
        paths = {"--mot": options.mot, "--jsonl": options.jsonl, "--stats": options.stats}
        found = {option: Path(path) for option, path in paths.items() if path is not None}
        output = str(options.output)
        if output == "auto" and self.source.has_images:
            found["--output"] = Path(f"{self.source.name}.tracked.mp4")
        elif output not in ("auto", "none"):
            check_video_name(Path(output))
            if not self.source.has_images:
                raise InputError(self.source.path, "has no images to draw on", "use --output none")
            found["--output"] = Path(output)
        return found

    def _load_detector(self) -> Detector:
        options, source = self.options, self.source
        if options.detections is None:
            if not source.has_images:
                raise InputError(source.path, "has no images to detect in", "give --detections FILE")
            return load_detector(
                options.detector, conf=options.conf, iou=options.iou, imgsz=options.imgsz, device=options.device
            )
        replay = ReplayDetector(options.detections, options.rescale_scores, options.conf)
        if source.frame_count is not None:
            self._check_last_frame(replay, source.frame_count)
        return replay

    def _check_last_frame(self, replay: ReplayDetector, frames: int) -> None:
        """Complain of detections beyond the last frame."""
        if replay.last_frame > frames:
            raise InputError(
                replay.path,
                f"has detections for frame {replay.last_frame}, but {self._shown_name} has {frames} frames",
                "check that they belong together",
            )

    def _open_writers(self, opening: ExitStack) -> None:
        self._video, self._annotator = None, None
        if "--output" in self.outputs:
            from tracker.draw import Annotator
            from tracker.writers.video import VideoWriter

            source = self.source
            self._video = opening.enter_context(
                VideoWriter(self.outputs["--output"], source.frame_rate, source.time_base, source.path)
            )
            self._annotator = Annotator(self.detector.class_names)
        if "--mot" in self.outputs:
            from tracker.writers.mot import MotWriter

            self._writers.append(opening.enter_context(MotWriter(self.outputs["--mot"])))
        if "--jsonl" in self.outputs:
            from tracker.writers.jsonl import JsonlWriter

            self._writers.append(opening.enter_context(JsonlWriter(self.outputs["--jsonl"], self.detector.class_names)))

    def _part(self, frames: Any) -> Iterator[Frame]:
        """The frames between `start` and `end`, at most `max_frames`, with cuts marked."""
        options = self.options
        for frame in mark_cuts(frames):
            if frame.time < options.start - 1e-9:
                continue
            if options.end is not None and frame.time >= options.end - 1e-9:
                return
            yield frame
            if options.max_frames is not None and self.tally.frames >= options.max_frames:
                return

    def _write(self, frame: Frame, tracks: Tracks) -> None:
        with self.tally.timing("write"):
            for writer in self._writers:
                writer.write(frame, tracks)
        if self._video is not None and self._annotator is not None:
            with self.tally.timing("draw"):
                picture = self._annotator.draw(frame, tracks)
            self._video.write(picture, frame.time)

    def _count_threads(self) -> None:
        """Add the seconds that the reading and the encoding thread were at work."""
        self.tally.stages["read"] = self._ahead.seconds
        if self._video is not None:
            self.tally.stages["write"] += self._video.seconds


STAGES = ("read", "detect", "embed", "track", "draw", "write")


def track(source: str | int | Path, **options: Any) -> Iterator[tuple[Frame, Tracks]]:
    """Track the objects in a source: an iterator over its frames with their tracks.

    source: a video file, camera number, URL, folder or glob of images, or MOTChallenge sequence folder.
    options: those of the command line, under the same names (see `Options`); no file is written unless one is named.
    Raises InputError for anything that cannot be used, TypeError for an unknown option.
    """
    with Run(source, Options(**options)) as run:
        yield from run
