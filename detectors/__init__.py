"""Detectors: a frame in, Detections out. Only motion.py remembers earlier frames, and nothing here knows of tracks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from detectors.base import Detections, Detector, Frame
from detectors.errors import InputError
from detectors.settings import ModelSettings
from detectors.shared import SharedDetector

__all__ = ["Detections", "Detector", "Frame", "InputError", "ModelSettings", "load_detector", "with_tiles"]

KINDS = "auto, sliding, motion, a .pt checkpoint, an .onnx model or package.module:Name"

OURS = ("auto", "sliding", "motion", "yolo")
"""Names that nobody else can take."""

CONF = 0.1
"""The lowest score of candidates that are given to the tracker, for any detector."""

WHY_AUTO = "the one that comes with keeptrack: people, bicycles, cars, motorcycles, buses and trucks"
"""What `auto` stands for, for the user."""


def load_detector(
    name: str | Path | Callable[..., Any] = "auto",
    *,
    conf: float | None = None,
    iou: float = 0.7,
    imgsz: int | None = None,
    device: str = "auto",
    threads: int = 0,
    settings: ModelSettings | None = None,
) -> Detector:
    """The detector called `name`, or the one in a .pt checkpoint or an .onnx file; or any callable as one.

    ``auto`` and ``sliding``: the sliding detector that comes with the package. ``motion``: whatever moves. An .onnx
    file is a sliding detector trained by the user, or an export of one of the families in detectors/families/.

    ``package.module:Name`` and the names that installed packages add are objects of others: see `detectors.objects`.

    conf: candidates scored below it are left out; None means `CONF`. iou: overlap allowed by a model that does its own
    non-maximum suppression. imgsz: longer side of the model's input in pixels, None for the model's own. device: a name
    of `detectors.devices.DEVICES`. threads: how many an .onnx model uses for one frame, 0 for one on each core.
    settings: what the file of an export does not say about itself.

    The libraries of a detector are imported only when it is loaded. Raises InputError when there is no such detector.
    """
    wanted, conf, text = conf or 0.0, CONF if conf is None else conf, str(name)
    if isinstance(name, (str, Path)) and text.endswith(".onnx"):
        return _load_onnx(text, conf, iou, imgsz, device, threads, settings)
    if settings and settings.given():
        raise InputError(settings.given(), f"is about an .onnx model, not --detector {text}", "leave it out")
    offered = {"conf": conf, "iou": iou, "imgsz": imgsz, "device": device, "threads": threads}
    found = _load_object(name, wanted, offered)
    return _load(text, conf, iou, imgsz, device, threads) if found is None else found


def with_tiles(detector: Detector, tiles: int | str | None, iou: float = 0.7) -> Detector:
    """The detector, which also searches so many parts along each side of a frame.

    tiles: "auto" for as many as it takes to see small objects; None for the whole frame alone. Raises InputError.
    """
    if tiles is None:
        return detector
    from detectors.motion import MotionDetector
    from detectors.tiles import TiledDetector

    if isinstance(detector, MotionDetector):
        raise InputError("--tiles", "--detector motion sees small things anyway", "leave one of them out")
    close = detector.close_up() if hasattr(detector, "close_up") else detector
    return TiledDetector(detector, close, None if str(tiles) == "auto" else int(tiles), iou)


def _load_object(name: str | Path | Callable[..., Any], conf: float, settings: Mapping[str, Any]) -> Detector | None:
    """The detector of somebody else that `name` is or names; None where it names one of ours, or a file."""
    text = str(name)
    if isinstance(name, (str, Path)) and (text in OURS or text.endswith((".pt", ".onnx"))):
        return None
    from detectors.objects import DETECTORS, ObjectDetector, find_object

    if isinstance(name, SharedDetector):
        return name
    if not isinstance(name, (str, Path)):
        if isinstance(name, type) or not callable(name):
            kind = name.__name__ if isinstance(name, type) else type(name).__name__
            raise InputError(
                f"detector={kind}", "is no object that can be called", "give an object, such as a function"
            )
        return ObjectDetector(name, conf)
    found = find_object("--detector", text, DETECTORS, settings)
    return None if found is None else ObjectDetector(found, conf)


def _load(text: str, conf: float, iou: float, imgsz: int | None, device: str, threads: int) -> Detector:
    if text in ("auto", "sliding"):
        from detectors.sliding import SlidingDetector

        return SlidingDetector(conf=conf, imgsz=imgsz, device=device, threads=threads)
    if text == "motion":
        from detectors.motion import MotionDetector

        return MotionDetector(conf)
    if text == "yolo":
        raise InputError(
            "--detector yolo",
            "which weights? A checkpoint can run code, so only a file that you name is loaded",
            "--detector yolo11n.pt, or an export: --detector yolo11n.onnx",
        )
    if text.endswith(".pt"):
        from detectors.yolo import YoloDetector

        return YoloDetector(text, conf, iou, imgsz, device)
    raise InputError(f"--detector {text}", "no such detector", f"choose one of: {KINDS}")


def _load_onnx(
    path: str, conf: float, iou: float, imgsz: int | None, device: str, threads: int, settings: ModelSettings | None
) -> Detector:
    from detectors.onnx import OnnxDetector
    from detectors.runtime import open_session
    from detectors.sliding import SlidingDetector, is_sliding

    session = open_session(path, device, threads)
    if not is_sliding(session):
        return OnnxDetector(path, conf, imgsz, device, session=session, settings=settings, iou=iou)
    if settings and settings.given():
        raise InputError(settings.given(), f"{path} says itself what it needs", "leave it out")
    return SlidingDetector(path, conf, imgsz, device=device, session=session)
