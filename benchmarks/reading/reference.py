"""What ffprobe and the ffmpeg program say about a clip: the time of each frame, and its picture."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from detectors.base import Image
from detectors.errors import InputError

DEINTERLACE = "bwdif=mode=send_frame:parity=auto:deint=interlaced"  # as the reader does; others pass as they are
SITES = {"left": "in_h_chr_pos=0", "topleft": "in_h_chr_pos=0:in_v_chr_pos=0"}
"""Where chroma samples lie, by the stream's tag, for the filter: ffmpeg's before 7 does not look at the tag."""


def check_programs() -> None:
    """Raises InputError where one is missing."""
    for name in ("ffmpeg", "ffprobe"):
        if shutil.which(name) is None:
            raise InputError(name, "is not installed here", "apt install ffmpeg")


def frame_times(path: Path) -> list[float | None]:
    """Seconds from the first frame on of all that ffprobe decodes; None for those without a time."""
    frames = _probe(path, "frame=best_effort_timestamp_time")["frames"]
    stamps = [frame.get("best_effort_timestamp_time") for frame in frames]
    times = [None if stamp is None else float(stamp) for stamp in stamps]
    zero = next((time for time in times if time is not None), 0.0)
    return [None if time is None else time - zero for time in times]


def pictures(path: Path, width: int, height: int, woven: bool) -> Iterator[Image]:
    """The pictures ``(H, W, 3)`` BGR that ffmpeg decodes, upright, deinterlaced if they are `woven` of two fields."""
    site = SITES.get(_probe(path, "stream=chroma_location")["streams"][0].get("chroma_location", ""))
    filters = [*([DEINTERLACE] if woven else []), *([f"scale={site}"] if site else [])]
    command = ["ffmpeg", "-v", "fatal", "-nostdin", "-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough"]
    command += [*(["-vf", ",".join(filters)] if filters else []), "-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
    size = width * height * 3
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while len(data := process.stdout.read(size)) == size:
            yield np.frombuffer(data, np.uint8).reshape(height, width, 3)


def _probe(path: Path, entries: str) -> dict[str, Any]:
    what = ["-select_streams", "v:0", "-show_entries", entries, "-of", "json"]
    command = ["ffprobe", "-v", "error", *what, str(path)]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found
