"""Other trackers, each set of them in the Python that has it, asked in turn with ours."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from detectors import Detections, InputError
from detectors.base import Floats
from detectors.boxes import xyxy_to_tlwh

RUNNER = Path(__file__).with_name("peer_runner.py")
MOST_SECONDS = 20.0  # a tracker that has not come to the end by then is judged by the frames it has done
# No downloads, no installing of packages on the way.
QUIET = {"YOLO_AUTOINSTALL": "False", "YOLO_OFFLINE": "True"}


class PeerProcess:
    """The trackers that one Python has. Use it as a context manager.

    python: its path. folder: for settings that peers like to write. trackers: name -> package and version. missing:
    name -> why it cannot run there. Raises InputError when that Python cannot be run.
    """

    def __init__(self, python: Path, folder: Path) -> None:
        self.python = python
        try:
            self._process = subprocess.Popen(
                [python, "-I", RUNNER],  # isolated: our modules' names are not taken for a package's
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=peer_environment(folder),
            )
        except OSError as error:
            raise InputError(python, f"cannot be run: {error.strerror}", "--peers takes the path of a Python") from None
        try:
            told = self._read()
        except InputError:
            self.__exit__(None, None, None)
            raise
        self.trackers: dict[str, str] = told["trackers"]
        self.missing: dict[str, str] = told["missing"]

    def milliseconds(self, tracker: str, detections: Path) -> float:
        """Mean milliseconds of an update over the detections that `save_detections` has written."""
        return float(self._ask(tracker=tracker, detections=str(detections), seconds=MOST_SECONDS)["milliseconds"])

    def tracks(self, tracker: str, detections: Path, frame_rate: float) -> Floats:
        """Rows frame, id, x, y, w, h ``(K, 6)`` of a tracker over the detections that `save_detections` has written."""
        target = detections.with_suffix(".npy")
        self._ask(tracker=tracker, detections=str(detections), frame_rate=frame_rate, tracks=str(target))
        rows = np.load(target)
        return np.column_stack([rows[:, :2], xyxy_to_tlwh(rows[:, 2:])])

    def _ask(self, **asked: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise InputError(self.python, f"{RUNNER.name} has failed there", "it needs benchmarks/speed/peers.txt")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> PeerProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()  # no more questions: it ends
        if kind is not None:
            self._process.kill()
        self._process.wait()


def peer_environment(folder: Path) -> dict[str, str]:
    """Environment variables for peers: as they are, but nothing is downloaded, and settings stay in `folder`."""
    return os.environ | QUIET | {"YOLO_CONFIG_DIR": str(folder)}


def save_detections(path: Path, scene: Sequence[Detections]) -> Path:
    """Write the detections of a scene as `peer_runner` reads them; returns the path."""
    bounds = np.cumsum([0, *map(len, scene)])
    boxes, scores = (np.concatenate([getattr(one, name) for one in scene]) for name in ("boxes", "scores"))
    np.savez(path, boxes=boxes, scores=scores, bounds=bounds)
    return path
