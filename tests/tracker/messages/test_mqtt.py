"""Messages by MQTT through a real broker, mosquitto, which is killed in between."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors.errors import InputError
from tests.conftest import ROOT
from tests.tracker.messages.http_server import wait_until
from tracker.messages import sender as sending
from tracker.messages.home_assistant import CountedThings, announcements
from tracker.messages.mqtt_address import MqttAddress, parse_mqtt
from tracker.messages.topics import Topics
from tracker.regions.activity import Activity
from tracker.regions.events import APPEAR, Event
from tracker.regions.regions import Regions
from tracker.run.messages import Messages
from tracker.run.options import Options
from tracker.sources.base import Source

pytest.importorskip("paho.mqtt", reason="paho-mqtt is not installed (extra: mqtt)")

from benchmarks.messages.broker import Broker, find_mosquitto
from benchmarks.messages.subscriber import Subscriber

NAMES = {0: "person", 1: "car"}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    if find_mosquitto() is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    (tmp_path / "broker").mkdir()
    with Broker(tmp_path / "broker") as broker:
        yield broker


@pytest.fixture
def subscriber(broker: Broker) -> Iterator[Subscriber]:
    with Subscriber(broker.port) as subscriber:
        yield subscriber


def opened(stack: ExitStack, address: str, folder: Path, regions: Regions | None = None) -> Callable[[int, int], None]:
    """What tells `count` events from frame `first` on, through the messages of a run."""
    messages = Messages(Options(mqtt=address, queue=folder / "queue"))
    messages.check()
    activity = Activity(regions or Regions(), NAMES)
    messages.open(stack, Source(iter(()), "front door", 640, 480, Fraction(25)), NAMES, activity)

    def tell(count: int, first: int) -> None:
        box = np.array([1.0, 2.0, 3.0, 4.0])
        messages.tell([Event(APPEAR, frame / 25, frame, 1, "person", box) for frame in range(first, first + count)])

    return tell


def test_events_counts_and_presence_come_to_their_topics(
    broker: Broker, subscriber: Subscriber, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        tell = opened(stack, f"127.0.0.1:{broker.port}/home/door", tmp_path)
        wait_until(lambda: subscriber.newest("home/door/availability") == b"online")
        tell(3, 1)
        wait_until(lambda: len(subscriber.frames) == 3)
    wait_until(lambda: subscriber.newest("home/door/availability") == b"offline")
    assert subscriber.frames == [1, 2, 3]
    counts = json.loads(subscriber.newest("home/door/counts") or b"")
    assert counts == {"connected": True, "present": {}, "lines": {}, "zones": {}}
    event = json.loads(next(payload for topic, payload, _ in subscriber.received if topic == "home/door/events"))
    assert event["event"] == "appear"
    assert event["source"] == "front door"
    assert not (tmp_path / "queue").exists()
    with Subscriber(broker.port, name="later") as later:
        wait_until(lambda: later.newest("home/door/counts") and later.newest("home/door/availability"))
    assert {topic for topic, _, _ in later.received if topic.startswith("home/")} == {
        "home/door/availability",
        "home/door/counts",
    }, "states are retained, events are not"
    assert all(retained for _, _, retained in later.received)


def test_nothing_is_lost_or_doubled_while_the_broker_is_killed(
    broker: Broker, subscriber: Subscriber, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        tell = opened(stack, f"127.0.0.1:{broker.port}/door", tmp_path)
        for part in range(2):
            tell(5, 10 * part + 1)
            wait_until(lambda part=part: len(subscriber.frames) >= 10 * part + 5)  # type: ignore[misc]
            broker.kill()
            tell(5, 10 * part + 6)
            broker.start()
        wait_until(lambda: len(subscriber.frames) == 20)
        wait_until(lambda: subscriber.newest("door/availability") == b"online")
    assert subscriber.frames == list(range(1, 21))


def test_the_broker_tells_of_a_run_that_was_killed(broker: Broker, subscriber: Subscriber, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.messages.event_source", str(tmp_path), "20"]
    command += ["--mqtt", f"127.0.0.1:{broker.port}/door"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as process:
        wait_until(lambda: subscriber.newest("door/availability") == b"online")
        process.send_signal(signal.SIGKILL)
    wait_until(lambda: subscriber.newest("door/availability") != b"online")
    assert subscriber.newest("door/availability") == b"offline"


def test_a_wrong_password_is_told_and_the_right_one_works(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = shutil.which("mosquitto_passwd")
    if find_mosquitto() is None or program is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    monkeypatch.setattr(sending, "TIMEOUT", 0.3)
    monkeypatch.setattr(sending, "FAREWELL", 0.3)
    users = tmp_path / "users"
    users.touch()
    subprocess.run([program, "-b", str(users), "me", "s3c@ret"], check=True)
    with Broker(tmp_path, users) as broker:
        for password in ("wr0ng", "s3c%40ret"):
            with ExitStack() as stack:
                tell = opened(stack, f"mqtt://me:{password}@127.0.0.1:{broker.port}/door", tmp_path)
                tell(1, 1)
                wait_until(lambda: "the broker refuses: " in caplog.text)
            assert (tmp_path / "queue" / "mqtt").exists() == (password == "wr0ng")
    assert "s3c" not in caplog.text
    assert "wr0ng" not in caplog.text


def test_home_assistant_is_told_of_each_number(broker: Broker, subscriber: Subscriber, tmp_path: Path) -> None:
    regions = Regions(
        lines={'the "door"': np.array([[0.0, 0], [1, 1]])}, zones={"hall": np.array([[0.0, 0], [9, 0], [9, 9]])}
    )
    with ExitStack() as stack:
        opened(stack, f"127.0.0.1:{broker.port}/home/door", tmp_path, regions)
        wait_until(lambda: subscriber.newest("home/door/availability") == b"online")
    told = [(topic, json.loads(payload)) for topic, payload, _ in subscriber.received if topic.startswith("homeas")]
    assert [payload["name"] for _, payload in told] == [
        *("connected", "objects", "person", "car"),
        *('the "door" in', 'the "door" out', "in hall"),
    ]
    assert len({payload["unique_id"] for _, payload in told}) == len({topic for topic, _ in told}) == len(told)
    counts = json.loads(subscriber.newest("home/door/counts") or b"")
    counts["present"] = {"person": 2}
    values = [evaluate(payload["value_template"], counts) for _, payload in told]
    assert values == ["ON", "2", "2", "0", "0", "0", "0"]
    for topic, payload in told:
        assert topic.split("/")[2].isascii()
        assert payload["state_topic"] == "home/door/counts"
        assert payload["availability_topic"] == "home/door/availability"
        assert payload["device"]["identifiers"] == [told[0][1]["device"]["identifiers"][0]]


def evaluate(template: str, counts: dict[str, Any]) -> str:
    """What Home Assistant makes of a template: Jinja's."""
    jinja2 = pytest.importorskip("jinja2")
    return str(jinja2.Environment().from_string(template).render(value_json=counts))


def test_a_detector_of_many_classes_has_one_sensor() -> None:
    counted = CountedThings(tuple(f"class {number}" for number in range(80)), (), ())
    topics = [topic for topic, _ in announcements("camera", Topics("a b/c"), counted)]
    assert topics == [
        "homeassistant/binary_sensor/keeptrack_a_20b_2fc_connected/config",
        "homeassistant/sensor/keeptrack_a_20b_2fc_objects/config",
    ]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("broker/door", MqttAddress("broker", 1883, "door")),
        ("10.0.0.1:1884/home/front door/", MqttAddress("10.0.0.1", 1884, "home/front door")),
        ("mqtts://me:p%40ss@[::1]/a", MqttAddress("::1", 8883, "a", "me", "p@ss", True)),
    ],
)
def test_addresses(text: str, address: MqttAddress) -> None:
    assert parse_mqtt(text) == address
    assert "p@ss" not in address.shown


@pytest.mark.parametrize(
    "text", ["s3cret", "host/", "/s3cret", "http://host/s3cret", "host/a/+", "host/a//b", "host:99999/s3cret", ""]
)
def test_what_is_no_address_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(InputError, match=r"^--mqtt: ") as error:
        parse_mqtt(text)
    assert "s3cret" not in str(error.value)
