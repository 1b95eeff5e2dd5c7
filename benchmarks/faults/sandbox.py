"""The folder in which a case runs: made anew for each, and compared with what was there before."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

INPUTS, OUTPUTS, ELSEWHERE = "in", "out", "elsewhere"
BYSTANDER = "belongs to somebody else\n"


class Changes(NamedTuple):
    """outside: files made or changed where a case has no business. lost: what was there and is not there any more."""

    outside: list[str]
    lost: list[str]


class Sandbox:
    """Holds a case's folder, ``case``, and its template. Beside them, things that belong to somebody else."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.case, self._template = self.root / "case", self.root / "template"
        self._before: dict[str, str] = {}
        (self.root / ELSEWHERE).mkdir(parents=True)
        (self.root / ELSEWHERE / "file.txt").write_text(BYSTANDER)
        self.case.mkdir()

    def keep(self) -> None:
        """What is in the case's folder now is what each case begins with."""
        (self.case / OUTPUTS).mkdir(exist_ok=True)
        (self.case / OUTPUTS / "bystander.txt").write_text(BYSTANDER)
        shutil.rmtree(self._template, ignore_errors=True)
        os.rename(self.case, self._template)

    def restore(self) -> None:
        """The case's folder as it was kept, with the same times."""
        shutil.rmtree(self.case, ignore_errors=True)
        shutil.copytree(self._template, self.case, symlinks=True)

    def note(self) -> None:
        """Take down what there is, after the mutation."""
        self._before = self._contents()

    def changes(self, may_change: Sequence[str]) -> Changes:
        """What is different now. may_change: patterns of files, below the case's folder, that may be replaced.

        A file whose content is found elsewhere among the outputs is moved, not lost.
        """
        after = self._contents()
        contents, outputs = set(after.values()), f"case/{OUTPUTS}/"
        outside = [name for name in after if name not in self._before and not name.startswith(outputs)]
        lost: list[str] = []
        for name, content in self._before.items():
            if after.get(name) == content:
                continue
            inside = name.startswith(outputs)
            if any(fnmatch(name, f"case/{each}") for each in may_change) or (inside and content in contents):
                continue
            (lost if inside else outside).append(name)
        return Changes(outside, lost)

    def drafts(self) -> list[str]:
        """Hidden files that nobody needs any more."""
        places = (self.case / OUTPUTS).rglob(".*.part*")
        return [str(place.relative_to(self.case)) for place in places]

    def _contents(self) -> dict[str, str]:
        """A hash of each file, by its name below the root; not of the template."""
        found = {}
        for folder, folders, files in os.walk(self.root):
            if Path(folder) == self.root:
                folders.remove(self._template.name)
            for name in files:
                path = os.path.join(folder, name)
                found[os.path.relpath(path, self.root)] = _digest(path)
        return found


def _digest(path: str) -> str:
    if os.path.islink(path):
        return f"link to {os.readlink(path)}"
    try:
        with open(path, "rb") as file:
            return hashlib.md5(file.read(), usedforsecurity=False).hexdigest()
    except OSError as error:  # the system does not let us: a fault of its own
        return str(error)
