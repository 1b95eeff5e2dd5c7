"""Exact seeking: start in the middle of a video file, with the same frames as if it were read from the beginning.

The packets before the wanted frame are counted without being decoded. Their time stamps tell its number, and the key
frames from which it can be decoded; a container's own index, or a frame rate, would only tell roughly. In doubt (no
stamps, a frame that differs when decoded from one key frame and from another) the answer is None, and the file has to
be read from its beginning. One case is not noticed: a packet that is damaged, without a mark, so badly that the decoder
drops the whole frame. All frames behind it then count one too many.
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

WORTH = 32  # frames; reading fewer than these is faster than seeking
SAME = 1e-6  # seconds by which the stamps of two readers may differ
ATTEMPTS = 6  # OpenCV counts frames from a key frame, and lands too far on where the frame rate has fallen
BEFORE = 0.5  # seconds; seeking in a container without an index is only roughly right


@dataclass(frozen=True, eq=False)
class SeekPoint:
    """The last frame before the wanted time.

    number: how many frames come before it. stamps: ``(K,)`` seconds of all frames up to and with it. key: row of the
    key frame from which it can safely be decoded.
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


def find_seek_point(path: Path | str, seconds: float, first: float) -> SeekPoint | None:
    """The last frame before `seconds`; None in doubt, or so near the beginning that seeking is not worth it.

    path: what FFmpeg is to read. first: seconds of the first frame that the reader of the file has seen.
    """
    try:
        packets = _survey(path, seconds)
        return None if packets is None else _seek_point(path, packets, seconds, first)
    except (av.FFmpegError, IndexError, ValueError):
        return None


def seek(capture: cv2.VideoCapture, point: SeekPoint) -> bool:
    """Move a reader to `point`: that frame is read next. False if that failed, and the reader may be anywhere.

    Checks that every frame from the key frame on comes with the expected stamp, none too many and none too few.
    """
    stamp = _land(capture, float(point.stamps[point.key]))
    at = None if stamp is None else _row(point.stamps, stamp)
    if at is None or at > point.key:
        return False
    return all(capture.grab() and abs(_stamp(capture) - stamp) <= SAME for stamp in point.stamps[at + 1 :].tolist())


def _survey(path: Path | str, seconds: float) -> _Packets | None:
    """The packets of the frames before `seconds`, and a few more. None if one of them is not as it should be."""
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
                break  # later packets are decoded after this one, and shown even later
    return _Packets(np.array(pts), np.array(dts), np.array(keys, dtype=bool), zero, unit)


def _seek_point(path: Path | str, packets: _Packets, seconds: float, first: float) -> SeekPoint | None:
    order = np.argsort(packets.pts, kind="stable")
    stamps = np.asarray((packets.pts[order] - packets.zero) * packets.unit, dtype=np.float64)
    number = int(np.searchsorted(stamps, seconds - SAME)) - 1
    if number < WORTH or (np.diff(stamps) <= 0).any() or abs(stamps[0] - first) > SAME:
        return None
    keys = np.flatnonzero(packets.keys[order][: number + 1])
    if len(keys) < 2 or not _decodes_alike(path, packets, order[keys[-2:]], order[number]):
        return None
    return SeekPoint(number, stamps[: number + 1], int(keys[-2]))


def _decodes_alike(path: Path | str, packets: _Packets, keys: Ints, wanted: int) -> bool:
    """Whether a frame is the same when decoded from either of two key frames: nothing earlier matters then.

    Some streams mark key frames after which the picture is not right for a while (gradual refresh).
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
    """Grab some frame before `seconds`; returns its stamp, None if that fails."""
    rate = capture.get(cv2.CAP_PROP_FPS) or 30.0
    aim = seconds - 2 / rate
    for attempt in range(ATTEMPTS):
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
