"""A job: one video or a piece of it, what is to be made of it, and its outcome."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from detectors.errors import InputError
from tracker.offline.pieces import Piece
from tracker.run.options import Options

RESULTS_VERSION = 2  # grows when the same options give other files, so that all are made again
NOT_HASHED = ("name", "out", "pieces", "piece")  # where and in which steps results are made, which does not change them
FILE_OPTIONS = (
    "detector",
    "names",
    "appearance",
    "detections",
    "camera_motion",
    "regions",
)  # options that may name a file
KEYWORDS = ("auto", "none", "sliding", "motion", "yolo", "coco")  # values of these options that name no file

JobState = Literal["waiting", "running", "done", "failed"]

OnProgress = Callable[[str, int, int | None], None]
"""Called with what is being done, the frames so far, and the frames in all, None if unknown."""


@dataclass(frozen=True)
class Job:
    """One video, or a piece of it, and all that decides what is made of it.

    It can be sent to another process or machine. A long video has `pieces`: each of them is a job, with its number
    `piece`, and one more job, without a number, stitches their first passes.

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
        return self._hash({key: value for key, value in asdict(self).items() if key not in NOT_HASHED})

    def piece_fingerprint(self) -> str:
        """The same for the first pass over its piece, whatever is then made of that."""
        assert self.piece is not None
        piece = asdict(self.pieces[self.piece])
        return self._hash({"source": self.source, "options": self.options, "piece": piece})

    def _hash(self, told: Mapping[str, Any]) -> str:
        read = {name: _state_of(str(self.options[name])) for name in FILE_OPTIONS if name in self.options}
        source = _state_of(self.source)
        if source is None and "://" not in self.source:
            raise InputError(self.source, "no such file or folder", "check the path")
        text = json.dumps([RESULTS_VERSION, told, source, read], sort_keys=True, default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """How a job ended. reason: why it failed. seconds: that it took. warnings: what the user should know.

    full: whether it failed because the disk is full, so that other jobs would fail too. length: seconds of the video,
    where the job was only to measure that. boxes: what there is to correct: all of them, or the keyframes of formats
    that interpolate.
    """

    state: JobState
    reason: str = ""
    frames: int = 0
    tracks: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    full: bool = False
    length: float | None = None
    boxes: int = 0


def with_absolute_paths(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with absolute paths of files, so that they mean the same wherever the job runs."""
    files = {name: str(options[name]) for name in FILE_OPTIONS if options.get(name) is not None}
    absolute = {
        name: os.path.abspath(file) for name, file in files.items() if file not in KEYWORDS and os.path.exists(file)
    }
    return {**options, **absolute}


def _state_of(name: str) -> list[Any] | None:
    """Size and time of a file, or of all files in a folder; None for what is neither."""
    try:
        path = Path(name)
        if path.is_dir():
            hidden = (each for each in path.rglob("*") if not each.name.startswith("."))  # as of file managers
            files = (each for each in sorted(hidden) if each.is_file())
            return [[str(each.relative_to(path)), *_stamp(each)] for each in files]
        return _stamp(path) if path.exists() else None
    except OSError:
        return None


def _stamp(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]
