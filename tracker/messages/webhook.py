"""Messages by HTTP: each is the body of a POST, which the receiver answers with any status from 200 to 299."""

from __future__ import annotations

import base64
import contextlib
import http.client
import ssl
import time
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from detectors.errors import InputError
from tracker.messages.delivery import DeliveryError
from tracker.messages.event_messages import id_of
from tracker.messages.signature import signature_headers
from tracker.sources.addresses import without_secrets

REFUSED = (400, 410, 413, 415, 422)
"""Statuses of a receiver that has understood and does not want that message; all others may be mended meanwhile."""
LONGEST_WAIT = 300.0  # seconds that a receiver may ask for
READ_ANSWER = 1 << 16  # bytes of an answer that are read, so that the connection can be used again


class WebhookAddress(NamedTuple):
    """Where messages are posted. path: with the query. login: ``user:password``, "" for none. shown: no secrets."""

    secure: bool
    host: str
    port: int | None
    path: str
    login: str
    shown: str


def parse_webhook(url: str) -> WebhookAddress:
    """What ``--webhook`` says. Raises InputError, which does not show it, as it may hold a secret."""
    form = "give http:// or https://, a host, and the path that takes messages"
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise InputError("--webhook", "is no address", form) from None
    if parts.scheme not in ("http", "https") or not host or not url.isprintable() or " " in url:
        raise InputError("--webhook", "is no http:// or https:// address", form)
    login = parts.netloc.rpartition("@")[0]
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise InputError("--webhook", "its path has characters that addresses do not have", "write them as %XX")
    return WebhookAddress(parts.scheme == "https", host, port, path, unquote(login), without_secrets(url))


class Webhook:
    """Posts messages. key: that signs them, None for no signature; see `tracker.messages.signature`.

    A message that was posted before has the same id in ``webhook-id``, in ``Idempotency-Key`` and in its body: whoever
    remembers the ids of the last minutes gets each exactly once.
    """

    def __init__(self, address: WebhookAddress, key: bytes | None = None) -> None:
        self.shown = address.shown
        self._address, self._key = address, key
        self._connection: http.client.HTTPConnection | None = None

    def open(self) -> None:
        """Nothing: the first message opens the connection."""

    def refresh(self) -> None:
        """Nothing: there are only messages."""

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def deliver(self, message: bytes, timeout: float) -> None:
        """Post a message. Raises DeliveryError."""
        try:
            headers = self._headers(message)
        except ValueError:
            raise DeliveryError("half a message, as a power cut leaves", final=True) from None
        used = self._connection is not None
        try:
            status, wait = self._post(message, headers, timeout)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if used and isinstance(error, (http.client.RemoteDisconnected, ConnectionError)):
                return self.deliver(message, timeout)  # the receiver had closed a connection that nobody used
            raise DeliveryError(reason_of(error, timeout)) from None
        if not 200 <= status < 300:
            raise DeliveryError(f"answers with status {status}", status in REFUSED, wait)
        return None

    def _post(self, message: bytes, headers: dict[str, str], timeout: float) -> tuple[int, float]:
        """The status of the answer, and the seconds that it asks to wait."""
        connection = self._connection = self._connection or self._connect()
        connection.timeout = timeout
        if connection.sock is not None:
            connection.sock.settimeout(timeout)
        connection.request("POST", self._address.path, message, headers)
        answer = connection.getresponse()
        if len(answer.read(READ_ANSWER)) == READ_ANSWER:
            self.close()
        with contextlib.suppress(ValueError):
            return answer.status, min(LONGEST_WAIT, max(0.0, float(answer.headers.get("Retry-After", 0))))
        return answer.status, 0.0  # a date, which few servers send

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._address.host, self._address.port
        if self._address.secure:
            return http.client.HTTPSConnection(host, port, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, port)

    def _headers(self, message: bytes) -> dict[str, str]:
        message_id = id_of(message)
        found = {"Content-Type": "application/json", "User-Agent": "keeptrack", "Idempotency-Key": message_id}
        if self._address.login:
            found["Authorization"] = f"Basic {base64.b64encode(self._address.login.encode()).decode()}"
        if self._key is None:
            return found | {"webhook-id": message_id}
        return found | signature_headers(self._key, message_id, int(time.time()), message)


def reason_of(error: Exception, timeout: float) -> str:
    """Why nothing was delivered, in words without the address."""
    if isinstance(error, TimeoutError):
        return f"no answer for {timeout:g} seconds"
    if isinstance(error, ConnectionRefusedError):
        return "refuses the connection"
    if isinstance(error, ssl.SSLError):
        return f"no secure connection: {error.reason or 'the certificate is not accepted'}"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be reached: {error.strerror}"
    return f"no answer that can be understood: {type(error).__name__}"
