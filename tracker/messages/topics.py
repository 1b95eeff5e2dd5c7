"""The MQTT topics of a source."""

from __future__ import annotations

from typing import NamedTuple


class Topics(NamedTuple):
    """base: what they all begin with."""

    base: str

    @property
    def events(self) -> str:
        """A message for each event, as by webhook."""
        return f"{self.base}/events"

    @property
    def counts(self) -> str:
        """What is counted at present, retained."""
        return f"{self.base}/counts"

    @property
    def availability(self) -> str:
        """``online`` or ``offline``, retained; the broker says ``offline`` for a run that was killed (last will)."""
        return f"{self.base}/availability"
