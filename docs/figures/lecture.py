"""Draws the figures of docs/lecture.md with the product's own code, on its sample clip.

usage: python docs/figures/lecture.py [NAME...]

Needs the extra `train`. Grey ink on no ground, so that they suit a light and a dark page. Those of
segmentation are in segmentation.py, and what all share is in drawing.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import torch
from drawing import ACCENT, CLIP, CROWDED, INK, ROOT, WARM, Figure, crowded, draw_boxes, show, style
from matplotlib import pyplot
from matplotlib.patches import Ellipse
from segmentation import silhouettes, skips, transposed_convolution
from torch import nn

from detectors import Frame
from detectors.boxes import iou_matrix, nms
from detectors.sliding import SlidingDetector, fit
from tracker import track
from tracker.appearance.embedder import load_embedder
from tracker.association.kalman import KalmanFilter
from tracker.association.motion_models import CENTRE_SIZE
from tracker.drawing.colours import colour_of
from training.networks.backbones import LeNet5
from training.networks.geometry import geometry_of
from training.networks.pyramid import STRIDES
from training.networks.sliding import LocalisationNetwork, slide, to_fully_convolutional

OUT = ROOT / "docs" / "lecture"
CHI_SQUARE_95 = 5.991  # of 2 degrees of freedom
PAUSE = range(14, 20)  # frames in which the walker of the Kalman filter is hidden


def receptive_fields() -> Figure:
    """What one cell of LeNet-5 sees, layer by layer."""
    layers = list(LeNet5().features.children())
    told = [(type(layers[n - 1]).__name__, geometry_of(nn.Sequential(*layers[:n]))) for n in range(1, len(layers) + 1)]
    rows = [("picture", 1, 1.0), *((name, g.stride, g.receptive_field) for name, g in told if name != "ReLU")]
    figure, axes = pyplot.subplots(figsize=(8, 2.9), layout="constrained")
    for row, (name, stride, field) in enumerate(rows):
        for place in np.arange(stride / 2, 32, stride):
            seen = abs(place - 16) < rows[-1][2] / 2
            axes.plot(place, -row, "s", ms=2.5 + 1.3 * np.log2(stride + 1), color=INK if row or not seen else ACCENT)
        axes.plot([16 - field / 2, 16 + field / 2], [-row - 0.32] * 2, color=WARM, lw=2)
        label = f"{name.replace('Conv2d', 'convolution 5').replace('MaxPool2d', 'max pooling 2')}"
        axes.text(33.5, -row, f"{label}: stride {stride}, sees {field:.0f}", va="center")
    axes.set(xlim=(-0.5, 51), ylim=(-len(rows) + 0.3, 0.6))
    axes.set_axis_off()
    return figure


def one_pass() -> Figure:
    """Each window through a network by itself, and the whole picture once: the same numbers."""
    torch.manual_seed(1)
    network = LocalisationNetwork(LeNet5().features, 16, 1, 32).eval()
    picture = torch.from_numpy(cv2.resize(crowded().image, (192, 144))).permute(2, 0, 1).float() / 255
    with torch.no_grad():
        whole = to_fully_convolutional(network)(picture[None])[0]
    windows = slide(network, picture, 4)
    most = float((whole - windows).abs().max())
    figure, (left, middle, right) = pyplot.subplots(1, 3, figsize=(9, 2.6), layout="constrained")
    show(left, (picture.permute(1, 2, 0).numpy() * 255).astype(np.uint8), "windows of 32 pixels, 4 apart")
    draw_boxes(left, np.array([[x, 52, x + 32, 84] for x in range(40, 60, 4)]), "#ffd166", 0.9)
    for axes, answer, title in (
        (middle, windows, f"{windows[0].numel():,} windows"),
        (right, whole, f"one pass, the same to {most:.0e}"),
    ):
        axes.imshow(answer[0].numpy(), cmap="viridis")
        axes.set_title(title)
        axes.set_axis_off()
    return figure


def score_maps() -> Figure:
    """What every cell of the package's detector thinks of a street, by stride."""
    frame, detector = crowded(), SlidingDetector()
    height, width = frame.image.shape[:2]
    canvas, _ = fit(frame.image, detector.search_size(height, width))
    table = detector._session.run(None, {detector._input: canvas[None]})[0][0]  # (cells, 4 + classes)
    figure, axes = pyplot.subplots(1, 3, figsize=(9, 2.6), layout="constrained")
    start = 0
    for each, stride in zip(axes, STRIDES, strict=True):
        rows, columns = canvas.shape[0] // stride, canvas.shape[1] // stride
        people = table[start : start + rows * columns, 4].reshape(rows, columns)
        start += rows * columns
        show(each, (canvas * 0.6).astype(np.uint8), f"stride {stride}: {rows} x {columns} cells")
        extent = (0, canvas.shape[1], canvas.shape[0], 0)
        each.imshow(people, cmap="inferno", alpha=0.65, vmin=0, vmax=1, extent=extent, interpolation="nearest")
    return figure


