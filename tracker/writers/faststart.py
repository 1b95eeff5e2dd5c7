"""Moves the index of an mp4 to its front, so that a browser starts playing before it has loaded the whole file."""

from __future__ import annotations

import contextlib
import glob
import os
from pathlib import Path

import av

from tracker.file_names import hidden_beside

WHEN_DONE = {"movflags": "faststart"}
DRAFT = ".part"


def move_index_to_front(path: Path) -> None:
    """Rewrite a fragmented mp4 as a plain one with its index in front; leave it as it was where that fails."""
    path = path.resolve()  # the file itself, not a link to it
    draft = hidden_beside(path, str(os.getpid()), DRAFT)
    try:
        with av.open(str(path)) as source, av.open(str(draft), "w", format="mp4", options=WHEN_DONE) as output:
            streams = {}
            for stream in source.streams:
                streams[stream.index] = output.add_stream_from_template(stream)
                streams[stream.index].time_base = stream.time_base
            for packet in source.demux():
                if packet.dts is not None:
                    packet.stream = streams[packet.stream.index]
                    output.mux(packet)
        os.replace(draft, path)
    except (av.FFmpegError, OSError, ValueError):
        with contextlib.suppress(OSError):
            draft.unlink()


def remove_drafts(folder: Path, name: str) -> None:
    """Remove the drafts of videos called `name` that were left by processes killed while they moved an index.

    The drafts of running processes are kept.
    """
    for draft in folder.glob(f"{glob.escape(hidden_beside(folder / name, '', '').name)}*{DRAFT}"):
        number = draft.name.removesuffix(DRAFT).rpartition(".")[2]
        if number.isdecimal() and not _is_running(int(number)):
            with contextlib.suppress(OSError):
                draft.unlink()


def _is_running(process: int) -> bool:
    """Whether there is a process of that number; True where that cannot be found out."""
    if os.name == "nt":  # a signal would end it there
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
