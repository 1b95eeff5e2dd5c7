"""Short clips cut from real ones without decoding, and ways to damage them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np


def cut(video: Path, folder: Path, count: int, seconds: float) -> list[Path]:
    """`count` clips of about this length, each from its own key frame on; the video is begun again at its end."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        starts = [at for at, packet in enumerate(packets) if packet.is_keyframe]
        length = max(1, round(seconds * float(stream.average_rate or 25)))
        clips = []
        for number in range(count):
            start = starts[number * len(starts) // count]
            clips.append(folder / f"{video.stem}-{number:02}.mp4")
            _remux(stream, packets[start : start + length], clips[-1])
    return clips


def _remux(stream: av.VideoStream, packets: Sequence[av.Packet[av.VideoStream]], path: Path) -> None:
    offset = min(packet.dts for packet in packets if packet.dts is not None)
    with av.open(str(path), "w") as out:
        copy = out.add_stream_from_template(stream)
        for packet in packets:
            piece = av.Packet(bytes(packet))
            piece.time_base = packet.time_base
            piece.pts, piece.dts = (None if at is None else at - offset for at in (packet.pts, packet.dts))
            piece.is_keyframe, piece.stream = packet.is_keyframe, copy
            out.mux(piece)


def damaged(clips: Sequence[Path], folder: Path, count: int, seed: int = 0) -> Iterator[Path]:
    """Clips cut short, with flipped bytes, under a wrong name, empty, or with a head that promises too much."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        data = bytearray(clips[number % len(clips)].read_bytes())
        kind = ("cut", "flipped", "renamed", "empty", "enormous")[number % 5]
        suffix = ".mp4"
        if kind == "cut":
            del data[int(rng.integers(1, len(data))) :]
        elif kind == "flipped":
            for at in rng.integers(0, len(data), int(rng.integers(1, 400))):
                data[at] ^= 1 << int(rng.integers(8))
        elif kind == "renamed":
            suffix = str(rng.choice([".avi", ".mkv", ".ts", ".webm", ".mpg", ".mjpeg"]))
        elif kind == "empty":
            data.clear()
        else:
            _promise(data, rng)
        path = folder / f"{number:03}-{kind}{suffix}"
        path.write_bytes(data)
        yield path


def _promise(data: bytearray, rng: np.random.Generator) -> None:
    """Numbers in the boxes of the head, such as width, height, and counts of samples, as large as they can be."""
    names = [b"avc1", b"tkhd", b"stsz", b"stco", b"stts", b"mdhd", b"mvhd", b"stsc"]
    for name in rng.choice(len(names), int(rng.integers(1, 4)), replace=False):
        at = data.find(names[int(name)])
        if at > 0:
            start = at + 4 + 4 * int(rng.integers(0, 8))
            data[start : start + 4] = b"\x7f\xff\xff\xff"
