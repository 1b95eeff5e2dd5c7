"""How to install an optional part of keeptrack from where this copy of it stands."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shlex
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

NAME = "keeptrack"
ROOT = Path(__file__).resolve().parent.parent  # of a checkout, or the folder that packages are installed in


def install_extra(extra: str, upgrade: bool = False) -> str:
    """The command that adds an extra such as ``view`` to the environment that runs.

    keeptrack is not on PyPI, so a name alone would find nothing, or another's package: the command names the folder or
    file that this copy was installed from (PEP 610), or the folder it runs in.
    """
    return f"{_pip()} install {'--upgrade ' if upgrade else ''}{shlex.quote(_requirement(extra))}"


def _requirement(extra: str) -> str:
    wanted = f"{NAME}[{extra}]"
    if (ROOT / "pyproject.toml").is_file():
        return f"{_shorter(ROOT)}[{extra}]"
    url = _installed_from()
    place = Path(unquote(urlsplit(url).path)) if url.startswith("file:") else None
    if place is not None and place.is_dir():
        return f"{_shorter(place)}[{extra}]"
    return f"{wanted} @ {url}" if url and (place is None or place.is_file()) else wanted


def _installed_from() -> str:
    """The address that pip has installed this copy from; "" for a package index."""
    try:
        told = importlib.metadata.distribution(NAME).read_text("direct_url.json")
        return str(json.loads(told)["url"]) if told else ""
    except (importlib.metadata.PackageNotFoundError, ValueError, KeyError):
        return ""


def _pip() -> str:
    """pip as it has to be called from here, so that it installs for the Python that runs."""
    python = Path(sys.executable or "python")
    found = shutil.which("pip")
    if found and Path(found).parent.resolve() == python.parent.resolve():
        return "pip"
    beside = python.parent / "pip"
    return shlex.quote(_shorter(beside)) if beside.is_file() else f"{shlex.quote(_shorter(python))} -m pip"


def _shorter(path: Path) -> str:
    """The path from the current folder where that is below it, else the whole."""
    below = os.path.relpath(path)
    return str(path) if below.startswith("..") else f"./{below}" if path.is_dir() and below != "." else below
