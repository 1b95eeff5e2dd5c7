"""What Home Assistant is told so that it shows the counts by itself: MQTT discovery.

Each sensor is announced at ``homeassistant/PLATFORM/ID/config``, retained:
https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tracker.messages.topics import Topics

PREFIX = "homeassistant"
MOST_CLASSES = 10  # of which each has a sensor of its own; a detector that knows more has only the one of all


class CountedThings(NamedTuple):
    """What a run counts: the names of classes, lines and zones."""

    classes: tuple[str, ...]
    lines: tuple[str, ...]
    zones: tuple[str, ...]


def announcements(source: str, topics: Topics, counted: CountedThings) -> Iterator[tuple[str, bytes]]:
    """Topic and payload of each sensor. source: its name, which becomes the device's."""
    device_id = f"keeptrack_{_identifier(topics.base)}"
    shared = {
        "availability_topic": topics.availability,
        "device": {"identifiers": [device_id], "name": source, "manufacturer": "keeptrack"},
        "origin": {"name": "keeptrack"},
    }
    for platform, name, settings in _sensors(topics.counts, counted):
        unique = f"{device_id}_{_identifier(name)}"
        payload = {"name": name, "unique_id": unique, **settings, **shared}
        yield f"{PREFIX}/{platform}/{unique}/config", json.dumps(payload, ensure_ascii=False).encode()


def _sensors(topic: str, counted: CountedThings) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Platform, name and settings of each sensor."""
    connected = {"state_topic": topic, "value_template": "{{ 'ON' if value_json.connected else 'OFF' }}"}
    yield "binary_sensor", "connected", {**connected, "device_class": "connectivity", "entity_category": "diagnostic"}
    yield "sensor", "objects", _number(topic, ("present",), "| sum", "measurement", values=True)
    for name in counted.classes if len(counted.classes) <= MOST_CLASSES else ():
        yield "sensor", name, _number(topic, ("present", name), "| default(0)", "measurement")
    for name in counted.lines:
        for direction in ("in", "out"):
            way = ("lines", name, direction)
            yield "sensor", f"{name} {direction}", _number(topic, way, "", "total_increasing")
    for name in counted.zones:
        yield "sensor", f"in {name}", _number(topic, ("zones", name, "inside"), "", "measurement")


def _number(topic: str, path: Iterable[str], how: str, state_class: str, values: bool = False) -> dict[str, Any]:
    """The settings of a sensor whose value stands at a place of the JSON at `topic`."""
    keys = "".join(f"[{json.dumps(key, ensure_ascii=False)}]" for key in path)
    template = "{{ " + f"value_json{keys}{'.values()' if values else ''} {how}".strip() + " }}"
    return {"state_topic": topic, "value_template": template, "state_class": state_class}


def _identifier(text: str) -> str:
    """An id of plain characters, another one for each text."""
    return re.sub(r"[^a-zA-Z0-9-]", lambda found: f"_{ord(found[0]):x}", text)
