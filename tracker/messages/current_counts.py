"""The counts of this moment, which the run's thread keeps up to date and another thread publishes."""

from __future__ import annotations

import json
from typing import Any

from tracker.regions.activity import Activity
from tracker.sources.live_status import LiveStatus


class CurrentCounts:
    """``{"connected", "present", "lines", "zones"}``. live: tells whether the source is connected; None for a file."""

    def __init__(self, activity: Activity, live: LiveStatus | None) -> None:
        self._activity, self._live = activity, live
        self._numbers: dict[str, Any] = {}
        self.update()

    def update(self) -> None:
        """Take the counts over. In the run's thread, which changes them; they change with events only."""
        activity = self._activity
        zones = {
            name: {key: zone[key] for key in ("inside", "entries")} for name, zone in activity.zone_counts().items()
        }
        self._numbers = {"present": activity.present_counts(), "lines": activity.line_counts(), "zones": zones}

    def encode(self) -> bytes:
        """As JSON. From any thread."""
        connected = self._live is None or self._live.connected
        return json.dumps({"connected": connected, **self._numbers}, ensure_ascii=False).encode("utf-8", "replace")
