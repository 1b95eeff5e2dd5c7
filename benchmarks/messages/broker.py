"""A real MQTT broker, mosquitto, which keeps sessions and messages on disk and can be killed and started again."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType

from benchmarks.messages.ports import free_port, wait_for_port

PLACES = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")


def find_mosquitto() -> str | None:
    """The broker's program, None where it is not installed."""
    return shutil.which("mosquitto", path=os.pathsep.join((os.environ.get("PATH", ""), *PLACES)))


class Broker:
    """mosquitto at `port`, while it is entered. folder: for what it keeps. users: a file of passwords, or None."""

    def __init__(self, folder: Path, users: Path | None = None) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        who = f"allow_anonymous false\npassword_file {users}\n" if users else "allow_anonymous true\n"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\n{who}user root\npersistence true\npersistence_location {folder}/\n"
            "autosave_on_changes true\nautosave_interval 1\nmax_queued_messages 0\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        program = find_mosquitto()
        assert program is not None, "mosquitto is not installed"
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen([program, "-c", str(self._config)], stdout=quiet, stderr=quiet)
        wait_for_port(self.port)

    def kill(self) -> None:
        """Kill it, so that it cannot save anything."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Broker:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()
