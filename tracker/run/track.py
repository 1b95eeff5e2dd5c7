"""The whole job for a program: ``for frame, tracks in track("video.mp4")``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType
from typing import Any

from detectors.base import Frame
from tracker.association.tracks import Tracks
from tracker.regions.events import Event
from tracker.run.options import Options
from tracker.run.run import Run


class TrackingRun(Iterator[tuple[Frame, Tracks]]):
    """The frames of a source with their tracks, and what is known of the run so far.

    Iterate once. Everything is opened with the first frame, or when something is asked for; it is closed, and the files
    are whole, after the last one, by `close`, at the end of a ``with`` block, or when nobody holds the run any more.
    """

    def __init__(self, source: str | int | Path, options: Options) -> None:
        self._closing = ExitStack()
        self._run = Run(source, options)
        self._frames: Iterator[tuple[Frame, Tracks]] | None = None

    def _opened(self) -> Run:
        if self._frames is None:
            self._closing.enter_context(self._run)
            self._frames = frames = iter(self._run)
            self._closing.callback(frames.close)
        return self._run

    def __next__(self) -> tuple[Frame, Tracks]:
        self._opened()
        assert self._frames is not None
        try:
            return next(self._frames)
        except StopIteration:
            self.close()
            raise
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise

    def __enter__(self) -> TrackingRun:
        self._opened()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.__exit__(kind, error, at)

    def close(self) -> None:
        """Finish the files of a run that nobody iterates over to its end."""
        self._closing.close()

    def __del__(self) -> None:
        self.close()

    @property
    def class_names(self) -> Mapping[int, str]:
        """Class id -> name, as the detector has them; empty where classes are unknown."""
        return self._opened().stages.detector.class_names

    @property
    def counts(self) -> Mapping[str, int]:
        """How many tracks there have been so far, by the name of their class."""
        return self._opened().class_counts

    @property
    def events(self) -> Sequence[Event]:
        """What happened so far: objects appear, leave and return, cross lines, enter and exit zones.

        The last 10,000 of them. Those who are there until the end leave once
        the run is closed.
        """
        return list(self._opened().sinks.events)

    @property
    def stats(self) -> Mapping[str, Any]:
        """Frames, seconds, tracks, lines, zones and so on, as in the file of ``--stats``. Complete once all is over."""
        return self._opened().report()

    @property
    def warnings(self) -> Sequence[str]:
        """What a person should know, complete once all is over."""
        return list(self._opened().state.warnings)


def track(source: str | int | Path, **options: Any) -> TrackingRun:
    """Track the objects in a source: a run, to iterate over its frames with their tracks.

    source: a video file, camera number, URL, folder or glob of images, or MOTChallenge sequence folder.
    options: those of the command line, under the same names (see `Options`); no file is written unless one is named.
    Raises TypeError for an unknown option; the run raises InputError for anything that cannot be used.
    """
    known = [field.name for field in fields(Options)]
    for name in options.keys() - set(known):
        close = get_close_matches(name, known, 1)
        raise TypeError(f"track() has no option {name!r}{f'; did you mean {close[0]!r}?' if close else ''}")
    return TrackingRun(source, Options(**options))
