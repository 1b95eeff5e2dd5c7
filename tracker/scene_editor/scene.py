"""A scene: what ``--regions`` and ``--calibrate`` read from one file, checked as they check it, and kept in it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from detectors.errors import InputError
from detectors.json_object import read_object
from tracker.ground_plane.calibration import Calibration
from tracker.ground_plane.calibration_file import NESTED, load_calibration
from tracker.regions.json_file import read_regions
from tracker.writers.errors import write_error

HOW = "choose another name with -o"


class Checked(NamedTuple):
    """What a scene says. error: the first thing that is wrong with it, "" for nothing. calibration: of its ground."""

    error: str = ""
    calibration: Calibration | None = None


class SceneFile:
    """The file of a scene. size: width and height of the picture that is drawn on. Raises InputError."""

    def __init__(self, path: Path, size: tuple[int, int]) -> None:
        self.path, self._size = path, size
        if not path.parent.is_dir():
            raise InputError(path, f"the folder {path.parent} does not exist", "create it, or choose another")

    def read(self) -> dict[str, Any]:
        """What the file says, {} where it is not there yet. Raises InputError where runs could not read it."""
        if not self.path.exists():
            return {}
        content = read_object(self.path, HOW)
        checked = self.check(content)
        if checked.error:
            raise InputError(self.path, f"cannot be gone on with: {checked.error}", HOW)
        return content

    def check(self, content: Mapping[str, Any]) -> Checked:
        """Whether runs could read a scene, by what they read it with."""
        with tempfile.TemporaryDirectory() as folder:
            draft = Path(folder) / "scene"
            draft.write_text(json.dumps(content), encoding="utf-8")
            try:
                read_regions(draft)
                found = load_calibration(draft, self._size) if NESTED in content else None
            except InputError as error:
                return Checked(str(error).replace(f"{draft}: ", ""))
        return Checked("", found)

    def save(self, content: Mapping[str, Any]) -> None:
        """Replace the file in one step. Raises InputError when that fails."""
        draft = self.path.with_name(f".{self.path.name}.part")
        try:
            draft.write_text(as_text(content), encoding="utf-8")
            os.replace(draft, self.path)
        except OSError as error:
            raise write_error(self.path, error) from None


def as_text(content: Mapping[str, Any]) -> str:
    """JSON for people: a shape a line."""
    return _indented(content, 0) + "\n"


def _indented(value: Any, depth: int) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if not value or not isinstance(value, (dict, list)) or (len(flat) < 110 - 2 * depth and depth > 1):
        return flat
    if isinstance(value, dict):
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {_indented(each, depth + 1)}" for key, each in value.items()]
    elif all(isinstance(each, (int, float)) for each in value):
        return flat
    else:
        parts = [_indented(each, depth + 1) for each in value]
    inner, outer = "  " * (depth + 1), "  " * depth
    first, last = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return f"{first}\n{inner}" + f",\n{inner}".join(parts) + f"\n{outer}{last}"
