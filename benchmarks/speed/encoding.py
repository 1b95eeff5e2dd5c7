"""Encoders of the annotated video: processor time against the size of the file and what is left of the picture.

usage: python -m benchmarks.speed.encoding VIDEOS... [--detector NAME|PATH] [--frames N] [--rounds N]

The pictures are frames of the videos with their tracks drawn on them. Every encoder gets the same ones in turn, a
round after the other, by one thread, as the writer of the annotated video does it. "ms" is the processor time of a
frame, conversion from BGR included, the least of the rounds. PSNR (dB) and SSIM (Wang et al. 2004, Gaussian windows)
are those of the grey picture, over every sixth frame; equal SSIM is equal to the eye, roughly.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.tables import print_circumstances, print_table
from detectors.base import Floats, Image
from tracker import track
from tracker.drawing.annotator import Annotator
from tracker.writers.h264 import to_yuv, x264_options
from tracker.writers.quality import QUALITIES, rate_factor

RATE = 25
EVERY = 6  # frames, of which one is compared with what was encoded
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # of SSIM
SETTINGS = {
    **{f"keeptrack, {word}": x264_options(rate_factor(word)) for word in QUALITIES},
    **{
        f"{preset}, crf {crf}": {"preset": preset, "crf": str(crf)}
        for preset, crf in (("ultrafast", 24), ("superfast", 25), ("veryfast", 23), ("medium", 23))
    },
}


def pictures(video: Path, detector: str, frames: int) -> list[Image]:
    """The first frames of a video with their tracks."""
    annotator = Annotator({})
    found = track(video, detector=detector, appearance="none", max_frames=frames)
    return [annotator.draw(frame, tracks) for frame, tracks in found]


def encode(images: Sequence[Image], options: dict[str, str], path: Path) -> float:
    """Write an mp4; returns milliseconds of processor time a frame."""
    start = time.process_time()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options=options)
        stream.height, stream.width = (side + side % 2 for side in images[0].shape[:2])
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.gop_size, context.max_b_frames, context.thread_count = RATE, 0, 1
        for index, image in enumerate(images):
            frame = av.VideoFrame.from_numpy_buffer(to_yuv(image), format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return 1000 * (time.process_time() - start) / len(images)


def likeness(images: Sequence[Image], path: Path) -> tuple[float, float]:
    """PSNR and SSIM of what an mp4 shows, against the pictures it was made of."""
    errors, similarities = [], []
    with av.open(str(path)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % EVERY == 0:
                height = frame.height
                before, after = to_yuv(images[index])[:height], frame.to_ndarray()[:height]
                errors.append(np.square(after.astype(np.float64) - before).mean())
                similarities.append(ssim(before.astype(np.float64), after.astype(np.float64)))
    return float(10 * np.log10(255**2 / max(np.mean(errors), 1e-9))), float(np.mean(similarities))


def ssim(a: Floats, b: Floats) -> float:
    """Structural similarity of two grey pictures ``(H, W)``, 1 where they are equal."""

    def mean(of: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(of, (11, 11), 1.5))

    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b, cov = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2, mean(a * b) - mean_a * mean_b
    light = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
    return float((light * (2 * cov + C2) / (var_a + var_b + C2)).mean())


def compare(images: Sequence[Image], rounds: int, folder: Path) -> list[list[str]]:
    """A row of cells for each of `SETTINGS`."""
    times: dict[str, list[float]] = {name: [] for name in SETTINGS}
    for _ in range(rounds):
        for name, options in SETTINGS.items():
            times[name].append(encode(images, options, folder / f"{name}.mp4"))
    rows = []
    for name, taken in times.items():
        path = folder / f"{name}.mp4"
        psnr, similarity = likeness(images, path)
        size = path.stat().st_size / len(images) / 1000
        rows.append([name, f"{min(taken):.1f}", f"{size:.1f}", f"{psnr:.1f}", f"{similarity:.4f}"])
    return rows


def main() -> None:
    """Print a table for each video."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", type=Path, nargs="+", metavar="VIDEOS")
    parser.add_argument("--detector", default="auto")
    parser.add_argument("--frames", type=int, default=90)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--markdown", action="store_true", help="tables to paste")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    print_circumstances()
    for video in arguments.videos:
        images = pictures(video, arguments.detector, arguments.frames)
        height, width = images[0].shape[:2]
        with tempfile.TemporaryDirectory() as folder:
            rows = compare(images, arguments.rounds, Path(folder))
        title = f"{video.name}, {width}x{height}, {len(images)} frames"
        print_table(title, ["encoder", "ms", "kB a frame", "PSNR", "SSIM"], [rows], arguments.markdown)


if __name__ == "__main__":
    main()
