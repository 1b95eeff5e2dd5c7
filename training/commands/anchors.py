"""Anchor shapes by k-means under the IoU distance.

Redmon and Farhadi, "YOLO9000" (2017), section 2, "Dimension clusters": the distance of two shapes is 1 - IoU of boxes
of these shapes on one centre, so that large boxes do not outweigh small ones.

usage: python -m training anchors DATA [--anchors K] [--size PIXELS] [--seed N] [-o anchors.json] [--picture PATH.png]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from detectors.base import Floats, Ints
from detectors.errors import InputError
from training.data.dataset import Dataset, load_dataset

ROUNDS = 300  # k-means settles long before


def shape_iou(a: Floats, b: Floats) -> Floats:
    """IoU ``(N, M)`` of shapes ``(N, 2)`` and ``(M, 2)``, widths and heights, laid on one centre."""
    overlap = np.minimum(a[:, None, :], b[None, :, :]).prod(axis=2)
    return np.asarray(overlap / (a.prod(axis=1)[:, None] + b.prod(axis=1)[None, :] - overlap))


def cluster_shapes(shapes: Floats, count: int, seed: int = 0) -> tuple[Floats, Ints]:
    """`count` anchors ``(K, 2)``, from small to large, and which of them each of the shapes ``(N, 2)`` belongs to.

    Starts as k-means++ (Arthur and Vassilvitskii 2007); a centre is the median shape of its cluster. Raises ValueError
    when there are fewer different shapes than anchors.
    """
    if len(np.unique(shapes, axis=0)) < count:
        raise ValueError(f"{count} anchors need at least {count} different shapes")
    rng = np.random.default_rng(seed)
    centres = shapes[rng.integers(len(shapes))][None]
    while len(centres) < count:
        distance = (1 - shape_iou(shapes, centres)).min(axis=1) ** 2
        centres = np.concatenate([centres, shapes[rng.choice(len(shapes), p=distance / distance.sum())][None]])
    member = np.full(len(shapes), -1)
    for _ in range(ROUNDS):
        nearest = shape_iou(shapes, centres).argmax(axis=1)
        if np.array_equal(nearest, member):
            break
        member = nearest
        centres = np.array(
            [np.median(shapes[member == k], axis=0) if (member == k).any() else centres[k] for k in range(count)]
        )
    order = np.argsort(centres.prod(axis=1), kind="stable")
    return centres[order], np.argsort(order)[member]


def shapes_of(dataset: Dataset, size: int) -> Floats:
    """Widths and heights ``(N, 2)`` in pixels of all boxes, their pictures scaled to a longer side of `size`."""
    shapes = [
        (image.boxes[:, 2:] - image.boxes[:, :2]) * size / max(image.width, image.height) for image in dataset.images
    ]
    return np.concatenate(shapes)


def draw_clusters(shapes: Floats, member: Ints, anchors: Floats, path: Path) -> None:
    """A picture of the shapes in the colours of their clusters, with the anchors as boxes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.patches import Rectangle

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 5.2), layout="constrained")
    colours = pyplot.get_cmap("turbo")(np.linspace(0.08, 0.92, len(anchors)))
    left.scatter(*shapes.T, s=5, c=colours[member], alpha=0.5, linewidths=0)
    left.scatter(*anchors.T, s=90, c=colours, edgecolors="black", linewidths=1.2, zorder=3)
    left.set(xscale="log", yscale="log", xlabel="width, pixels", ylabel="height, pixels", title="boxes and anchors")
    for anchor, colour in zip(anchors[::-1], colours[::-1], strict=True):
        right.add_patch(Rectangle(tuple(-anchor / 2), *anchor, fill=False, edgecolor=colour, linewidth=2.2))
    reach = 0.55 * anchors.max()
    right.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="pixels", title="the anchors")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def main(arguments: Sequence[str]) -> None:
    """Print the anchors of a data set, and write them and a picture if asked to. Raises InputError for bad data."""
    parser = argparse.ArgumentParser(prog="python -m training anchors", description="Anchor shapes by k-means.")
    parser.add_argument("data", metavar="DATA", help="COCO .json file, or YOLO-format folder")
    parser.add_argument("--anchors", type=int, default=9, metavar="K")
    parser.add_argument("--size", type=int, default=640, metavar="PIXELS", help="longer side of the network's input")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, metavar="PATH", help="write them as JSON")
    parser.add_argument("--picture", type=Path, metavar="PATH", help="draw the clusters as PNG")
    options = parser.parse_args(arguments)
    shapes = shapes_of(load_dataset(options.data), options.size)
    try:
        anchors, member = cluster_shapes(shapes, options.anchors, options.seed)
    except ValueError as error:
        parser.error(str(error))
    for number, (width, height) in enumerate(anchors):
        print(f"{width:7.1f} x {height:6.1f}   {np.mean(member == number):6.1%} of the boxes")
    print(f"mean IoU of a box and its anchor: {shape_iou(shapes, anchors).max(axis=1).mean():.3f}")
    try:
        if options.output:
            options.output.write_text(json.dumps({"size": options.size, "anchors": anchors.round(2).tolist()}) + "\n")
        if options.picture:
            draw_clusters(shapes, member, anchors, options.picture)
    except OSError as error:
        raise InputError(error.filename, f"cannot be written: {error.strerror}", "choose another place") from None
