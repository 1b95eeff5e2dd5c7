"""All sources of a process."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType

from tracker.multi_source.shared_models import SharedModels
from tracker.multi_source.source_thread import FAILED, Observer, SourceThread
from tracker.multi_source.sources_file import NamedSource
from tracker.run.options import Options
from tracker.run.viewers import Viewers

FAREWELL = 20.0  # seconds for all sources to close their files
POLL = 0.2  # seconds: a signal reaches the main thread between two waits


class Fleet:
    """The threads of all sources, while it is entered. Leaving stops them, and waits until their files are closed.

    make_viewers: makes whoever watches a run, for a source's name and the options of the run. Raises InputError for a
    model that is not there, before anything begins.
    """

    def __init__(
        self,
        sources: Sequence[NamedSource],
        make_viewers: Callable[[str, Options], Viewers],
        observer: Observer,
    ) -> None:
        models = SharedModels(len(sources))

        def viewers_of(name: str) -> Callable[[Options], Viewers]:
            return lambda options: make_viewers(name, options)

        self._threads = [
            SourceThread(each, models.share(each.options), viewers_of(each.name), observer) for each in sources
        ]

    def __enter__(self) -> Fleet:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for thread in self._threads:
            thread.stop()
        until = time.monotonic() + FAREWELL
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def wait(self) -> None:
        """Wait until all sources are over."""
        while not all(thread.outcome for thread in self._threads):
            time.sleep(POLL)

    @property
    def failed(self) -> list[str]:
        """The names of sources that have failed for good."""
        return [thread.name for thread in self._threads if thread.outcome == FAILED]
