"""Where messages go by MQTT: ``HOST[:PORT]/TOPIC``, with user and password and with TLS if need be."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from detectors.errors import InputError

PORTS = {"mqtt": 1883, "mqtts": 8883}
LONGEST_TOPIC = 200  # characters; the protocol allows more, and ours are added to it
FORM = "give HOST[:PORT]/TOPIC, or mqtt[s]://USER:PASSWORD@HOST[:PORT]/TOPIC"


class MqttAddress(NamedTuple):
    """A broker and the topic that all of ours begin with. user, password: "" for none. secure: whether with TLS."""

    host: str
    port: int
    topic: str
    user: str = ""
    password: str = ""
    secure: bool = False

    @property
    def shown(self) -> str:
        """The address for messages, without secrets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}/{self.topic}"


def parse_mqtt(text: str) -> MqttAddress:
    """What ``--mqtt`` says. Raises InputError, which does not show it, as it may hold a password."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "mqtt", text
    if scheme not in PORTS:
        raise InputError("--mqtt", "is no address of a broker", FORM)
    try:
        parts = urlsplit(f"//{rest}")
        host, port = parts.hostname, parts.port or PORTS[scheme]
    except ValueError:
        raise InputError("--mqtt", "is no address of a broker", FORM) from None
    topic = unquote(parts.path).strip("/")
    if not host or not topic or parts.query or parts.fragment:
        raise InputError("--mqtt", "has no host, or no topic" if not topic or not host else "has a ? or a #", FORM)
    if len(topic) > LONGEST_TOPIC or not topic.isprintable() or set("+#$") & set(topic) or "//" in topic:
        why = "its topic has +, #, $, an empty part or control characters, or is too long"
        raise InputError("--mqtt", why, "name a topic such as keeptrack/door")
    user, password = (unquote(part or "") for part in (parts.username, parts.password))
    return MqttAddress(host, port, topic, user, password, scheme == "mqtts")
