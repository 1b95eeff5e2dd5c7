"""One source of several: tracked in a thread of its own, and begun again when it fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from detectors.errors import InputError, unexpected
from tracker.multi_source.sources_file import NamedSource
from tracker.run.options import Options
from tracker.run.run import Run
from tracker.run.viewers import Viewers
from tracker.sources import is_live
from tracker.sources.backoff import reconnect_delay

DONE, FAILED, STOPPED = "done", "failed", "stopped"
LASTED = 60.0  # seconds after which a run counts as one that worked, and the next failure as the first


class Observer(Protocol):
    """Is told what becomes of the sources, in their threads."""

    def started(self, name: str, run: Run) -> None:
        """A source is open and about to begin."""
        ...

    def advanced(self, name: str, run: Run) -> None:
        """Another frame of it is done, or none has come for a moment."""
        ...

    def ended(self, name: str, run: Run, how: str) -> None:
        """It is over. how: "done" or "stopped"."""
        ...

    def failed(self, name: str, error: InputError, again: bool) -> None:
        """It has failed. again: whether it will be begun again."""
        ...


class SourceThread:
    """A source in a thread. outcome: "done", "failed" or "stopped" once it is over, "" before.

    options: with shared models. make_viewers: makes whoever watches one run.
    """

    def __init__(
        self, named: NamedSource, options: Options, make_viewers: Callable[[Options], Viewers], observer: Observer
    ) -> None:
        self.name, self.outcome = named.name, ""
        self._named, self._options, self._make_viewers, self._observer = named, options, make_viewers, observer
        self._stopping = threading.Event()
        self._run: Run | None = None
        self._thread = threading.Thread(target=self._work, name=f"tracking {named.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end: its files are closed then."""
        self._stopping.set()
        run = self._run
        live = getattr(getattr(run, "source", None), "live", None)
        if live is not None:
            live.stop.set()

    def join(self, timeout: float) -> None:
        """Wait for its end."""
        self._thread.join(timeout)

    def _work(self) -> None:
        failing_since: float | None = None
        while not self.outcome:
            began = time.monotonic()
            try:
                self.outcome = self._track()
            except Exception as error:  # one source's error, whatever it is, is not the others'
                now = time.monotonic()
                if failing_since is None or now - began > LASTED:
                    failing_since = now
                if self._stopping.is_set():
                    self.outcome = STOPPED
                    return
                again = self._begins_again
                told = error if isinstance(error, InputError) else unexpected(error)
                self._observer.failed(self.name, told, again)
                if not again:
                    self.outcome = FAILED
                elif self._stopping.wait(reconnect_delay(now - failing_since)):
                    self.outcome = STOPPED

    def _track(self) -> str:
        """One run, from opening to its end."""
        run = self._run = Run(self._named.source, self._options, False, self._make_viewers(self._options))
        run.callbacks.idle = lambda: self._observer.advanced(self.name, run)
        with run:
            self._observer.started(self.name, run)
            for _ in run.look_ahead():
                if self._stopping.is_set():
                    return STOPPED
            for _ in run:
                self._observer.advanced(self.name, run)
                if self._stopping.is_set():
                    break
        how = STOPPED if self._stopping.is_set() else DONE
        self._observer.ended(self.name, run, how)
        return how

    @property
    def _begins_again(self) -> bool:
        return is_live(self._named.source) and self._options.reconnect is not False
