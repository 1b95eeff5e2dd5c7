"""Exact seeking: start in the middle of a video file, with the same frames as if it were read from the beginning.

The packets before the wanted frame are read and counted without being decoded. Their time stamps tell its number, and
the key frames from which it can be decoded; a container's own index, or a frame rate, would only tell roughly. In doubt
(no stamps, a frame that differs when decoded from one key frame and from another) the answer is None, and the file has
to be read from its beginning. One case is not noticed: a packet that is damaged, without a mark, so badly that the
decoder drops the whole frame. All frames behind it then count one too many.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import av
import numpy as np

from detectors import limits
from detectors.base import Ints
from tracker.sources.deinterlacing import DecodedFrame, deinterlace
from tracker.sources.frame_times import FrameTimes
from tracker.sources.video_decoder import Packet, VideoDecoder

WORTH = 32  # frames; reading fewer than these is faster than seeking
SAME = 1e-6  # seconds by which the stamps of packet and frame may differ


class Sought(NamedTuple):
    """The last frame before the wanted time, and what follows.

    number: how many frames come before it. last: seconds of the frame before it. frames: itself and all after it.
    """

    number: int
    last: float
    frames: Iterator[DecodedFrame]


@dataclass
class _Survey:
    """The packets of the frames before the wanted time, and of a few more, in the order of decoding.

    stamps: time stamps of all frames that are shown. kept: the packets from the last key frame but one on that lies
    before that time; keys: rows of these key frames among the kept ones.
    """

    stamps: array[int] = field(default_factory=lambda: array("q"))
    kept: list[Packet] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    size: int = 0

    def add(self, packet: Packet, is_start: bool) -> None:
        """is_start: whether it is a key frame before the wanted time."""
        if is_start:
            self._forget(self.keys[-1] if self.keys else 0)
            self.keys = [*self.keys[-1:], len(self.kept)]
        if not packet.is_discard:  # else an edit list hides its frame, which others may refer to
            self.stamps.append(int(packet.pts or 0))
        self.kept.append(packet)
        self.size += packet.size

    def _forget(self, rows: int) -> None:
        self.size -= sum(packet.size for packet in self.kept[:rows])
        del self.kept[:rows]
        self.keys = [row - rows for row in self.keys]


def seek(decoder: VideoDecoder, times: FrameTimes, seconds: float, first: int | None) -> Sought | None:
    """The last frame before `seconds`; None in doubt, or so near the beginning that seeking is not worth it.

    decoder: of a file that has just been opened; after None it may be anywhere. first: stamp of the first frame that
    the file gives when it is read from the beginning.
    """
    packets = decoder.packets()
    found = _survey(packets, times, seconds)
    if found is None or len(found.keys) < 2:
        return None
    stamps = np.sort(np.array(found.stamps))
    number = int(np.searchsorted(stamps, times.stamp(seconds - SAME))) - 1
    if number < WORTH or (np.diff(stamps) <= 0).any() or stamps[0] != first:
        return None
    frames = _decode_checked(decoder, packets, found, stamps[: number + 1])
    return None if frames is None else Sought(number, times.seconds(int(stamps[number - 1])), frames)


def _survey(packets: Iterable[Packet], times: FrameTimes, seconds: float) -> _Survey | None:
    """None if a packet is not as it should be."""
    found, last = _Survey(), times.stamp(0.0) - 1
    beginning, wanted = last, times.stamp(seconds)
    for packet in packets:
        # Matroska does not tell when the first ones are decoded.
        decoded = beginning if packet.dts is None and last <= beginning else packet.dts
        if packet.pts is None or decoded is None or packet.is_corrupt or (found.kept and decoded < last):
            return None
        last = decoded
        found.add(packet, packet.is_keyframe and packet.pts < times.stamp(seconds - SAME))
        if found.size > limits.PACKETS:
            return None
        if decoded >= wanted:
            break  # later packets are decoded after this one, and shown even later
    return found


def _decode_checked(
    decoder: VideoDecoder, packets: Iterable[Packet], found: _Survey, stamps: Ints
) -> Iterator[DecodedFrame] | None:
    """The frame with the last of the `stamps`, and all that follow.

    None if it is not the same when decoded from either of two key frames: then earlier ones might matter, too. Some
    streams mark key frames after which the picture is not right for a while (gradual refresh). None also if the frames
    before it, from the key frame on, do not come one by one as their packets did.
    """
    early, late = found.keys
    wanted = int(stamps[-1])
    expected = next((frame for frame in decoder.decode(found.kept[late:]) if frame.stamp == wanted), None)
    decoder.restart()
    key = int(found.kept[early].pts or 0)
    begun = _FramesFrom(decoder.decode(chain(found.kept[early:], packets)), key, wanted)
    frames = deinterlace(begun)
    for stamp in stamps[np.searchsorted(stamps, key) :].tolist():
        frame = next(frames, None)
        if frame is None or frame.stamp != stamp:
            return None
    if expected is None or begun.picture is None or not _are_alike(expected.picture, begun.picture):
        return None
    return chain([frame], frames) if frame is not None else None


class _FramesFrom:
    """Frames from the stamp `key` on. picture: that of the frame with the stamp `wanted`, once it has come."""

    def __init__(self, frames: Iterable[DecodedFrame], key: int, wanted: int) -> None:
        self._frames, self._key, self._wanted = frames, key, wanted
        self.picture: av.VideoFrame | None = None

    def __iter__(self) -> Iterator[DecodedFrame]:
        for frame in self._frames:
            if frame.stamp == self._wanted:
                self.picture = frame.picture
            if frame.stamp is None or frame.stamp >= self._key:
                yield frame


def _are_alike(one: av.VideoFrame, other: av.VideoFrame) -> bool:
    return np.array_equal(one.to_ndarray(format="bgr24"), other.to_ndarray(format="bgr24"))
