"""What the C libraries of picture formats say of damaged files.

libjpeg and libpng write to C's standard error, and OpenCV logs to it: lines that name no file, in the middle of what
others print. Here they are collected instead, so that whoever reads a picture can say which one is damaged.
"""

from __future__ import annotations

import ctypes
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cv2.utils import logging

DAMAGE = re.compile(r"Corrupt JPEG data.*|Premature end of JPEG.*|libpng error.*")
"""Of all that they say, what means that something of the picture is lost: the rest is about profiles and versions."""
UNBUFFERED = 2  # C's _IONBF
SILENT = 0


class _StandardErrorOfC:
    """Puts a file in the place of C's stderr while anybody decodes; Python's own does not go through it.

    On systems other than Linux nothing is replaced, and nothing collected.
    """

    def __init__(self) -> None:
        self._lock, self._readers, self._before = threading.Lock(), 0, (0, 0)
        self._file: Any = None
        try:
            library = ctypes.CDLL(None)
            self._variable = ctypes.c_void_p.in_dll(library, "stderr")
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the process lives
            library.fdopen.restype = ctypes.c_void_p
            self._stream = library.fdopen(os.dup(self._file.fileno()), b"a")
            library.setvbuf(ctypes.c_void_p(self._stream), None, UNBUFFERED, ctypes.c_size_t(0))
        except (OSError, ValueError, AttributeError, TypeError):
            self._file = None

    def enter(self) -> int:
        """Begin; returns where in the file what is said from now on begins."""
        with self._lock:
            if not self._readers:
                self._before = (self._variable.value or 0 if self._file else 0, logging.getLogLevel())
                logging.setLogLevel(SILENT)
                if self._file:
                    self._variable.value = self._stream
            self._readers += 1
            return os.fstat(self._file.fileno()).st_size if self._file else 0

    def leave(self, start: int) -> str:
        """End; returns what was said since."""
        with self._lock:
            said = b"" if not self._file else os.pread(self._file.fileno(), 1 << 16, start)
            self._readers -= 1
            if not self._readers:
                stream, level = self._before
                logging.setLogLevel(level)
                if self._file:
                    self._variable.value = stream
                    os.ftruncate(self._file.fileno(), 0)
        return said.decode("utf-8", "replace")


_STDERR = _StandardErrorOfC()  # there is one in a process


@contextmanager
def codec_messages(damage: list[str] | None = None) -> Iterator[None]:
    """Decode pictures in the block without a word. damage: gets what was said of a picture that is damaged."""
    start = _STDERR.enter()
    try:
        yield
    finally:
        said = _STDERR.leave(start)
        if damage is not None:
            damage += DAMAGE.findall(said)
