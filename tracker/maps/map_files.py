"""The files of a run's maps: written at its end, however it ends, and every minute before."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol

import cv2

from detectors.base import Frame, Image
from tracker.association.tracks import Tracks
from tracker.maps.background import Background
from tracker.maps.journeys import Journey, Journeys
from tracker.maps.time_spans import TimeSpans
from tracker.writers.errors import write_error
from tracker.writers.exclusive import publish

PERIOD = 60.0  # seconds between two states of a file


class RunMap(Protocol):
    """A picture of the paths of all objects."""

    def add(self, journey: Journey) -> None:
        """Take in a path that is over."""
        ...

    def merge_spans(self) -> None:
        """The spans of time have become longer."""
        ...

    def draw(self, background: Image, going: Iterable[Journey]) -> Image:
        """The map so far."""
        ...


class MapFiles:
    """Draws the maps of a run into their files; closed with the context. A run without frames leaves none.

    new: the files must not exist. Raises InputError when one cannot be written.
    """

    def __init__(
        self,
        maps: Mapping[Path, RunMap],
        journeys: Journeys,
        background: Background,
        spans: TimeSpans,
        new: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._maps, self._journeys, self._background, self._spans = maps, journeys, background, spans
        self._new, self._clock = new, clock
        self._saved: float | None = None

    def write(self, frame: Frame, tracks: Tracks) -> None:
        """Take in a frame, before anything is drawn on its picture."""
        self._background.update(frame)
        if self._spans.reach(frame.time):
            for each in self._maps.values():
                each.merge_spans()
        for journey in self._journeys.update(frame, tracks):
            for each in self._maps.values():
                each.add(journey)
        if self._saved is None:
            self._saved = self._clock()
        elif self._clock() - self._saved >= PERIOD:
            self._save()

    def _save(self) -> None:
        for path, each in self._maps.items():
            write_png(path, each.draw(self._background.picture, self._journeys.going), self._new)
        self._saved, self._new = self._clock(), False

    def __enter__(self) -> MapFiles:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._saved is not None:
            self._save()


def write_png(path: Path, picture: Image, new: bool) -> None:
    """Put a picture in its place in one step. Raises InputError when that fails."""
    done, data = cv2.imencode(".png", picture)
    assert done
    draft = path.with_name(f".{path.name}.part")
    try:
        if path.exists() and not path.is_file():  # a device or a pipe
            path.write_bytes(data.tobytes())
            return
        draft.write_bytes(data.tobytes())
        publish(draft, path, new)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise write_error(path, error) from None