def suppression() -> Figure:
    """Candidates, and what non-max suppression leaves of them."""
    frame = crowded()
    found = SlidingDetector(conf=0.1)(frame)
    left_over = found[nms(found.boxes, found.scores, 0.7, found.class_ids)]
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    part = slice(110, 320), slice(340, 768)
    for each, some, what in zip(axes, (found, left_over), ("candidates", "left"), strict=True):
        show(each, frame.image[part], f"{len(some)} {what}")
        draw_boxes(each, some.boxes - (340, 110, 340, 110), "#3ddbb4", 1.1)
        each.set(xlim=(0, 428), ylim=(210, 0))
    return figure


def kalman() -> Figure:
    """A walker who is hidden for a while: where the filter expects him, and how sure it is."""
    rng = np.random.default_rng(3)
    filter_, size, first = KalmanFilter(CENTRE_SIZE), np.array([30.0, 80.0]), True
    figure, axes = pyplot.subplots(figsize=(8.4, 3.1), layout="constrained")
    for index in range(30):
        centre = np.array([20 + 12.0 * index, 90 + 28 * np.sin(index / 7)])
        noisy = centre + rng.normal(0, 3, 2)
        box = np.concatenate([noisy - size / 2, noisy + size / 2])[None]
        if first:
            filter_.append(box)
        else:
            filter_.predict(1 / 30)
        (x, y), spread = filter_.centres()[0], np.sqrt(filter_.var_mean[0, :2] * CHI_SQUARE_95)
        hidden = index in PAUSE
        axes.add_patch(Ellipse((x, y), *(2 * spread), fill=False, ec=WARM if hidden else ACCENT, lw=1, alpha=0.8))
        axes.plot(*(centre if hidden else noisy), "x" if hidden else "o", ms=5, color=INK)
        if not first and not hidden:
            filter_.update(np.array([0]), box)
        first = False
    axes.set(xlim=(-15, 395), ylim=(175, 35), aspect="equal", xlabel="pixels", ylabel="pixels")
    axes.set_title("dots: detections; crosses: where he is, hidden; ellipses: where the filter expects him, 95 %")
    return figure


def matrix(axes: Any, values: np.ndarray, names: tuple[list[str], list[str]], title: str) -> None:
    """Numbers in a grid, the large ones in colour."""
    axes.imshow(values, cmap="Greens", vmin=0, vmax=1.4)
    for row, column in np.ndindex(*values.shape):
        if values[row, column] > 0.005:
            best = values[row, column] > 0.5
            text = f"{values[row, column]:.2f}".lstrip("0")
            axes.text(column, row, text, ha="center", va="center", color="#111" if best else INK, fontsize=8.5)
    axes.set_yticks(range(len(names[0])), names[0])
    axes.set_xticks(range(len(names[1])), names[1], rotation=45, ha="right", rotation_mode="anchor")
    axes.set_title(title)


