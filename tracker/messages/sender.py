"""Sends the messages of an outbox in a thread of its own: the run waits for no network."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from types import TracebackType

from tracker.messages.delivery import Channel, DeliveryError
from tracker.messages.event_messages import id_of
from tracker.messages.outbox import Outbox, Stored
from tracker.sources.backoff import reconnect_delay
from tracker.sources.rate_limited_log import RateLimitedLog

TIMEOUT = 10.0  # seconds that an attempt may take
FAREWELL = 3.0  # seconds for what is left when the run is over; the rest waits for the next run
LEFT_BEHIND = 5.0  # seconds more, after which a thread that hangs is left behind
IDLE = 1.0  # seconds
REFUSED = "refused.jsonl"


class Sender:
    """Sends while it is entered. A message leaves the outbox once it has been delivered, in order, one at a time.

    A message that the receiver refuses for good is written to ``refused.jsonl`` beside the outbox. warnings: what the
    user should know, once it is left.
    """

    def __init__(self, outbox: Outbox, channel: Channel) -> None:
        self.warnings: list[str] = []
        self._outbox, self._channel = outbox, channel
        self._log = RateLimitedLog(channel.shown)
        self._appended = queue.SimpleQueue[None]()  # one C call, which an interruption cannot leave half done
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sending", daemon=True)

    def __enter__(self) -> Sender:
        self._thread.start()
        return self

    def append(self, message: bytes) -> None:
        """Take a message over. Raises InputError when it cannot be kept on disk."""
        self._outbox.append(message)
        self._appended.put(None)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        self._appended.put(None)
        self._thread.join(FAREWELL + LEFT_BEHIND)
        folder, shown = self._outbox.folder, self._channel.shown
        if waiting := self._outbox.waiting():
            self.warnings.append(f"{shown}: {waiting} messages wait in {folder}; the next run sends them")
        if self._outbox.dropped:
            self.warnings.append(f"{shown}: {self._outbox.dropped} messages were dropped: too many waited in {folder}")
        if not self._thread.is_alive():
            self._outbox.close()

    def _work(self) -> None:
        try:
            self._channel.open()
            while (stored := self._next()) is not None and self._deliver(stored):
                self._outbox.delivered(stored)
            self._channel.close()
        except Exception as error:  # the run goes on without
            self._log.warn(f"no more messages are sent: {error}")

    def _next(self) -> Stored | None:
        """Wait for a message; None once there will be none."""
        while (stored := self._outbox.take()) is None:
            if self._closing.is_set():
                return None
            self._channel.refresh()
            with contextlib.suppress(queue.Empty):
                self._appended.get(timeout=IDLE)
        return stored

    def _deliver(self, stored: Stored) -> bool:
        """Try until it is done with; False when the run is over before that."""
        failed_at: float | None = None
        while True:
            closing = self._closing.is_set()
            try:
                self._channel.deliver(stored.message, FAREWELL if closing else TIMEOUT)
            except DeliveryError as error:
                if error.final:
                    self._keep_refused(stored.message, error)
                    return True
                if closing:
                    return False
                if failed_at is None:
                    failed_at = time.monotonic()
                    self._log.warn(f"{error.why}; trying again, messages wait in {self._outbox.folder}")
                self._closing.wait(max(error.wait, reconnect_delay(time.monotonic() - failed_at)))
                continue
            if failed_at is not None:
                self._log.warn(f"back after {time.monotonic() - failed_at:.1f} s")
            return True

    def _keep_refused(self, message: bytes, error: DeliveryError) -> None:
        path = self._outbox.folder.parent / REFUSED
        with open(path, "ab") as file:
            file.write(message + b"\n")
        with contextlib.suppress(ValueError):
            self._log.warn(f"{error.why}: message {id_of(message)} is kept in {path} and not sent again")
