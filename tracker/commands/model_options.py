"""Options of the detector, of appearance and of the tracker."""

from __future__ import annotations

from typing import Any


def add_models(group: Any) -> None:
    """Add the options of the detector and the tracker."""
    group.add_argument(
        "--detector",
        metavar="NAME|PATH",
        help="auto (default: sliding), motion, a model: PATH.onnx (docs/detectors.md), PATH.pt (extra: yolo), or "
        "package.module:Name (docs/python.md)",
    )
    group.add_argument("--detections", metavar="PATH", help="take detections from a MOTChallenge text file instead")
    group.add_argument(
        "--rescale-scores",
        action="store_true",
        help="map the scores in --detections from their own range to [0, 1]; percentages are known as such without it",
    )
    group.add_argument(
        "--appearance",
        metavar="NAME|PATH",
        help="auto (default: people), none, a re-identification model: PATH.onnx, or package.module:Name",
    )
    group.add_argument("--tracker", metavar="NAME", help="keeptrack (default), bytetrack, deepsort or sort")
    group.add_argument(
        "--camera-motion",
        metavar="NAME|PATH",
        help="auto (default: estimated from the pictures), none, or a text file: frame, then the 2x3 matrix row by row",
    )
    group.add_argument(
        "--detect-every",
        metavar="N|auto",
        help="detect in each N-th frame (default: 1), or where it is needed; tracks are carried through the others",
    )
    group.add_argument(
        "--memory",
        metavar="TIME",
        help="how long those who have left are remembered, to get their numbers back (default: 1min); 0: not at all",
    )
    group.add_argument("--classes", metavar="A,B", help="names or ids of the classes to track (default: all)")
    group.add_argument(
        "--masks",
        action="store_true",
        help="cut each object out of its box: its silhouette, drawn and written; models that tell masks need it not",
    )
    _add_search(group)
    _add_model_settings(group)


def _add_search(group: Any) -> None:
    """Add how frames are searched, and what counts as found."""
    group.add_argument(
        "--conf", type=float, metavar="SCORE", help="ignore detections below this score (default: 0.1; for files 0)"
    )
    group.add_argument(
        "--iou", type=float, metavar="IOU", help="overlap that non-max suppression allows (default: 0.7)"
    )
    group.add_argument(
        "--imgsz", type=int, metavar="PIXELS", help="longer side that frames are searched at (default: what suits them)"
    )
    group.add_argument(
        "--tiles",
        metavar="N|auto",
        help="also search N x N overlapping parts of each frame, or as many as it takes, for small objects",
    )
    group.add_argument(
        "--device",
        metavar="NAME",
        help="auto (default), cpu, cuda, tensorrt, openvino, coreml or directml; the CPU where that is not to be had",
    )


def _add_model_settings(group: Any) -> None:
    """Add what a user says of an .onnx model because its file does not say it."""
    group.add_argument(
        "--names", metavar="FILE", help="of an .onnx model that does not name its classes: one a line; or coco"
    )
    group.add_argument(
        "--preprocess",
        metavar="WORDS",
        help="how pictures go into an .onnx model, where not as its family's do: rgb or bgr; unit ([0, 1]), bytes, "
        "signed ([-1, 1]), imagenet, mean=A:B:C, std=A:B:C; letterbox, corner, stretch or whole; pad=N; with commas",
    )
    group.add_argument("--family", metavar="NAME", help="of an .onnx model that fits several; see docs/detectors.md")
