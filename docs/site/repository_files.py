"""A hook of mkdocs: files outside of docs/ that a page links to become pages of the site, and links lead to these.

So the same link works on a Git host and in the site. Markdown is taken as it is, source code is shown, pictures are
copied; files that those link to come along.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
DOCS = "docs/"
OUTSIDE = "repository/"
SOURCE = {".py": "python", ".c": "c", ".toml": "toml", ".txt": "text", "": "text", ".service": "ini"}
LINK = re.compile(r"(?<=\]\()([^)#\s]+)(?=(?:#[^)\s]*)?\))")
FENCE = "`" * 6


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what the pages link to, and what that links to."""
    waiting = [DOCS + file.src_uri for file in files.documentation_pages()]
    known = set(waiting)
    while waiting:
        page = waiting.pop()
        for path in sorted(linked(page) - known):
            known.add(path)
            if not _published(path):
                files.append(_file(path, config))
                waiting += [path] if path.endswith(".md") else []
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead to where the files are in the site."""
    here = page.file.src_uri
    base = repository_path(here)

    def moved(found: re.Match[str]) -> str:
        path = _target(base, found[0])
        return found[0] if path is None else posixpath.relpath(site_path(path), posixpath.dirname(here) or ".")

    return LINK.sub(moved, markdown)


def linked(page: str) -> set[str]:
    """The files of the repository that a page links to; all paths are those in the repository."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return {path for link in LINK.findall(text) if (path := _target(page, link))}


def _target(page: str, link: str) -> str | None:
    """The file of the repository that a link leads to, if it does."""
    if "://" in link or link.startswith(("/", "mailto:")):
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), link))
    return path if (ROOT / path).is_file() else None


def _published(path: str) -> bool:
    """Whether mkdocs takes the file by itself."""
    return path.startswith(DOCS) and not path.endswith(".py")


def site_path(path: str) -> str:
    """Where a file of the repository is in the site's folder of sources."""
    if _published(path):
        return path.removeprefix(DOCS)
    return OUTSIDE + path + (".md" if Path(path).suffix in SOURCE else "")


def repository_path(page: str) -> str:
    """The file of the repository that a page of the site is made of."""
    return page.removeprefix(OUTSIDE) if page.startswith(OUTSIDE) else DOCS + page


def _file(path: str, config: MkDocsConfig) -> File:
    """A file outside of docs/ as a part of the site."""
    language = SOURCE.get(Path(path).suffix)
    if language is None:
        return File.generated(config, site_path(path), abs_src_path=str(ROOT / path))
    text = "\n".join(_shown(path, language))
    return File.generated(config, site_path(path), content=text, inclusion=InclusionLevel.NOT_IN_NAV)


def _shown(path: str, language: str) -> Iterator[str]:
    """A page that shows a file of source code; the search leaves it out."""
    yield from ("---", "search:", "  exclude: true", "hide: [toc]", "---", f"# `{path}`", "")
    yield from (FENCE + language, (ROOT / path).read_text(encoding="utf-8").rstrip(), FENCE, "")
