"""Valid inputs, which the product itself makes of a small scene: what the fuzz then damages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.faults import video_seeds
from benchmarks.faults.worker import replace_engine, serial_engine
from benchmarks.speed.measurement import ROOT
from detectors import InputError
from tests.scenes import CROSSING, FRAME_RATE, HEIGHT, WIDTH, detection_lines, render, truth
from tracker.batch.events import Event, JobFinished, JobStarted
from tracker.batch.job import Job, Outcome
from tracker.commands.cli import main
from tracker.writers.h264 import VideoFormat
from tracker.writers.video import VideoWriter

FRAMES = 12
FORMATS = ("mot", "cvat", "coco", "labelstudio", "yolo", "fiftyone")
REGIONS = {
    "roi": [[[0, 0], [300, 0], [300, 240], [0, 240]]],
    "mask": [[[0, 0], [20, 0], [20, 20], [0, 20]]],
    "lines": {"door": [[160, 0], [160, 240]], "gate": [[0, 120], [320, 120]]},
    "zones": {"hall": [[10, 10], [310, 10], [310, 230], [10, 230]]},
    "anchor": "foot",
}
CORNERS = ((20, 230), (300, 230), (220, 60), (100, 60))
METRES = {
    "size": [WIDTH, HEIGHT],
    "points": [
        {"picture": picture, "metres": metres}
        for picture, metres in zip(CORNERS, ((0, 0), (8, 0), (8, 20), (0, 20)), strict=True)
    ],
}
CAMERAS = """detections = "in/seq/det/det.txt"
output = "none"

[sources.door]
source = "in/seq"
line = "door:160,0,160,240"

