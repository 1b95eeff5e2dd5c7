"""The unit of work: one video, what is to be made of it, and what became of it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from detectors.errors import InputError
from tracker.offline.pieces import Piece
from tracker.run.options import Options

RESULTS = 2  # grows when the same options lead to other files, so that all is made anew
HOW = ("name", "out", "pieces", "piece")  # where and in which steps it is made, but not what
MODELS = ("detector", "appearance", "detections", "camera_motion", "regions")  # options that may name a file

WORDS = ("auto", "none", "sliding", "motion", "yolo")  # what they say otherwise

State = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True)
class Job:
    """One video, or a step on the way to its results, and all that decides what is made of it.

    It can be sent to another process or machine. A long video has `pieces`: then, each of them is a job, with its
    number `piece`, and one without puts together what they have found.

    source: as on the command line, absolute where it is a path. name: of its folder of results. options: fields of
    `Options` that are not at their defaults. formats: names. keyframes: as on the command line. video, crops: whether
    the annotated video and a picture of each object are written, too. out: folder of the batch.
    """

    source: str
    name: str
    options: Mapping[str, Any]
    formats: tuple[str, ...]
    keyframes: str
    video: bool
    crops: bool
    out: str
    pieces: tuple[Piece, ...] = ()
    piece: int | None = None

    @property
    def title(self) -> str:
        """What to call it."""
        return self.name if self.piece is None else f"{self.name} piece {self.piece + 1} of {len(self.pieces)}"

    @property
    def folder(self) -> Path:
        """Where the results are once they are complete."""
        return Path(self.out) / self.name

    def run_options(self, video: Path | None) -> Options:
        """The options of the run. video: the annotated one, if there shall be one."""
        output = "none" if video is None else video
        return Options(**{"offline": True, **self.options, "output": output})

    def fingerprint(self) -> str:
        """A hash of all that decides what comes out: options, and size and time of each file that is read.

        Raises InputError for a source that is not there.
        """
        return self._hash({key: value for key, value in asdict(self).items() if key not in HOW})

    def piece_fingerprint(self) -> str:
        """The same of what is found in its piece, whatever is then made of that."""
        assert self.piece is not None
        piece = asdict(self.pieces[self.piece])
        return self._hash({"source": self.source, "options": self.options, "piece": piece})

    def _hash(self, told: Mapping[str, Any]) -> str:
        read = {name: _state_of(str(self.options[name])) for name in MODELS if name in self.options}
        source = _state_of(self.source)
        if source is None and "://" not in self.source:
            raise InputError(self.source, "no such file or folder", "check the path")
        text = json.dumps([RESULTS, told, source, read], sort_keys=True, default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What became of a job. reason: why it failed. seconds: that it took. warnings: what the user should know.

    full: whether it failed because nothing more can be written, which no other job would survive either. length:
    seconds of the video, of whoever has only looked for that.
    """

    state: State
    reason: str = ""
    frames: int = 0
    tracks: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    full: bool = False
    length: float | None = None


def with_whole_paths(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with each file by its whole path, so that they mean the same wherever the job is done."""
    files = {name: str(options[name]) for name in MODELS if options.get(name) is not None}
    whole = {name: os.path.abspath(file) for name, file in files.items() if file not in WORDS and os.path.exists(file)}
    return {**options, **whole}


def _state_of(name: str) -> list[Any] | None:
    """Size and time of a file, or of all files in a folder; None for what is neither."""
    try:
        path = Path(name)
        if path.is_dir():
            files = (each for each in sorted(path.rglob("*")) if each.is_file())
            return [[str(each.relative_to(path)), *_stamp(each)] for each in files]
        return _stamp(path) if path.exists() else None
    except OSError:
        return None


def _stamp(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]
