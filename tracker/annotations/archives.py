"""Text files in zip archives, as labelling tools export and import them."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from detectors import limits
from detectors.errors import InputError

EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest date that zip knows: equal text gives equal bytes
ORDINARY_FILE, UNIX = 0o100644 << 16, 3
BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError)
WRONG = (OSError, ValueError, KeyError, RuntimeError, EOFError, *BROKEN)


def add_text(archive: zipfile.ZipFile, name: str, lines: Iterable[str]) -> None:
    """Write lines, which include their line ends, into a file of the archive, one by one."""
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, ORDINARY_FILE, UNIX
    with archive.open(entry, "w", force_zip64=True) as file, io.TextIOWrapper(file, "utf-8", newline="\n") as text:
        text.writelines(lines)


def names_in(path: Path) -> set[str]:
    """The files in an archive; none if `path` is no archive that can be read."""
    try:
        if not path.is_file() or not zipfile.is_zipfile(path):
            return set()
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist())
    except WRONG:
        return set()


def read_member(path: Path, name: str, remedy: str) -> bytes:
    """One file of an archive. Raises InputError."""
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo(name)
            if entry.file_size > min(limits.UNPACKED, max(limits.DENSE, limits.DENSITY * entry.compress_size)):
                raise ValueError(f"{name} in it is too large once it is unpacked, {entry.file_size:,} bytes")
            return archive.read(name)
    except WRONG as error:
        raise InputError(path, f"cannot be read: {error}", remedy) from None
