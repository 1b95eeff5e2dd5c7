"""What the figures share: their ink, the frames of the sample clip, and pictures with boxes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import matplotlib
import numpy as np
from matplotlib.patches import Rectangle

from detectors import Frame
from tracker import track

matplotlib.use("Agg")

ROOT = Path(__file__).resolve().parents[2]
CLIP = ROOT / "videos" / "walkers.mp4"
INK, ACCENT, WARM = "#858c94", "#12a583", "#e0a021"
CROWDED = 120  # the frame that is looked at

Figure = Any


def style() -> None:
    """Grey ink, thin lines, no ground."""
    colours: dict[str, Any] = dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK
    )
    shape: dict[str, Any] = {
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "savefig.transparent": True,
    }
    matplotlib.rcParams.update(colours | shape | {"svg.hashsalt": "keeptrack", "axes.titlesize": 10.5})


def frames() -> Iterator[Frame]:
    """The frames of the clip."""
    for frame, _ in track(CLIP, detector=lambda picture: [], appearance="none", camera_motion="none"):
        yield frame


def crowded() -> Frame:
    """One frame with many people."""
    return next(frame for frame in frames() if frame.index == CROWDED)


def show(axes: Any, image: np.ndarray, title: str = "") -> None:
    """A BGR picture without axes."""
    axes.imshow(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    axes.set_title(title)
    axes.set_axis_off()


def draw_boxes(axes: Any, boxes: np.ndarray, colour: str, width: float = 1.2, alpha: float = 1.0) -> None:
    """Boxes ``(N, 4)`` xyxy on a picture."""
    for x1, y1, x2, y2 in boxes:
        axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, ec=colour, lw=width, alpha=alpha))