def association() -> Figure:
    """Tracks of one frame and detections three frames later: how much each of them overlaps."""
    seen = {frame.index: (frame, tracks) for frame, tracks in track(CLIP, max_frames=CROWDED + 3, classes=["person"])}
    tracks = seen[CROWDED][1]
    later, found = seen[CROWDED + 3]
    order = np.random.default_rng(0).permutation(len(found.boxes))
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9.6, 3.6), width_ratios=(1.45, 1), layout="constrained")
    show(left, later.image[40:330], "tracks (thin) and detections, 0.3 seconds later")
    for number, box in zip(tracks.track_ids, tracks.boxes - (0, 40, 0, 40), strict=True):
        colour = [channel / 255 for channel in colour_of(int(number))[::-1]]
        draw_boxes(left, box[None], colour, 1.0)  # type: ignore[arg-type]
    for letter, box in zip("ABCDEFGHIJKL", found.boxes[order] - (0, 40, 0, 40), strict=False):
        draw_boxes(left, box[None], "#ffffff", 1.6)
        left.text(box[2] + 2, box[1] + 4, letter, color="#ffffff", fontsize=9, weight="bold")
    names = [f"track {number}" for number in tracks.track_ids], list("ABCDEFGHIJKL"[: len(order)])
    matrix(right, iou_matrix(tracks.boxes, found.boxes[order]), names, "overlap (IoU)")
    right.tick_params(axis="x", rotation=0)
    return figure


def appearance() -> Figure:
    """How alike people look to our network, now and a second later."""
    seen = {}
    for frame, tracks in track(CLIP, max_frames=CROWDED + 10, classes=["person"]):
        if frame.index in (CROWDED, CROWDED + 10):
            seen[frame.index] = frame, tracks
    (first, before), (second, after) = seen.values()
    both = [int(number) for number in before.track_ids if number in after.track_ids][:6]
    embed = load_embedder("people")
    assert embed is not None
    vectors = []
    for frame, tracks in ((first, before), (second, after)):
        rows = [tracks.track_ids.tolist().index(number) for number in both]
        vectors.append((embed(frame, tracks.boxes[rows]), [_crop(frame, box) for box in tracks.boxes[rows]]))
    figure: Any = pyplot.figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.1, 1))
    axes = left.subplots(2, len(both))
    for row, (_, crops) in enumerate(vectors):
        for column, crop in enumerate(crops):
            show(axes[row, column], crop, f"{both[column]}" if row == 0 else "")
    names = [str(number) for number in both], [str(number) for number in both]
    matrix(right.subplots(), vectors[0][0] @ vectors[1][0].T, names, "cosine similarity, a second apart")
    return figure


def _crop(frame: Frame, box: np.ndarray) -> np.ndarray:
    x1, y1, x2, y2 = np.clip(box.round().astype(int), 0, None)
    return cv2.resize(frame.image[y1:y2, x1:x2], (64, 128))


FIGURES: dict[str, tuple[Callable[[], Figure], str]] = {
    "receptive-fields": (receptive_fields, "svg"),
    "one-pass": (one_pass, "webp"),
    "score-maps": (score_maps, "webp"),
    "suppression": (suppression, "webp"),
    "transposed-convolution": (transposed_convolution, "svg"),
    "skips": (skips, "webp"),
    "silhouettes": (silhouettes, "webp"),
    "kalman": (kalman, "svg"),
    "association": (association, "webp"),
    "appearance": (appearance, "webp"),
}
"""Name -> what draws it, and the kind of its file."""


def main(names: list[str]) -> None:
    """Draw the figures, or those that are named."""
    style()
    OUT.mkdir(exist_ok=True)
    for name in names or FIGURES:
        draw, kind = FIGURES[name]
        figure = draw()
        more = {"metadata": {"Date": None}} if kind == "svg" else {"dpi": 170, "pil_kwargs": {"quality": 82}}
        figure.savefig(OUT / f"{name}.{kind}", **more)
        pyplot.close(figure)


if __name__ == "__main__":
    main(sys.argv[1:])
