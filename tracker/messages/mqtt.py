"""Messages by MQTT: events at least once (QoS 1), the newest counts, and whether the run is there."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from tracker.messages.delivery import DeliveryError
from tracker.messages.mqtt_address import MqttAddress
from tracker.messages.topics import Topics

AT_LEAST_ONCE = 1  # quality of service
KEEPALIVE = 30  # seconds; after half as many again without a sign, the broker says that the run is gone
FASTEST, SLOWEST = 1, 30  # seconds between attempts to connect
CONNECT_TIMEOUT = 3.0  # seconds
ONLINE, OFFLINE = "online", "offline"
GOODBYE = 1.0  # seconds for the last word
REASONS = {"Not authorized": "wrong or missing user or password", "Bad user name or password": "wrong password"}


class Mqtt:
    """A connection to a broker, which is opened again whenever it is lost.

    counts: tells the counts of this moment as JSON. announcements: topics and payloads that are published, retained,
    with each connection.
    """

    def __init__(
        self, address: MqttAddress, counts: Callable[[], bytes], announcements: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        self.shown, self._topics = f"mqtt://{address.shown}", Topics(address.topic)
        self._address, self._counts, self._announcements = address, counts, announcements
        self._connected = threading.Event()
        self._why = "the broker cannot be reached"
        self._acknowledged = queue.SimpleQueue[int]()
        self._sent: int | None = None  # the number of the message that waits for its acknowledgement
        self._told = b""  # the counts that the broker has
        self._client = self._make_client()

    def open(self) -> None:
        """Connect, in a thread of its own."""
        self._client.connect_async(self._address.host, self._address.port, KEEPALIVE)
        self._client.loop_start()

    def deliver(self, message: bytes, timeout: float) -> None:
        """Publish an event. Raises DeliveryError; given again, the message is not published twice, but waited for."""
        until = time.monotonic() + timeout
        if self._sent is None:
            if not self._connected.wait(timeout):
                raise DeliveryError(self._why)
            self._sent = self._client.publish(self._topics.events, message, AT_LEAST_ONCE).mid
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                if self._acknowledged.get(timeout=left) == self._sent:
                    self._sent = None
                    return
        raise DeliveryError(self._why if not self._connected.is_set() else f"no answer for {timeout:g} seconds")

    def refresh(self) -> None:
        """Publish the counts if they have changed."""
        counts = self._counts()
        if counts != self._told and self._connected.is_set():
            self._told = counts
            self._client.publish(self._topics.counts, counts, AT_LEAST_ONCE, retain=True)

    def close(self) -> None:
        """Tell the last counts and that the run is over, and disconnect."""
        if self._connected.is_set():
            self.refresh()
            last = self._client.publish(self._topics.availability, OFFLINE, AT_LEAST_ONCE, retain=True)
            with contextlib.suppress(RuntimeError, ValueError):
                last.wait_for_publish(GOODBYE)
        self._client.disconnect()
        self._client.loop_stop()

    def _make_client(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2)  # the name is left to the broker: two of one name fight
        client.will_set(self._topics.availability, OFFLINE, AT_LEAST_ONCE, retain=True)
        client.reconnect_delay_set(FASTEST, SLOWEST)
        client.connect_timeout = CONNECT_TIMEOUT
        if self._address.user:
            client.username_pw_set(self._address.user, self._address.password or None)
        if self._address.secure:
            client.tls_set()
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_publish = self._on_publish
        return client

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if code.is_failure:
            self._why = f"the broker refuses: {REASONS.get(str(code), str(code))}"
            return
        for topic, payload in self._announcements:
            client.publish(topic, payload, AT_LEAST_ONCE, retain=True)
        self._told = self._counts()
        client.publish(self._topics.counts, self._told, AT_LEAST_ONCE, retain=True)
        client.publish(self._topics.availability, ONLINE, AT_LEAST_ONCE, retain=True)
        self._connected.set()

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if self._connected.is_set():
            self._why = "the broker is gone"
        self._connected.clear()

    def _on_publish(
        self, _client: Client, _data: Any, number: int, _code: ReasonCode, _properties: Properties | None
    ) -> None:
        self._acknowledged.put(number)
