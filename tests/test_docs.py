"""What the documents name is there: links, files and modules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = "tracker|training|detectors|benchmarks|tests|videos|docs"
FILE = re.compile(rf"(?<![\w/.])((?:{FOLDERS})/[\w./-]+\.(?:py|md|txt|png|jpg))")
PLACEHOLDER = re.compile(r"[A-Z]{3,}")

MODULE = re.compile(r"python -m ((?:benchmarks|training|tracker)(?:\.[a-z_]+)*)")
LINK = re.compile(r"\]\(([^)#\s]+)")


def documents() -> list[Path]:
    return [path for path in ROOT.rglob("*.md") if not {".venv", ".venv-test", ".pytest_cache"} & set(path.parts)]


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_files_and_modules_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    missing = [link for link in LINK.findall(text) if "://" not in link and not (document.parent / link).exists()]
    missing += [name for name in FILE.findall(text) if not (ROOT / name).exists() and not PLACEHOLDER.search(name)]
    for name in MODULE.findall(text):
        place = ROOT / name.replace(".", "/")
        missing += [] if place.with_suffix(".py").exists() or (place / "__main__.py").exists() else [name]
    assert missing == []
