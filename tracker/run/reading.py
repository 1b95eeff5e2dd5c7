"""The frames of a source on their way to the tracker: in a thread of their own, cuts marked, from start to end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack

from detectors.base import Frame
from detectors.errors import InputError
from tracker.motion.cuts import mark_cuts
from tracker.run.options import Options
from tracker.sources.base import Source
from tracker.sources.frame_dropping import LatestFrames
from tracker.sources.read_ahead import ReadAhead
from tracker.threads.stage_clock import StageClock


class NoFramesError(InputError):
    """The part of a source that is wanted has no frames."""


def read(source: Source, clock: StageClock, idle: Callable[[], None], opening: ExitStack) -> Iterator[Frame]:
    """The frames that are tracked: the newest of a live source, all of any other. The stack ends the reading.

    clock: is told of the time that it takes. idle: as for `LatestFrames`.
    """
    if not source.live:
        ahead = ReadAhead(mark_cuts(source.frames), clock=clock)
        opening.callback(ahead.close)
        return iter(ahead)
    newest = LatestFrames(source.frames, source.live, clock, idle)
    opening.callback(newest.close)
    newest.start()  # what comes while the models load is old by the time they have
    return mark_cuts(newest)  # between the frames that are looked at: a cut may fall on one that is left out


def part_of(frames: Iterable[Frame], options: Options) -> Iterator[Frame]:
    """The frames between `start` and `end`, at most `max_frames`."""
    count, span = 0, options.span
    for frame in frames:
        if frame.time < span.start - 1e-9:
            continue
        if span.end is not None and frame.time >= span.end - 1e-9:
            return
        yield frame
        count += 1
        if count == options.max_frames:
            return
