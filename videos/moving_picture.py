"""Make an animated WebP of a part of a video, for a page.

usage: python videos/moving_picture.py VIDEO.mp4 TARGET.webp [--start S] [--end S] [--width PIXELS] [--quality Q]

docs/tracked.webp: keeptrack videos/walkers.mp4 -o /tmp/walkers.mp4 --quality 90, then
python videos/moving_picture.py /tmp/walkers.mp4 docs/tracked.webp --start 4 --end 14 --width 720 --quality 45
"""

from __future__ import annotations

import argparse
from pathlib import Path

import av
from PIL import Image


def frames(video: Path, start: float, end: float, width: int) -> tuple[list[Image.Image], float]:
    """The frames from `start` to `end` seconds, scaled to a width, and how many there are a second."""
    pictures = []
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            if frame.time is not None and start <= frame.time < end:
                picture = frame.to_image()
                pictures.append(
                    picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
                )
        return pictures, float(stream.average_rate or 25)


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--start", type=float, default=0.0)
    parser.add_argument("--end", type=float, default=10.0)
    parser.add_argument("--width", type=int, default=720)
    parser.add_argument("--quality", type=int, default=45)
    arguments = parser.parse_args()
    pictures, rate = frames(arguments.video, arguments.start, arguments.end, arguments.width)
    first, *others = pictures
    first.save(
        arguments.target,
        save_all=True,
        append_images=others,
        duration=round(1000 / rate),
        loop=0,
        quality=arguments.quality,
        method=6,
        minimize_size=False,
    )
    print(f"{arguments.target}: {len(pictures)} frames, {arguments.target.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
