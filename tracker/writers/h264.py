"""How pictures are encoded: H.264 settings for a fast encoder and for players in browsers."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple, cast

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

from detectors.base import Image
from detectors.cores import available_cores

ENCODERS = ("libx264", "h264_videotoolbox", "libopenh264")  # the first that this build of PyAV has
# The fastest preset of x264, plus what costs little and saves much: entropy coding by context, the deblocking filter,
# larger transforms, and bits moved to what later frames refer to. Compared with the preset "veryfast", it takes less
# than two thirds of the time for an equally good picture, in a file a quarter larger: benchmarks/speed/encoding.py.
# More than 6 frames of lookahead would save 2% of the file, for 6 MB of memory each at 1080p.
X264_PRESET = "ultrafast"
X264 = {
    "cabac": "1",
    "deblock": "0,0",
    "8x8dct": "1",
    "partitions": "i8x8,i4x4",
    "aq-mode": "1",
    "mbtree": "1",
    "rc-lookahead": "6",
    "scenecut": "40",
    "sliced-threads": "0",
}
# For live sources, no picture may wait in the encoder for the next ones: at a low frame rate, or before a gap, a few
# frames are seconds. So several threads share a picture, rather than taking one each.
LIVE_X264 = X264 | {"rc-lookahead": "1", "sliced-threads": "1"}
MOST_THREADS = 4  # of the encoder; one thread takes 10 ms for a picture of 1080p
BT601 = 6  # the matrix of OpenCV's conversion; untagged, players take HD video for BT.709 and shift its colours
LIMITED_RANGE = 1


class VideoFormat(NamedTuple):
    """What a video is to be like.

    frame_rate: frames a second, on average. time_base: seconds; the frames' times are kept as multiples of it. crf:
    constant rate factor of x264, lower is better and larger. live: whether frames come in real time, and each has to
    be in the file soon. pixel_aspect: width of a pixel by its height, as players are to show it.
    """

    frame_rate: Fraction
    time_base: Fraction
    crf: float = 22
    live: bool = False
    pixel_aspect: Fraction = Fraction(1)


def add_video_stream(container: OutputContainer, wanted: VideoFormat, width: int, height: int) -> VideoStream:
    """Add an H.264 stream to a file that is being written. width, height: of the pictures; odd ones grow by one."""
    encoder = next(name for name in ENCODERS if name in av.codecs_available)
    options = x264_options(wanted.crf, wanted.live) if encoder == "libx264" else {}
    rate = encoder_rate(wanted.frame_rate)
    stream = cast(VideoStream, container.add_stream(encoder, rate=rate, options=options))
    stream.height, stream.width = (side + side % 2 for side in (height, width))
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    if wanted.pixel_aspect != 1:
        context.sample_aspect_ratio = wanted.pixel_aspect
    context.thread_count = max(1, min(available_cores() // 2, MOST_THREADS))
    context.time_base = wanted.time_base
    context.gop_size = max(1, round(rate))  # a key frame a second, to jump to
    context.max_b_frames = 0  # pictures leave in the order they came, at exactly the times they had
    context.colorspace = context.color_primaries = context.color_trc = BT601
    context.color_range = LIMITED_RANGE
    return stream


def encoder_rate(frame_rate: Fraction) -> Fraction:
    """A frame rate with a denominator that encoders take."""
    return frame_rate.limit_denominator(60000)


def make_picture(image: Image, pts: int, time_base: Fraction) -> av.VideoFrame:
    """A picture ``(H, W, 3)`` BGR as the encoder takes it. pts: when it is shown, in units of `time_base`."""
    picture = av.VideoFrame.from_numpy_buffer(to_yuv(image), format="yuv420p")
    picture.pts, picture.time_base = pts, time_base
    picture.colorspace, picture.color_range = BT601, LIMITED_RANGE
    return picture


def x264_options(crf: float, live: bool = False) -> dict[str, str]:
    """The options of x264, as FFmpeg's names and values."""
    details = ":".join(f"{name}={value}" for name, value in (LIVE_X264 if live else X264).items())
    return {"preset": X264_PRESET, "crf": f"{crf:g}", "x264-params": details}


def to_yuv(image: Image) -> Image:
    """Planar 4:2:0 ``(H * 3 / 2, W)``; odd sides grow by a repeated row or column."""
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        image = np.asarray(cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE), dtype=np.uint8)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
