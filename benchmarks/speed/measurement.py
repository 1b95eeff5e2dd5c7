"""What a part of a benchmark gets (a setting) and returns (a measurement: tables and figures)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.speed.peer_process import PeerProcess

ROOT = Path(__file__).parents[2]  # of the repository; from there `python -m tracker` is this tracker


@dataclass(frozen=True)
class Setting:
    """What to measure with.

    clip: a video. model: an ONNX detector, None for the one inside the package. mot: folder of MOTChallenge sequences.
    peers: other trackers. rounds: of each comparison. smoke: do very little. folder: for files on the way. line: across
    the clip.
    """

    clip: Path
    folder: Path
    model: Path | None = None
    mot: Path | None = None
    peers: Sequence[PeerProcess] = ()
    rounds: int = 3
    smoke: bool = False
    line: str | None = None

    @property
    def yolo(self) -> Path | None:
        """The command of ultralytics, where one of the peers' Pythons has it."""
        beside = (peer.python.with_name("yolo") for peer in self.peers)
        return next((path for path in beside if path.is_file()), None)


@dataclass(frozen=True)
class ResultTable:
    """A table: rows of cells, the first of which is a name; note: what to know when reading it."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass
class Measurement:
    """tables: to print. figures: all that was measured, as JSON takes it. skipped: what was left out, and why.

    failed: whether something went wrong, rather than being left out.
    """

    tables: list[ResultTable] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    failed: bool = False


class SkippedError(Exception):
    """A part cannot be measured here; says why."""
