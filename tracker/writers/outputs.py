"""Where results go: paths checked before any work is done, and all writers of a run as one."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.base import Frame
from detectors.errors import InputError
from tracker.clock import Clock
from tracker.durations import duration
from tracker.events import Event
from tracker.options import SHORTEST_SEGMENT, Options
from tracker.pipeline import Tally
from tracker.sources.base import Source
from tracker.tracks import Tracks
from tracker.watch import Watch
from tracker.watching import Watching
from tracker.writers.lines import LineWriter
from tracker.writers.quality import rate_factor

if TYPE_CHECKING:  # each is imported when it is opened
    from tracker.draw import Annotator
    from tracker.writers.events import EventWriter
    from tracker.writers.segments import SegmentedVideo
    from tracker.writers.video import VideoWriter

VIDEO_SUFFIXES = (".mp4", ".m4v")


def output_paths(options: Options, source: Source) -> dict[str, Path]:
    """Option -> path of everything that will be written. Raises InputError for a video that cannot be."""
    paths = {"--mot": options.mot, "--jsonl": options.jsonl, "--events": options.events, "--stats": options.stats}
    found = {option: Path(path) for option, path in paths.items() if path is not None}
    output = str(options.output)
    if output == "auto" and source.has_images:
        found["--output"] = Path(f"{source.name}.tracked.mp4")
    elif output not in ("auto", "none"):
        check_video_name(Path(output))
        if not source.has_images:
            raise InputError(source.path, "has no images to draw on", "use --output none")
        found["--output"] = Path(output)
    return found


def first_files(paths: Mapping[str, Path], options: Options, source: Source) -> dict[str, Path]:
    """`paths`, with the video's first file in place of the name that all of its files go by.

    That is one that exists already, if there is any.
    """
    if options.segment is None or "--output" not in paths:
        return dict(paths)
    from tracker.writers.segments import existing_segments, segment_names

    path = paths["--output"]
    there = [] if source.live else existing_segments(path)
    return {**paths, "--output": there[0] if there else segment_names(path, source)(options.start)}


class Writers:
    """The files of a run that are written frame by frame, as one.

    paths: as of `output_paths`. class_names: of the detector. options: of the run. in_place: whether frames may be
    drawn on, as nobody looks at them afterwards. watch: has seen each frame before it is written. watching: who is
    shown them as they come. `open` them before the first `write`.
    """

    def __init__(
        self,
        paths: Mapping[str, Path],
        class_names: Mapping[int, str],
        options: Options,
        in_place: bool,
        watch: Watch,
        watching: Watching,
    ) -> None:
        self._paths, self._class_names, self._options, self._in_place = paths, class_names, options, in_place
        self._watch, self._watching = watch, watching
        self._events: EventWriter | None = None
        self._lines: list[LineWriter] = []
        self._video: VideoWriter | SegmentedVideo | None = None
        self._annotator: Annotator | None = None

    def open(self, opening: ExitStack, source: Source, tally: Tally) -> None:
        """Open all, to be closed with the stack. tally: is told of the time that each `write` takes."""
        self._tally = tally
        if source.has_images and (self._watching.watched or "--output" in self._paths):
            from tracker.draw import Annotator

            self._annotator = Annotator(self._class_names, in_place=self._in_place, watch=self._watch)
        if "--output" in self._paths:
            self._video = self._make_video(self._paths["--output"], source, tally.clock)
            opening.enter_context(self._video)
        if "--mot" in self._paths:
            from tracker.writers.mot import MotWriter

            self._lines.append(opening.enter_context(MotWriter(self._paths["--mot"])))
        if "--jsonl" in self._paths:
            from tracker.writers.jsonl import JsonlWriter

            self._lines.append(
                opening.enter_context(JsonlWriter(self._paths["--jsonl"], self._class_names, self._watch))
            )
        if "--events" in self._paths:
            from tracker.writers.events import EventWriter

            started_at = getattr(source, "started_at", None)
            events = EventWriter(self._paths["--events"], started_at, append=source.live)
            self._events = opening.enter_context(events)

    def _make_video(self, path: Path, source: Source, clock: Clock) -> VideoWriter | SegmentedVideo:
        from tracker.writers.video import VideoWriter

        rate, base, crf = source.frame_rate, source.time_base, rate_factor(self._options.quality)

        def open_file(path: Path) -> VideoWriter:
            return VideoWriter(path, rate, base, source.path, crf, source.live, clock=clock)

        if self._options.segment is None:
            return open_file(path)
        from tracker.writers.segments import SegmentedVideo, segment_names

        length = duration("--segment", self._options.segment, SHORTEST_SEGMENT)
        return SegmentedVideo(length, segment_names(path, source), open_file)

    @property
    def draws(self) -> bool:
        """Whether pictures are needed."""
        return self._annotator is not None

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
        if self._events is not None:
            with self._tally.timing("write"):
                self._events.write(events)

    def write(self, frame: Frame, tracks: Tracks) -> None:
        """Write a frame's tracks to all of them."""
        with self._tally.timing("write"):
            for writer in self._lines:
                writer.write(frame, tracks)
        self._watching.look(frame, tracks)
        if self._annotator is not None and (self._video is not None or self._watching.wants_picture()):
            with self._tally.timing("draw"):
                picture = self._annotator.draw(frame, tracks)
            if self._video is not None:
                self._video.write(picture, frame.time)
            self._watching.show(frame, picture)


def check_outputs(
    outputs: dict[str, Path], inputs: Iterable[Path], overwrite: bool, logs: Collection[str] = ()
) -> None:
    """Make sure that every output can be written and that none destroys anything.

    outputs: option -> path. inputs: files that are read. logs: options whose files are only ever added to.

    Raises InputError for a missing or read-only folder, a folder in place of a file, a file that is there already
    (unless `overwrite`), an input, and two outputs of one name.
    """
    taken: dict[Path, str] = {}
    read = [path.resolve() for path in inputs]
    for option, path in outputs.items():
        if str(path) == "-":
            raise InputError(f"{option} -", "is no file name", f"use {option} /dev/stdout, or name a file")
        if path.parts[:2] == ("/", "dev"):  # a device or a pipe holds nothing that could be lost
            continue
        place = path.resolve()
        if place in read or any(_same_file(place, other) for other in read):
            raise InputError(path, "is an input of this run and would be overwritten", f"choose another {option}")
        if place in taken:
            raise InputError(path, f"is asked for twice, by {taken[place]} and {option}", "choose two names")
        taken[place] = option
        if not place.parent.is_dir():
            raise InputError(path, f"the folder {path.parent} does not exist", "create it, or choose another")
        if place.is_dir():
            raise InputError(path, "is a folder", f"give {option} a file name")
        if place.is_file() and not overwrite and option not in logs:
            raise InputError(path, "exists already", "add --overwrite, or choose another name")
        if not os.access(place if place.exists() else place.parent, os.W_OK):
            raise InputError(path, "cannot be written: no permission", "choose another place")


def _same_file(a: Path, b: Path) -> bool:
    """Whether two names stand for one file, as hard links do, or other letters on some systems."""
    return a.exists() and b.exists() and a.samefile(b)


def check_video_name(path: Path) -> None:
    """Raise InputError unless the name of the annotated video says that it is an mp4."""
    if path.suffix.lower() not in VIDEO_SUFFIXES:
        raise InputError(path, "annotated video is written as mp4", f"name it {path.with_suffix('.mp4').name}")
