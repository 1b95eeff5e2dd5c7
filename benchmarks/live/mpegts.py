"""Encodes pictures to H.264 or another codec in MPEG-TS, without delay."""

from __future__ import annotations

import io
import time
from fractions import Fraction
from typing import cast

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

from benchmarks.live.stream_server import Chunk
from detectors.base import Image

KEY_EVERY = 0.5  # seconds between key frames, at which clients join


class MpegTsEncoder:
    """Pictures to MPEG-TS: no B-frames, nothing held back, a key frame every half second.

    codec: ``libx264``, ``mpeg4``, ``libx265`` ... size: width and height to scale to, None to leave it.
    """

    def __init__(self, rate: float, codec: str = "libx264", size: tuple[int, int] | None = None) -> None:
        self._rate = Fraction(rate).limit_denominator(1000)
        self._codec, self._size = codec, size
        self._bytes = io.BytesIO()
        self._container: OutputContainer | None = None
        self._count = 0
        self._start = time.monotonic()

    def encode(self, picture: Image) -> Chunk:
        """The bytes of a picture ``(H, W, 3)`` BGR, which a client can show at once."""
        if self._size is not None:
            picture = np.asarray(cv2.resize(picture, self._size), dtype=np.uint8)
        if self._container is None:
            self._open(picture)
        assert self._container is not None
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
        frame.pts, frame.time_base = self._count, 1 / self._rate
        packets = self._stream.encode(frame)
        self._count += 1
        self._container.mux(packets)
        data = self._bytes.getvalue()
        self._bytes.seek(0)
        self._bytes.truncate()
        return Chunk(data, any(packet.is_keyframe for packet in packets))

    def _open(self, picture: Image) -> None:
        options = {"mpegts_flags": "pat_pmt_at_frames+initial_discontinuity", "omit_video_pes_length": "0"}
        options |= {"muxdelay": "0", "muxpreload": "0", "flush_packets": "1"}
        self._container = av.open(self._bytes, "w", format="mpegts", container_options=options)
        quick = {"preset": "ultrafast", "tune": "zerolatency"} if self._codec.startswith("libx") else {}
        if self._codec == "libx265":
            quick["x265-params"] = "log-level=none"
        self._stream = cast(VideoStream, self._container.add_stream(self._codec, rate=self._rate, options=quick))
        self._stream.height, self._stream.width = picture.shape[:2]
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.gop_size, context.max_b_frames = max(1, round(float(self._rate) * KEY_EVERY)), 0
        context.thread_count = 1
        context.bit_rate = 4_000_000
