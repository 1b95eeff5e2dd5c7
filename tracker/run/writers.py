"""All files of a run that are written frame by frame, as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from detectors.base import Frame
from tracker.association.tracks import Tracks
from tracker.drawing.parts import parse_parts
from tracker.durations import duration
from tracker.regions.activity import Activity
from tracker.regions.events import Event
from tracker.run.maps import MAPS, open_maps
from tracker.run.measurements import Measurements
from tracker.run.options import SHORTEST_SEGMENT, Options
from tracker.run.viewers import Viewers
from tracker.sources.base import Source
from tracker.threads.stage_clock import StageClock
from tracker.writers.quality import rate_factor

if TYPE_CHECKING:  # each is imported when it is opened
    from tracker.drawing.annotator import Annotator
    from tracker.drawing.segments import SegmentPainter
    from tracker.writers.segments import SegmentedVideo
    from tracker.writers.video import VideoWriter


class FrameWriter(Protocol):
    """A file with something about each frame."""

    def write(self, frame: Frame, tracks: Tracks) -> None:
        """Take in a frame."""
        ...


class Writers:
    """The files of a run that are written frame by frame, as one.

    paths: as of `output_paths`. class_names: of the detector. options: of the run. in_place: whether frames may be
    drawn on, as nobody looks at them afterwards. activity: has seen each frame before it is written. viewers: who is
    shown them as they come. `open` them before the first `write`.
    """

    def __init__(
        self,
        paths: Mapping[str, Path],
        class_names: Mapping[int, str],
        options: Options,
        in_place: bool,
        activity: Activity,
        viewers: Viewers,
    ) -> None:
        self._paths, self._class_names, self._options, self._in_place = paths, class_names, options, in_place
        self._activity, self._viewers = activity, viewers
        self._listeners: list[Callable[[Sequence[Event]], None]] = []
        self._lines: list[FrameWriter] = []
        self._video: VideoWriter | SegmentedVideo | None = None
        self._annotator: Annotator | None = None
        self._has_maps = False

    def open(self, opening: ExitStack, source: Source, measured: Measurements) -> None:
        """Open all, to be closed with the stack. measured: is told of the time that each `write` takes."""
        self._measured, new = measured, not self._options.overwrite
        if source.has_images and (self._viewers.watched or "--output" in self._paths):
            from tracker.drawing.annotator import Annotator

            parts, segments = parse_parts(self._options.draw), self._load_segments()
            self._annotator = Annotator(self._class_names, self._in_place, self._activity, parts, segments)
        if "--output" in self._paths:
            self._video = self._make_video(self._paths["--output"], source, measured.clock)
            opening.enter_context(self._video)
        if "--mot" in self._paths:
            from tracker.writers.mot import MotWriter

            self._lines.append(opening.enter_context(MotWriter(self._paths["--mot"], new)))
        if "--jsonl" in self._paths:
            from tracker.writers.jsonl import JsonlWriter

            size = source.height, source.width
            lines = JsonlWriter(self._paths["--jsonl"], self._class_names, self._activity, new, size)
            self._lines.append(opening.enter_context(lines))
        if "--events" in self._paths:
            from tracker.writers.events import EventWriter

            clock = source.live.time_of_day if source.live else None
            events = EventWriter(self._paths["--events"], clock, append=source.live is not None, new=new)
            self._listeners.append(opening.enter_context(events).write)
        if self._paths.keys() & {"--tracks", "--counts"}:
            self._open_tables(opening, source)
        if self._paths.keys() & set(MAPS):
            about = self._options, source, self._class_names, self._activity
            self._lines.append(open_maps(opening, self._paths, *about))
            self._has_maps = source.has_images

    def _load_segments(self) -> SegmentPainter | None:
        """What draws the class of each pixel, where that is wanted."""
        if self._options.segmenter is None:
            return None
        from detectors.segmenter import Segmenter
        from tracker.drawing.segments import SegmentPainter

        segmenter = Segmenter(self._options.segmenter, device=self._options.device)
        return SegmentPainter(segmenter, segmenter.class_names)

    def _open_tables(self, opening: ExitStack, source: Source) -> None:
        from tracker.run.tables import open_count_table, open_track_table

        about = self._options, source, self._class_names, self._activity
        if "--tracks" in self._paths:
            self._lines.append(open_track_table(opening, self._paths["--tracks"], *about))
        if "--counts" in self._paths:
            counts = open_count_table(opening, self._paths["--counts"], *about)
            self._lines.append(counts)
            self._listeners.append(counts.tell)

    def _make_video(self, path: Path, source: Source, clock: StageClock) -> VideoWriter | SegmentedVideo:
        from tracker.writers.h264 import VideoFormat
        from tracker.writers.video import VideoWriter
        from tracker.writers.video_timestamps import fine_enough

        crf, live = rate_factor(self._options.quality), source.live is not None
        time_base = fine_enough(source.time_base, source.frame_rate)
        wanted = VideoFormat(source.frame_rate, time_base, crf, live, source.pixel_aspect)

        def open_file(path: Path) -> VideoWriter:
            return VideoWriter(path, wanted, source.path, clock=clock, new=not self._options.overwrite)

        if self._options.segment is None:
            return open_file(path)
        from tracker.writers.segments import SegmentedVideo, segment_names

        length = duration("--segment", self._options.segment, SHORTEST_SEGMENT)
        return SegmentedVideo(length, segment_names(path, source), open_file)

    @property
    def draws(self) -> bool:
        """Whether pictures are needed."""
        return self._annotator is not None or self._has_maps

    @property
    def segments(self) -> int:
        """How many files the video has been written in so far, if it is written in several."""
        return getattr(self._video, "count", 0)

    @property
    def warnings(self) -> list[str]:
        """What could not be written, though that was no error."""
        return [] if self._video is None else self._video.warnings

    def tell(self, events: Sequence[Event]) -> None:
        """Write what happened since it was last asked for, if anything has."""
        if self._listeners:
            with self._measured.timing("write"):
                for tell in self._listeners:
                    tell(events)

    def write(self, frame: Frame, tracks: Tracks) -> None:
        """Write a frame's tracks to all of them."""
        with self._measured.timing("write"):
            for writer in self._lines:
                writer.write(frame, tracks)
        self._viewers.update(frame, tracks)
        if self._annotator is not None and (self._video is not None or self._viewers.wants_picture()):
            with self._measured.timing("draw"):
                picture = self._annotator.draw(frame, tracks)
            if self._video is not None:
                self._video.write(picture, frame.time)
            self._viewers.show(frame, picture)
