"""Somebody who reads what comes to a broker, in a session that outlives lost connections."""

from __future__ import annotations

import json
import threading
from types import TracebackType
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tracker.messages.event_messages import MESSAGE_ID


class Subscriber:
    """Everything below a topic, while it is entered.

    received: topic, payload and whether it was retained, in order. frames: of events, each message once, as a
    receiver keeps them that remembers ids. repeated: events that came again.
    """

    def __init__(self, port: int, topic: str = "#", name: str = "keeptrack-test-subscriber") -> None:
        self.received: list[tuple[str, bytes, bool]] = []
        self.frames: list[int] = []
        self.repeated = 0
        self.subscribed = threading.Event()
        self._port, self._topic, self._seen = port, topic, set[str]()
        self._client = Client(CallbackAPIVersion.VERSION2, name, clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(topic, 1)
        self._client.on_subscribe = lambda *_: self.subscribed.set()
        self._client.on_message = self._take

    def __enter__(self) -> Subscriber:
        self._client.connect("127.0.0.1", self._port, 5)
        self._client.loop_start()
        assert self.subscribed.wait(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def newest(self, topic: str) -> bytes | None:
        """The last payload at a topic."""
        return next((payload for at, payload, _ in reversed(self.received) if at == topic), None)

    def _take(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self.received.append((message.topic, bytes(message.payload), bool(message.retain)))
        if message.topic.endswith("/events"):
            event = json.loads(message.payload)
            message_id = event[MESSAGE_ID]
            if message_id in self._seen:
                self.repeated += 1
                return
            self._seen.add(message_id)
            self.frames.append(event["frame"])
