"""Events while those who receive them are killed, again and again: how many are lost, how many come twice?

usage: python -m benchmarks.messages [--kills N] [--rate N] [--markdown] [--json PATH]

A process tells events as a run does, to a webhook and to an MQTT broker at once. Meanwhile the receivers are killed
(SIGKILL) at random moments, stay away for a while and are started again, and in another part so is the process itself.
The HTTP server writes down each message before it answers and knows by the ids which it has; the broker is mosquitto,
which keeps sessions on disk, and its subscriber knows by the ids, too. "Again on the way" is what they left out.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.messages.broker import Broker, find_mosquitto
from benchmarks.messages.ports import free_port, wait_for_port
from benchmarks.messages.subscriber import Subscriber
from benchmarks.speed.comparison import show
from benchmarks.speed.measurement import ROOT, Measurement, ResultTable
from benchmarks.tables import circumstances, print_circumstances
from tracker.writers.stats import write_stats

BETWEEN, AWAY = (0.5, 2.5), (0.2, 3.0)  # seconds that receivers are there, and that they are killed for
CATCH_UP = 60.0  # seconds for what waits, in the end


class Received(NamedTuple):
    """What one receiver has. frames: of its messages, each id once. repeated: messages that came again."""

    frames: list[int]
    repeated: int


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; the exit status is 0 if nothing was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10, metavar="N", help="of each (default: 10)")
    parser.add_argument("--rate", type=float, default=50.0, metavar="N", help="events a second (default: 50)")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures")
    arguments = parser.parse_args(argv)
    print_circumstances()
    if find_mosquitto() is None:
        print("error: mosquitto: not installed (apt-get install mosquitto)", file=sys.stderr)
        return 1
    found = measure(arguments.kills, arguments.rate)
    show("messages", found, arguments.markdown)
    if arguments.json:
        write_stats(arguments.json, {"circumstances": circumstances(), "parts": found.figures})
    return int(found.failed)


def measure(kills: int, rate: float) -> Measurement:
    """Kill the receivers, and then the sender, `kills` times each."""
    found = Measurement()
    rows = []
    for name, part in (("receivers", kill_receivers), ("the run itself", kill_sender)):
        with tempfile.TemporaryDirectory(prefix="keeptrack-messages-") as folder:
            told, received = part(Path(folder), kills, rate)
        for way, one in received.items():
            lost, doubled = len(set(told) - set(one.frames)), len(one.frames) - len(set(one.frames))
            slowest = f"{max(told.values()):.1f} ms"
            rows.append([name, way, str(len(told)), str(lost), str(doubled), str(one.repeated), slowest])
            found.figures[f"{name}, {way}"] = {"told": len(told), "lost": lost, "doubled": doubled}
            found.failed |= lost + doubled > 0
    headings = ["killed", "by", "events", "lost", "doubled", "again on the way", "slowest to tell"]
    title = f"Killed {kills} times, {rate:g} events a second"
    found.tables.append(ResultTable(title, headings, rows))
    return found


def kill_receivers(folder: Path, kills: int, rate: float) -> tuple[dict[int, float], dict[str, Received]]:
    """Events told -> milliseconds, and what came, while the server and the broker are killed in turn."""

    def disturb(places: Places) -> None:
        chance = random.Random(0)
        for _ in range(kills):
            time.sleep(chance.uniform(*BETWEEN))
            places.server.kill()
            places.server.wait()
            time.sleep(chance.uniform(*AWAY))
            places.server = places.start_server()
            time.sleep(chance.uniform(*BETWEEN))
            places.broker.kill()
            time.sleep(chance.uniform(*AWAY))
            places.broker.start()

    return run(folder, rate, disturb)


def kill_sender(folder: Path, kills: int, rate: float) -> tuple[dict[int, float], dict[str, Received]]:
    """The same while the process that tells them is killed; what it had not handed over was not told."""

    def disturb(places: Places) -> None:
        chance = random.Random(1)
        for _ in range(kills):
            time.sleep(chance.uniform(*BETWEEN))
            places.sender.kill()
            places.sender.wait()
            places.sender = places.start_sender()

    return run(folder, rate, disturb)


class Places:
    """The processes of one part."""

    def __init__(self, folder: Path, rate: float, broker: Broker) -> None:
        self.folder, self.broker = folder, broker
        self._rate, self._port = rate, free_port()
        self.server = self.start_server()
        self.sender = self.start_sender()

    def start_server(self) -> subprocess.Popen[bytes]:
        """The HTTP server, once it answers."""
        command = ["-m", "benchmarks.messages.http_receiver", str(self._port), str(self.folder / "received.txt")]
        process = subprocess.Popen([sys.executable, *command], cwd=ROOT)
        wait_for_port(self._port)
        return process

    def start_sender(self) -> subprocess.Popen[bytes]:
        """The process that tells events."""
        webhook, mqtt = f"http://127.0.0.1:{self._port}/events", f"127.0.0.1:{self.broker.port}/bench"
        command = ["-m", "benchmarks.messages.event_source", str(self.folder), str(self._rate)]
        command += ["--webhook", webhook, "--mqtt", mqtt]
        return subprocess.Popen([sys.executable, *command], cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE)


def run(folder: Path, rate: float, disturb: Callable[[Places], None]) -> tuple[dict[int, float], dict[str, Received]]:
    """Events told -> milliseconds that each took to tell, and what the server and the subscriber have in the end."""
    with ExitStack() as stack:
        broker = stack.enter_context(Broker(folder))
        subscriber = stack.enter_context(Subscriber(broker.port))
        places = Places(folder, rate, broker)
        try:
            disturb(places)
            finish(places, subscriber)
        finally:
            places.sender.kill()
            places.server.kill()
        told = dict(split_line(line) for line in (folder / "told.txt").read_text().splitlines())
        return told, {"webhook": received_by_server(folder), "MQTT": Received(subscriber.frames, subscriber.repeated)}


def finish(places: Places, subscriber: Subscriber) -> None:
    """End the sender in order, and start it once more if it has left anything waiting."""
    until = time.monotonic() + CATCH_UP
    while time.monotonic() < until:
        places.sender.communicate(b"\n")
        if not any((places.folder / "queue").rglob("*.jsonl")):
            break
        places.sender = places.start_sender()
    newest = -1
    while newest != len(subscriber.received):
        newest = len(subscriber.received)
        time.sleep(1.0)


def split_line(line: str) -> tuple[int, float]:
    """Frame and milliseconds of a line of told.txt."""
    frame, took = line.split()
    return int(frame), float(took)


def received_by_server(folder: Path) -> Received:
    """What the HTTP server has written down."""
    lines = [line.split() for line in (folder / "received.txt").read_text().splitlines()]
    new = [int(words[-1]) for words in lines if words[0] != "again"]
    return Received(new, len(lines) - len(new))


if __name__ == "__main__":
    sys.exit(main())
