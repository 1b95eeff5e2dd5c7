"""Folders and globs of images, in natural order."""

from __future__ import annotations

import glob
import re
import warnings
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import PIL.Image

from detectors import limits
from detectors.base import Frame, Image
from detectors.codec_messages import codec_messages
from detectors.errors import InputError
from tracker.sources.base import FRAME_RATE, Source
from tracker.sources.video_search import count_of, is_video, not_one_source, videos_in

warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)  # it warns of half of what we refuse
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\b")  # of damaged heads: it reads nothing else here
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
SEARCHED = 2  # folders deep, for videos where there are no images: enough for a message, and quick in the largest


def open_folder(folder: Path, frame_rate: Fraction = FRAME_RATE) -> Source:
    """The images in a folder, but for hidden ones. Raises InputError when it has none, or none can be read.

    macOS puts a "._NAME.jpg" beside each picture that it copies to other systems' disks.
    """
    paths = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    if not paths:
        if videos := list(videos_in(folder, depth=SEARCHED)):
            raise not_one_source(str(folder), videos)
        raise InputError(folder, "the folder has no images", f"give a folder with {', '.join(SUFFIXES[:3])}, ... files")
    source = open_images(paths, folder, frame_rate)
    if videos := [path for path in folder.iterdir() if is_video(path) and not path.name.startswith(".")]:
        source.warnings.append(f"{folder}: its images are tracked, and not the {count_of(videos)} beside them")
    return source


def open_glob(pattern: str, frame_rate: Fraction = FRAME_RATE) -> Source:
    """The images that match a pattern. Raises InputError when none does, or none can be read."""
    matches = map(Path, glob.glob(pattern))
    paths = [path for path in matches if path.suffix.lower() in SUFFIXES and not path.name.startswith("._")]
    if not paths:
        if videos := [path for path in map(Path, glob.glob(pattern, recursive=True)) if is_video(path)]:
            raise not_one_source(pattern, videos)
        raise InputError(pattern, "no image matches", "check the pattern, and keep the quotes around it")
    return open_images(paths, paths[0].parent, frame_rate)


def open_images(paths: Sequence[Path], folder: Path, frame_rate: Fraction) -> Source:
    """The given images in natural order (2 before 10), `frame_rate` a second.

    The first that can be read tells the size. Raises InputError when none can.
    """
    ordered = sorted(paths, key=natural_key)
    first = next((image for image in map(read_image, ordered) if image is not None), None)
    if first is None:
        large = f"is larger than {limits.PICTURE_PIXELS // 10**6} million pixels"
        why = large if _pixels(ordered[0]) > limits.PICTURE_PIXELS else "is not an image that can be read"
        raise InputError(ordered[0], why, "mend or remove it")
    source = Source(
        frames=iter(()),
        name=folder.resolve().name,
        width=first.shape[1],
        height=first.shape[0],
        frame_rate=frame_rate,
        frame_count=len(ordered),
        path=folder,
    )
    source.frames = _frames(ordered, source)
    return source


def natural_key(path: Path) -> list[tuple[int, int | str]]:
    """A key that sorts numbers in names by their value."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts]


def read_image(path: Path, damage: list[str] | None = None) -> Image | None:
    """The picture ``(H, W, 3)`` BGR, turned upright as its EXIF data say; None when it cannot be read.

    damage: gets what its decoder says of a picture of which a part is lost. One of more than `limits.PICTURE_PIXELS` is
    not read: a few bytes of a file can stand for gigabytes of a picture.
    """
    try:
        data = np.fromfile(path, dtype=np.uint8)  # unlike cv2.imread, takes any file name on any system
        if not data.size or _pixels(path) > limits.PICTURE_PIXELS:
            return None
        with codec_messages(damage):
            return cv2.imdecode(data, cv2.IMREAD_COLOR)  # type: ignore[return-value]
    except (OSError, cv2.error):
        return None


def _pixels(path: Path) -> int:
    """How many pixels a picture says that it has; 0 where it does not say so in a way that Pillow knows."""
    try:
        with PIL.Image.open(path) as picture:
            return int(picture.width * picture.height)
    except PIL.Image.DecompressionBombError:
        return limits.PICTURE_PIXELS + 1
    except Exception:  # plugins raise all kinds, and ultralytics puts its own opener in the place of Pillow's
        return 0


def _frames(paths: Sequence[Path], source: Source) -> Iterator[Frame]:
    unreadable: list[Path] = []
    resized: list[Path] = []
    damaged: dict[Path, str] = {}
    skipped = min(max(0, int(source.start * source.frame_rate) - 1), len(paths))
    for index, path in enumerate(paths[skipped:], start=skipped + 1):
        damage: list[str] = []
        image = read_image(path, damage)
        if image is None:
            unreadable.append(path)
        elif damage:
            damaged[path] = damage[0]
        if image is not None and image.shape[:2] != (source.height, source.width):
            image = np.asarray(cv2.resize(image, (source.width, source.height)), dtype=np.uint8)
            resized.append(path)
        if image is not None:
            yield Frame(image, index, float((index - 1) / source.frame_rate))
    if resized:
        source.warnings.append(
            f"{resized[0]}: {len(resized)} of {len(paths)} images were scaled to the first one's size"
        )
    if damaged:
        path, why = next(iter(damaged.items()))
        source.warnings.append(f"{path}: {len(damaged)} of {len(paths)} images are damaged: {why}")
    if unreadable:
        source.warnings.append(f"{unreadable[0]}: {len(unreadable)} of {len(paths)} images could not be read")
