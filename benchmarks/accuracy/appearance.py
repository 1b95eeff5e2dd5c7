"""How well appearance models tell people apart in MOTChallenge sequences with images, and how fast they are.

usage: python -m benchmarks.accuracy.appearance ROOT... [--models people,PATH.onnx] [--threads N] [--markdown]

Crops are those of the ground truth: at most 40 of a person, spread over the time in which others do not mostly hide it.
The protocol of rank-1, mAP and AUC is that of training/evaluation/retrieval.py; each sequence is judged by itself.
Speed is the processor's time, of all threads, for cutting out and describing, a frame's crops at a time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.tables import print_circumstances, print_table
from detectors import Frame, InputError
from detectors.base import Floats
from tracker.appearance.embedder import BUNDLED_MODEL, OnnxEmbedder
from training.data.identities import Crop, load_crops
from training.evaluation.retrieval import Gallery, Separation, judge

HEADINGS = ("sequence", "people", "crops", "rank-1", "mAP", "AUC")


def describe(embed: OnnxEmbedder, crops: Sequence[Crop]) -> tuple[Floats, float]:
    """Unit vectors ``(N, D)`` of crops, and the processor's seconds that it took, without reading images."""
    frames: dict[Path, list[int]] = defaultdict(list)
    for row, crop in enumerate(crops):
        frames[crop.picture].append(row)
    vectors: list[Floats] = [np.empty(0)] * len(crops)
    seconds = 0.0
    for path, rows in frames.items():
        frame = Frame(np.asarray(cv2.imread(str(path)), dtype=np.uint8), 1, 0.0)
        boxes = np.array([crops[row].box for row in rows], dtype=np.float64)
        started = time.process_time()
        found = embed(frame, boxes)
        seconds += time.process_time() - started
        for row, vector in zip(rows, found, strict=True):
            vectors[row] = vector
    return np.stack(vectors), seconds


def separation(crops: Sequence[Crop], vectors: Floats) -> Separation:
    """Rank-1, mAP and AUC of crops described by unit vectors ``(N, D)``."""
    who, scenes, sources = (
        np.array([getattr(crop, each) for crop in crops]) for each in ("identity", "scene", "source")
    )
    return judge(Gallery(vectors, who, scenes, sources, np.array([crop.seconds for crop in crops])))


def measure(name: str, crops: Sequence[Crop], threads: int, markdown: bool) -> None:
    """Print what one model makes of all sequences."""
    path = BUNDLED_MODEL if name in ("auto", "people") else Path(name)
    vectors, seconds = describe(OnnxEmbedder(path, "cpu", threads), crops)
    scenes = np.array([crop.scene for crop in crops])
    rows, shares = [], []
    for scene in np.unique(scenes).tolist():
        own = [crop for crop in crops if crop.scene == scene]
        found = separation(own, vectors[scenes == scene])
        shares.append((found.rank1, found.mean_ap, found.auc))
        title = own[0].picture.parent.parent.name
        rows.append([title, str(found.identities), str(len(own)), *(f"{100 * share:.1f}" for share in shares[-1])])
    mean = [f"{100 * share:.1f}" for share in np.mean(shares, axis=0)]
    title = f"{path.name}: {1000 * seconds / len(crops):.2f} ms of processor time a crop"
    print_table(title, HEADINGS, [rows, [["mean", "", str(len(crops)), *mean]]], markdown)


def main() -> None:
    """Print a table for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="+", type=Path, metavar="ROOT")
    parser.add_argument("--models", default="people", metavar="NAME|PATH,...")
    parser.add_argument("--threads", type=int, default=1, help="of the processor (default: 1); 0: all")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    arguments = parser.parse_args()
    print_circumstances()
    try:
        crops = load_crops(arguments.places)
        for name in arguments.models.split(","):
            measure(name, crops, arguments.threads, arguments.markdown)
    except InputError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
