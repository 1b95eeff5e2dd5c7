"""What a message says: one event as JSON, with an id by which a receiver knows it when it comes twice."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import datetime

from tracker.regions.events import Event

MESSAGE_ID = "message_id"  # "id" is the object's


class EventMessages:
    """Makes messages: ``{"message_id", "source", "time", "at", "frame", "event", "id", ...}``, as in ``--events``.

    source: its name. time_of_day: tells it, with its zone, of a time in a live source, for "at"; None where it is not
    known. An id is the run's and a number from 1 on: no two messages share one, and a gap shows.
    """

    def __init__(self, source: str, time_of_day: Callable[[float], datetime] | None = None) -> None:
        self._source, self._time_of_day = source, time_of_day
        self._run, self._count = secrets.token_hex(8), 0

    def encode(self, event: Event) -> bytes:
        """The message about an event: one line of JSON, without its end."""
        self._count += 1
        found = {MESSAGE_ID: f"{self._run}-{self._count}", "source": self._source, **event.as_json()}
        if self._time_of_day is not None:
            found["at"] = self._time_of_day(event.time).isoformat(timespec="milliseconds")
        return json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")


def id_of(message: bytes) -> str:
    """The id of a message. Raises ValueError for what is none, as half a line after a power cut."""
    found = json.loads(message)
    if not isinstance(found, dict) or not isinstance(found.get(MESSAGE_ID), str):
        raise ValueError("a message without an id")
    return str(found[MESSAGE_ID])
