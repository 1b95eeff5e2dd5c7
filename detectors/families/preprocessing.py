"""How a picture goes into a model: where on the canvas, in which order of colours, in which numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from detectors.base import Floats, Image
from detectors.errors import InputError

Colours = tuple[float, float, float]
Fit = Literal["letterbox", "corner", "stretch", "whole"]

FITS: dict[str, Fit] = {"letterbox": "letterbox", "corner": "corner", "stretch": "stretch", "whole": "whole"}
PAD_GREY = 114  # the colour around the picture in YOLO training
IMAGENET_MEAN: Colours = (123.675, 116.28, 103.53)  # RGB, of pixels in [0, 255]
IMAGENET_STD: Colours = (58.395, 57.12, 57.375)
RANGES = {"unit": (0.0, 255.0), "bytes": (0.0, 1.0), "signed": (127.5, 127.5)}
"""Word -> mean and std of every channel."""
WORDS = "rgb, bgr, unit, bytes, signed, imagenet, letterbox, corner, stretch, whole, mean=A:B:C, std=A:B:C, pad=N"


@dataclass(frozen=True)
class Preprocessing:
    """What a model expects. A number of its input is ``(pixel - mean) / std``.

    fit: "letterbox" scales the picture alike both ways and centres it on grey; "corner" puts it at the top left
    instead; "stretch" scales each side to the model's; "whole" gives a model that scales for itself the frame as it
    is, or as "letterbox" where the model's size is fixed. rgb: the order of the colours, else BGR. mean, std: for each
    channel in that order, of pixels in [0, 255]; not used where the model takes bytes. pad: the colour around the
    picture.
    """

    fit: Fit = "letterbox"
    rgb: bool = True
    mean: Colours = (0.0, 0.0, 0.0)
    std: Colours = (255.0, 255.0, 255.0)
    pad: int = PAD_GREY


class Placement(NamedTuple):
    """Where a frame lies in a model's input: ``input = frame * scale + margin``."""

    scale_x: float
    scale_y: float
    left: int
    top: int

    def to_frame(self, boxes: Floats) -> Floats:
        """xyxy boxes ``(N, 4)`` in pixels of the input -> in pixels of the frame."""
        return self.points_to_frame(boxes.reshape(-1, 2)).reshape(-1, 4)

    def points_to_frame(self, points: Floats) -> Floats:
        """Points ``(..., 2)``, x and y in pixels of the input -> in pixels of the frame."""
        return (points - [self.left, self.top]) / [self.scale_x, self.scale_y]


def place(image: Image, size: tuple[int, int], how: Preprocessing) -> tuple[Image, Placement]:
    """`image` on a canvas of (height, width) `size`, still bytes in BGR, and where it lies there."""
    height, width = image.shape[:2]
    if how.fit in ("stretch", "whole"):
        canvas = image if (height, width) == size else np.asarray(cv2.resize(image, size[::-1]), np.uint8)
        return canvas, Placement(size[1] / width, size[0] / height, 0, 0)
    scale = min(size[0] / height, size[1] / width)
    high, wide = max(1, round(height * scale)), max(1, round(width * scale))
    top, left = ((size[0] - high) // 2, (size[1] - wide) // 2) if how.fit == "letterbox" else (0, 0)
    canvas = np.full((*size, 3), how.pad, np.uint8)
    canvas[top : top + high, left : left + wide] = cv2.resize(image, (wide, high))
    return canvas, Placement(scale, scale, left, top)


def numbers(canvas: Image, how: Preprocessing) -> npt.NDArray[np.float32]:
    """The picture as a model wants it: ``(1, 3, H, W)``, from bytes in BGR."""
    if how.mean == (0, 0, 0) and len(set(how.std)) == 1:
        return np.asarray(cv2.dnn.blobFromImage(canvas, 1 / how.std[0], swapRB=how.rgb), np.float32)
    blob = np.array(cv2.dnn.blobFromImage(canvas, swapRB=how.rgb), np.float32)
    for channel in range(3):  # plane by plane is quick
        blob[0, channel] -= np.float32(how.mean[channel])
        blob[0, channel] /= np.float32(how.std[channel])
    return blob


def parse_preprocessing(text: str, default: Preprocessing) -> Preprocessing:
    """`default`, changed by the words of ``--preprocess``. Raises InputError for a word that it does not know."""
    how = default
    for word in (each.strip().lower() for each in text.split(",") if each.strip()):
        how = _changed(how, word)
    return how


def told(how: Preprocessing) -> str:
    """The words of ``--preprocess`` that give `how`."""
    rgb = how if how.rgb else _turned(how)
    if (rgb.mean, rgb.std) == (IMAGENET_MEAN, IMAGENET_STD):
        scaled = "imagenet"
    else:
        known = {((mean,) * 3, (std,) * 3): word for word, (mean, std) in RANGES.items()}
        scaled = known.get((how.mean, how.std), f"mean={_spelled(how.mean)}, std={_spelled(how.std)}")
    words = ["rgb" if how.rgb else "bgr", scaled, how.fit, *([] if how.pad == PAD_GREY else [f"pad={how.pad}"])]
    return ", ".join(words)


def _spelled(colours: Colours) -> str:
    return ":".join(f"{each:g}" for each in colours)


def _changed(how: Preprocessing, word: str) -> Preprocessing:
    name, _, value = word.partition("=")
    try:
        if name == "mean":
            return replace(how, mean=_colours(value, least=-np.inf))
        if name == "std":
            return replace(how, std=_colours(value, least=1e-6))
        if name == "pad":
            return replace(how, pad=int(np.uint8(int(value))))
    except (ValueError, OverflowError):
        what = "a number from 0 to 255" if name == "pad" else "three numbers with colons between them"
        raise InputError(f"--preprocess {word}", f"is not {what}", f"choose of: {WORDS}") from None
    if word in FITS:
        return replace(how, fit=FITS[word])
    if word in ("rgb", "bgr"):
        return how if how.rgb == (word == "rgb") else _turned(how)
    if word == "imagenet":
        rgb = replace(how, rgb=True, mean=IMAGENET_MEAN, std=IMAGENET_STD)
        return rgb if how.rgb else _turned(rgb)
    if word not in RANGES:
        raise InputError(f"--preprocess {word}", "is no way to prepare a picture", f"choose of: {WORDS}")
    mean, std = RANGES[word]
    return replace(how, mean=(mean, mean, mean), std=(std, std, std))


def _turned(how: Preprocessing) -> Preprocessing:
    """The other order of colours; mean and std belong to them, and change places with them."""
    return replace(how, rgb=not how.rgb, mean=how.mean[::-1], std=how.std[::-1])


def _colours(text: str, least: float) -> Colours:
    first, second, third = (float(each) for each in text.split(":"))
    if not all(np.isfinite(each) and each >= least for each in (first, second, third)):
        raise ValueError(text)
    return first, second, third
