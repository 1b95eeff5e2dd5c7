"""The display of a quiet run, which shows nothing: the command line itself prints warnings and errors."""

from __future__ import annotations

from tracker.run.run import Run


class QuietDisplay:
    """Is called as a run goes on, and shows nothing. Other displays show something at some of these moments."""

    def start(self, run: Run) -> None:
        """The run is about to begin."""

    def advance(self, run: Run) -> None:
        """Another frame is done."""

    def stop(self) -> None:
        """The run is over, also after an error."""

    def summary(self, run: Run, ended: str = "done") -> None:
        """The run has results to show. ended: how, "done", "interrupted" or "failed"."""
