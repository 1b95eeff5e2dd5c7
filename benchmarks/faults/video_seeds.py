"""The scene as a video, a few kilobytes in each of many containers and codecs."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av

from detectors.base import Image
from tests.scenes import CROSSING, render

FRAMES = 10
RATE = Fraction(25)
WIDTH, HEIGHT = 96, 64


class Kind(NamedTuple):
    """A file's ending, FFmpeg's name of its container and of the codec, and the layout of pixels."""

    ending: str
    container: str
    codec: str
    pixels: str = "yuv420p"


KINDS = (
    *(Kind("mp4", "mp4", "libx264"), Kind("mov", "mov", "prores", "yuv422p10le"), Kind("mkv", "matroska", "libx265")),
    *(Kind("webm", "webm", "libvpx-vp9"), Kind("avi", "avi", "mpeg4"), Kind("flv", "flv", "flv")),
    *(Kind("ts", "mpegts", "libx264"), Kind("mpg", "mpeg", "mpeg2video"), Kind("wmv", "asf", "wmv2")),
    *(Kind("ogv", "ogg", "theora"), Kind("3gp", "3gp", "mpeg4"), Kind("mxf", "mxf", "mpeg2video", "yuv422p")),
    *(
        Kind("mjpeg", "mjpeg", "mjpeg", "yuvj420p"),
        Kind("h264.mkv", "matroska", "ffv1"),
        Kind("gif", "gif", "gif", "rgb8"),
    ),
    *(
        Kind("frag.mp4", "mp4", "libsvtav1"),
        Kind("nut", "nut", "huffyuv", "yuv422p"),
        Kind("y4m", "yuv4mpegpipe", "rawvideo"),
    ),
)


def write(folder: Path) -> list[Path]:
    """A file of each kind that this FFmpeg can write."""
    folder.mkdir(parents=True, exist_ok=True)
    scene = [picture[60:188, 40:232][::2, ::2].copy() for picture in render(CROSSING, FRAMES)]
    return [each for each in (_write(folder, kind, scene) for kind in KINDS) if each is not None]


def _write(folder: Path, kind: Kind, scene: list[Image]) -> Path | None:
    path = folder / f"clip.{kind.ending}"
    options = {"movflags": "frag_keyframe+empty_moov"} if kind.ending.startswith("frag") else {}
    try:
        with av.open(str(path), "w", format=kind.container, options=options) as output:
            stream = output.add_stream(kind.codec, rate=RATE)
            stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH, HEIGHT, kind.pixels, 80_000
            for picture in scene:
                output.mux(
                    stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format=kind.pixels))
                )
            output.mux(stream.encode(None))
    except (av.FFmpegError, ValueError):
        path.unlink(missing_ok=True)
        return None
    return path


def videos(folder: Path) -> None:
    """in/: the clips, and detections."""
    write(folder / "in")
    rows = (f"{frame},-1,20,10,30,40,0.9,-1,-1,-1\n" for frame in range(1, FRAMES + 1))
    (folder / "in" / "det.txt").write_text("".join(rows))