[sources.yard]
source = "in/seq"
zone = ["hall:10,10,310,10,310,230,10,230"]
start = 0.1
"""
SEQINFO = "[Sequence]\nname=seq\nimDir=img1\nframeRate=12.5\nseqLength=12\nimWidth=320\nimHeight=240\nimExt=.jpg\n"
PIECES_FRAMES, PIECES_RATE = 150, Fraction(1)
PIECES = "annotate in/day.mp4 -o out/batch --split 1min --detections in/det.txt --camera-motion none --quiet"


def run(program: str, *arguments: str | Path) -> None:
    """Run a command line in a process of its own. Raises InputError if it fails."""
    command = [sys.executable, "-m", program, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(" ".join(command[2:]), f"failed: {done.stderr[-500:]}", "see what it says by hand")


def here(*arguments: str | Path) -> None:
    """Run a command line of keeptrack in this process. Raises InputError if it fails."""
    if main([*map(str, arguments)]):
        raise InputError(" ".join(map(str, arguments)), "failed", "see what it says")


def clip(path: Path, frames: int = FRAMES, rate: Fraction = FRAME_RATE) -> Path:
    """The scene as mp4."""
    with VideoWriter(path, VideoFormat(rate, 1 / rate / 100)) as video:
        for index, picture in enumerate(render(CROSSING, frames)):
            video.write(picture, float(index / rate))
    return path


def detections(path: Path, frames: int = FRAMES) -> Path:
    """The scene as MOTChallenge detections."""
    path.write_text("".join(f"{line}\n" for line in detection_lines(CROSSING, frames)))
    return path


def sequence(folder: Path) -> Path:
    """The scene as a MOTChallenge sequence without pictures: seqinfo.ini, det/det.txt, gt/gt.txt."""
    (folder / "det").mkdir(parents=True)
    (folder / "gt").mkdir()
    (folder / "seqinfo.ini").write_text(SEQINFO)
    detections(folder / "det" / "det.txt")
    lines = [
        f"{frame},{track_id},{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},1,1,1.0\n"
        for frame in range(1, FRAMES + 1)
        for track_id, (x1, y1, x2, y2) in zip(*truth(CROSSING, frame), strict=True)
    ]
    (folder / "gt" / "gt.txt").write_text("".join(lines))
    return folder


def results(folder: Path) -> None:
    """in/: a sequence, and result.txt, the tracks in it; out/: the results of an earlier conversion."""
    source = sequence(folder / "in" / "seq")
    (folder / "out").mkdir()
    here(
        source,
        "--detections",
        source / "det" / "det.txt",
        "-o",
        "none",
        "--mot",
        folder / "in" / "result.txt",
        "--quiet",
    )
    (folder / "out" / "old.json").write_text("{}\n")
    (folder / "in" / "camera.txt").write_text("".join(f"{frame} 1 0 0.5 0 1 0\n" for frame in range(1, FRAMES + 1)))
    (folder / "in" / "regions.json").write_text(json.dumps(REGIONS))
    (folder / "in" / "metres.json").write_text(json.dumps(METRES))
    (folder / "in" / "cameras.toml").write_text(CAMERAS)


def labelled(folder: Path) -> None:
    """in/: the tracks in each format of labelling tools, and as archives."""
    results(folder)
    places = folder / "in"
    here("convert", places / "seq", places / "all.json", "--format", "coco")
    for name, target in zip(FORMATS, ("mot.zip", "cvat.xml", "coco.json", "ls.json", "yolo", "fiftyone"), strict=True):
        here("convert", places / "all.json", places / target, "--format", name)
    with zipfile.ZipFile(places / "cvat.zip", "w") as archive:
        archive.write(places / "cvat.xml", "annotations.xml")
    silhouettes(places)
    (places / "all.json").unlink()


def silhouettes(places: Path) -> None:
    """Each box filled: masks.json and polygons.json (COCO), mots/seq/gt/gt.txt (MOTS)."""
    tracks = json.loads((places / "all.json").read_text())
    for each in tracks["annotations"]:
        x, y, width, height = each["bbox"]
        each["segmentation"] = [[x, y, x + width, y, x + width, y + height, x, y + height]]
    source = places / "filled.json"
    source.write_text(json.dumps(tracks))
    here("convert", source, places / "masks.json", "--format", "coco")
    here("convert", source, places / "polygons.json", "--format", "coco-polygons")
    truth_of_masks = places / "mots" / "seq" / "gt" / "gt.txt"
    truth_of_masks.parent.mkdir(parents=True)
    here("convert", source, truth_of_masks, "--format", "mots")
    source.unlink()


def batch(folder: Path) -> None:
    """in/: two videos and a list of them; out/batch: their results, one of them corrected by hand."""
    places = folder / "in"
    places.mkdir()
    clip(places / "a.mp4")
    shutil.copy2(places / "a.mp4", places / "b.mp4")
    found = detections(places / "det.txt")
    rows = [f"{name}.mp4,{found},none,none,0.1" for name in "ab"]
    (places / "list.csv").write_text("\n".join(["source,detections,appearance,camera_motion,conf", *rows]) + "\n")
    (places / "list.txt").write_text("a.mp4\n# another\nb.mp4\n")
    out = folder / "out" / "batch"
    run("tracker", "annotate", places / "list.csv", "-o", out, "--format", "mot,cvat,coco", "--jobs", "1", "--quiet")
    with (out / "b" / "cvat.xml").open("a") as file:
        file.write("<!-- corrected by hand -->\n")
    (out / "b" / "note.txt").write_text("somebody's note\n")


def pieces(folder: Path) -> None:
    """in/: a video of two minutes and more; out/batch: the first passes over its pieces, which nobody has joined."""
    place = folder / "in"
    place.mkdir()
    clip(place / "day.mp4", PIECES_FRAMES, PIECES_RATE)
    detections(place / "det.txt", PIECES_FRAMES)
    replace_engine(_without_joining)
    os.chdir(folder)
    main(PIECES.split())


def _without_joining(jobs: Iterator[Job], count: int, stall: float) -> Iterator[Event]:
    for job in jobs:
        if job.piece is None:
            yield JobStarted(job)
            yield JobFinished(job, Outcome("failed", "for the fuzz"))
        else:
            yield from serial_engine(iter([job]), count, stall)


def pictures(folder: Path) -> Path:
    """Eight pictures of the scene."""
    folder.mkdir(parents=True)
    for number, picture in enumerate(render(CROSSING, 8), 1):
        cv2.imwrite(str(folder / f"{number:06}.jpg"), picture)
    return folder


def coco_set(folder: Path) -> None:
    """in/set: pictures with COCO annotations; in/teacher: labels of another detector."""
    place = folder / "in" / "set"
    pictures(place / "images")
    images: list[dict[str, Any]] = []
    boxes: list[dict[str, Any]] = []
    for number in range(1, 9):
        images.append({"id": number, "file_name": f"{number:06}.jpg", "width": WIDTH, "height": HEIGHT})
        for x1, y1, x2, y2 in truth(CROSSING, number)[1].round(1).tolist():
            box = [x1, y1, round(x2 - x1, 1), round(y2 - y1, 1)]
            boxes.append({"id": len(boxes) + 1, "image_id": number, "category_id": 1 + number % 2, "bbox": box})
    document = {
        "images": images,
        "annotations": boxes,
        "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "car"}],
    }
    (place / "annotations.json").write_text(json.dumps(document))
    rows = [
        {"file": each["file_name"], "boxes": [[9, 9, 60, 90]], "scores": [0.7], "classes": ["person"]}
        for each in images
    ]
    (folder / "in" / "teacher.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    scored = [{**box, "score": 0.8} for box in boxes]
    (folder / "in" / "teacher.json").write_text(json.dumps({**document, "annotations": scored}))


def yolo_set(folder: Path) -> None:
    """in/set: pictures with YOLO labels."""
    place = folder / "in" / "set"
    pictures(place / "images")
    (place / "labels").mkdir()
    (place / "classes.txt").write_text("person\ncar\n")
    for number in range(1, 9):
        lines = [
            f"{number % 2} {(x1 + x2) / 640:.4f} {(y1 + y2) / 480:.4f} {(x2 - x1) / 320:.4f} {(y2 - y1) / 240:.4f}\n"
            for x1, y1, x2, y2 in truth(CROSSING, number)[1].tolist()
        ]
        (place / "labels" / f"{number:06}.txt").write_text("".join(lines))


def crops(folder: Path) -> None:
    """in/seq: a MOTChallenge sequence with pictures, for the training of an embedder."""
    place = sequence(folder / "in" / "seq")
    pictures(place / "img1")
    gt = place / "gt" / "gt.txt"
    gt.write_text("".join(line for line in gt.read_text().splitlines(keepends=True) if int(line.split(",")[0]) <= 8))


TRAINING = ("--steps", "1", "--batch", "2", "--imgsz", "64", "--side", "64", "--backbone", "mobilenet_v3_small")


def trained(folder: Path) -> None:
    """in/: a set, and a run of one step on it: model.checkpoint, model.metrics.csv, model.safetensors."""
    coco_set(folder)
    place = folder / "in"
    run("training", "detector", place / "set", "-o", place / "model.onnx", *TRAINING, "--from-scratch")


def networks(folder: Path) -> None:
    """in/: a clip, detectors of three kinds and an appearance network."""
    from tests import onnx_models

    place = folder / "in"
    place.mkdir()
    clip(place / "a.mp4", 3)
    detections(place / "det.txt", 3)
    onnx_models.colour_finder(place / "v8.onnx")
    onnx_models.colour_finder(place / "v5.onnx", "v5", metadata={})
    onnx_models.sliding_colour_finder(place / "sliding.onnx")
    onnx_models.embedder(place / "looks.onnx", np.eye(3, 8))


def images(folder: Path) -> None:
    """in/NAME: a folder of two pictures for each of the kinds that are read."""
    picture = next(iter(render(CROSSING, 1)))[:120, :160]
    for kind in ("png", "jpg", "bmp", "webp", "tif", "ppm", "pgm"):
        place = folder / "in" / kind
        place.mkdir(parents=True)
        for number in (1, 2):
            cv2.imwrite(str(place / f"{number}.{kind}"), picture[..., 0] if kind == "pgm" else picture)


def make(name: str, folder: Path) -> None:
    """Call a function of this file in a process of its own: encoders talk, and libraries keep memory.

    Raises InputError if it fails.
    """
    run("benchmarks.faults.seeds", name, folder)


if __name__ == "__main__":
    {**globals(), "videos": video_seeds.videos}[sys.argv[1]](Path(sys.argv[2]))
