"""What a person sees of a quiet run: nothing but warnings and errors, which the command line prints itself."""

from __future__ import annotations

from tracker.run.run import Run


class Silence:
    """Is told of a run, and says nothing."""

    def start(self, run: Run) -> None:
        """It is about to begin."""

    def advance(self, run: Run) -> None:
        """It has done another frame."""

    def stop(self) -> None:
        """It is over, one way or the other."""

    def summary(self, run: Run) -> None:
        """It has results."""
