"""The documentation site builds without a dead link, and loads nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOADED = re.compile(r"<(?:script|img|iframe|source|video)\b[^>]*\bsrc=\"?([^\"\s>]+)|<link\b[^>]*\bhref=\"?([^\"\s>]+)")
FOREIGN_STYLE = re.compile(r"(?:url\(|@import )[\"']?(https?://[^\"')]+)")


def build(arguments: list[str | Path], folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    for library in ("mkdocs", "material", "mkdocstrings"):
        pytest.importorskip(library)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", *map(str, arguments)]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, check=False, cwd=folder, env=quiet, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(["--site-dir", folder])
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_in_the_navigation() -> None:
    listed = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert pages - set(re.findall(r"[\w./-]+\.md", listed)) == set(), "add them to nav in mkdocs.yml"


def test_there_are_no_dead_links(site: Path) -> None:
    assert (site / "index.html").exists()


def test_files_outside_of_docs_are_pages(site: Path) -> None:
    results = (site / "repository/benchmarks/RESULTS.html").read_text(encoding="utf-8")
    assert 'src="../../speed.png"' in results
    assert "repository/benchmarks/RESULTS.html#accuracy" in (site / "measured.html").read_text(encoding="utf-8")


def test_the_reference_describes_what_programs_import(site: Path) -> None:
    text = (site / "reference.html").read_text(encoding="utf-8")
    for name in ("track", "Tracker", "Tracks", "Preset", "PRESETS", "Detections", "Frame", "InputError"):
        assert f"keeptrack.{name}" in text
    assert "<li><code>scores</code>: " in text, "docstrings became lists"


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages, styles = list(site.rglob("*.html")), list(site.rglob("*.css"))
    assert pages
    assert styles
    loaded = [name for page in pages for pair in LOADED.findall(page.read_text(encoding="utf-8")) for name in pair]
    assert [name for name in loaded if name.startswith(("http", "//"))] == []
    assert [name for page in styles for name in FOREIGN_STYLE.findall(page.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("link", ["gone.md", "index.md#gone", "../benchmarks/GONE.md"])
def test_a_dead_link_fails(link: str, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text(f"# Page\n\n[there]({link})\n")
    hook = ROOT / "docs/site/repository_files.py"
    rules = "validation: {links: {not_found: warn, anchors: warn}}"
    (tmp_path / "mkdocs.yml").write_text(f"site_name: small\nhooks: ['{hook}']\n{rules}\n")
    done = build(["--site-dir", tmp_path / "site"], tmp_path)
    assert done.returncode != 0
    assert link.rpartition("/")[2].partition("#")[0] in done.stderr
