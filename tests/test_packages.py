"""What the packages say of themselves: one version, every dependency's licence."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tracker import __version__

ROOT = Path(__file__).parent.parent
FOR_TESTS = {"dev", "integrations", "docs", "all"}


def project() -> dict[str, object]:
    if sys.version_info < (3, 11):
        pytest.skip("tomllib came with Python 3.11")
    import tomllib  # type: ignore[import-not-found,unused-ignore]

    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    loaded: dict[str, object] = tomllib.loads(text)["project"]
    return loaded


def names(requirements: object) -> set[str]:
    assert isinstance(requirements, list)
    return {re.split(r"[\[<>=~!; ]", requirement)[0] for requirement in requirements}


def test_every_dependency_has_its_licence_listed() -> None:
    extras = project()["optional-dependencies"]
    assert isinstance(extras, dict)
    needed = names(project()["dependencies"]).union(*(names(extras[each]) for each in extras.keys() - FOR_TESTS))
    text = (ROOT / "LICENCES.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| ([a-z][\w-]+) \|[^|]*\| [^|]+ \|$", text, re.MULTILINE)) - {"package"}
    assert listed == needed


def test_the_version_is_the_same_everywhere() -> None:
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    changed = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert cited is not None
    assert changed is not None
    assert cited[1] == changed[1] == __version__
