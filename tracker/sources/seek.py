"""Where in a video file to begin, so that its later frames come out as if it had been read from the beginning.

The packets before the frame that is wanted are counted without being decoded: their time stamps tell its number, and
the key frames from which it can be decoded. A container's own index, or a frame rate, would only tell about where.
Whatever is doubtful (no stamps, a frame that comes out differently from one key frame and from another) is answered by
None: then, the file is to be read from its beginning. What no stamps tell is a packet in the middle of a file that is
damaged so badly, and unmarked, that the decoder drops a whole frame: frames behind it count one too many.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from itertools import chain, takewhile
from pathlib import Path

import av
import cv2
import numpy as np

from detectors.base import Bools, Floats, Image, Ints

WORTH = 32  # frames; fewer are read faster than sought
SAME = 1e-6  # seconds; between the stamps of two readers
SEEKS = 6  # tries: OpenCV counts frames on from a key frame, and lands too far on where their rate has fallen
BEFORE = 0.5  # seconds; a search in a container without an index ends only about where it should


@dataclass(frozen=True, eq=False)
class Place:
    """The last frame before the time that is wanted.

    number: how many frames come before it. stamps: ``(K,)`` seconds of all frames up to it, it among them. key: which
    of them is the key frame from which it can safely be decoded.
    """

    number: int
    stamps: Floats
    key: int


@dataclass(frozen=True, eq=False)
class _Packets:
    """Time stamps in the order of decoding, in units of the stream; zero: of its start. keys: which are key frames."""

    pts: Ints
    dts: Ints
    keys: Bools
    zero: int
    unit: float


def find_place(path: Path | str, seconds: float, first: float) -> Place | None:
    """The last frame before `seconds`; None where it is doubtful or near the beginning.

    path: what FFmpeg is to read. first: seconds of the first frame that the reader of the file has seen.
    """
    try:
        packets = _survey(path, seconds)
        return None if packets is None else _place(path, packets, seconds, first)
    except (av.FFmpegError, IndexError, ValueError):
        return None


def move(capture: cv2.VideoCapture, place: Place) -> bool:
    """Lead a reader to `place`, the frame it then has to give; False where that has failed, and it is anywhere.

    Every frame from the key frame on must come with the stamp that is expected: none too many, none too few.
    """
    stamp = _land(capture, float(place.stamps[place.key]))
    at = None if stamp is None else _row(place.stamps, stamp)
    if at is None or at > place.key:
        return False
    return all(capture.grab() and abs(_stamp(capture) - stamp) <= SAME for stamp in place.stamps[at + 1 :].tolist())


def _survey(path: Path | str, seconds: float) -> _Packets | None:
    """The packets of the frames before `seconds`, and a few more. None where one of them is not as it should be."""
    pts, dts, keys = array("q"), array("q"), bytearray()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        unit, zero = float(stream.time_base or 0), stream.start_time or 0
        for packet in container.demux(stream):
            if packet.dts is None and packet.pts is None and not packet.size:
                break  # PyAV's mark of the end
            decoded = packet.dts
            if decoded is None and (not dts or dts[-1] < zero):
                decoded = zero - 1  # Matroska does not tell that of the first ones
            if packet.pts is None or decoded is None or not packet.size or packet.is_corrupt:
                return None
            if dts and decoded < dts[-1]:
                return None
            if packet.is_discard:
                continue  # an edit list leaves its frame out
            pts.append(packet.pts)
            dts.append(decoded)
            keys.append(packet.is_keyframe)
            if (decoded - zero) * unit >= seconds:
                break  # whatever comes is shown after it is decoded
    return _Packets(np.array(pts), np.array(dts), np.array(keys, dtype=bool), zero, unit)


def _place(path: Path | str, packets: _Packets, seconds: float, first: float) -> Place | None:
    order = np.argsort(packets.pts, kind="stable")
    stamps = np.asarray((packets.pts[order] - packets.zero) * packets.unit, dtype=np.float64)
    number = int(np.searchsorted(stamps, seconds - SAME)) - 1
    if number < WORTH or (np.diff(stamps) <= 0).any() or abs(stamps[0] - first) > SAME:
        return None
    keys = np.flatnonzero(packets.keys[order][: number + 1])
    if len(keys) < 2 or not _decodes_alike(path, packets, order[keys[-2:]], order[number]):
        return None
    return Place(number, stamps[: number + 1], int(keys[-2]))


def _decodes_alike(path: Path | str, packets: _Packets, keys: Ints, wanted: int) -> bool:
    """Whether a frame is the same from either of two key frames: then, nothing before them bears on it.

    A stream may call a frame a key frame from which the picture only comes to be right after a while.
    """
    later, earlier = (_decode(path, packets, int(key), int(packets.pts[wanted])) for key in keys[::-1])
    return later is not None and earlier is not None and np.array_equal(later, earlier)


def _decode(path: Path | str, packets: _Packets, key: int, wanted: int) -> Image | None:
    """The picture of the frame with the stamp `wanted`, decoded from a key frame on."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        container.seek(int(packets.dts[key]) - round(BEFORE / packets.unit), stream=stream)
        ahead, at = container.demux(stream), int(packets.pts[key])
        found = takewhile(lambda packet: packet.dts is None or packet.dts <= at, ahead)
        start = next((packet for packet in found if packet.pts == at), None)
        for packet in chain([start], ahead) if start is not None else ():
            for frame in stream.decode(packet):
                if frame.pts == wanted:
                    return np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)
                if frame.pts is not None and frame.pts > wanted:
                    return None
    return None


def _land(capture: cv2.VideoCapture, seconds: float) -> float | None:
    """Grab a frame before `seconds`, and tell its stamp."""
    rate = capture.get(cv2.CAP_PROP_FPS) or 30.0
    aim = seconds - 2 / rate
    for attempt in range(SEEKS):
        if aim <= 0 or not capture.set(cv2.CAP_PROP_POS_MSEC, 1000 * aim):
            return None
        stamp = _stamp(capture) if capture.grab() else seconds  # behind the end of the file
        if stamp < seconds:
            return stamp
        aim -= stamp - seconds + BEFORE * 2**attempt
    return None


def _stamp(capture: cv2.VideoCapture) -> float:
    return capture.get(cv2.CAP_PROP_POS_MSEC) / 1000


def _row(stamps: Floats, stamp: float) -> int | None:
    at = int(np.searchsorted(stamps, stamp - SAME))
    return at if at < len(stamps) and abs(stamps[at] - stamp) <= SAME else None
