"""Whether independent readers see in our files what we have written: ``python -m benchmarks.batch.readers``.

Only readers that are installed are asked; a format without one says so.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.tables import markdown_table, print_circumstances
from tracker.annotations import coco, cvat, fiftyone, labelstudio, mot, yolo
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.annotations.frame_extraction import image_stem

FRAMES, WIDTH, HEIGHT = 60, 640, 480
NEAR = 2e-3  # pixels: COCO's boxes have three digits
ROUNDED = {"datumaro": 1.1e-2}  # this reader rounds corners to two digits
Seen = dict[int, list[tuple[int, tuple[float, ...]]]]  # of each track: frame and x, y, width, height in pixels


def scene() -> Annotations:
    """Twenty objects that move in straight lines, every second one with a gap; of those lines only ends are keys."""
    generator, tracks = np.random.default_rng(5), []
    for number in range(1, 21):
        frames = np.arange(1 + number, FRAMES - number)
        frames = frames[(frames < 28) | (frames > 33)] if number % 2 else frames
        start, move = generator.uniform(40, 240, 4), generator.uniform(-0.5, 2, 2)
        boxes = np.hstack([start[:2], start[:2] + start[2:] / 3]) + np.outer(frames, np.tile(move, 2))
        keys = (np.diff(frames, prepend=-9) > 1) | (np.diff(frames, append=10**6) > 1)
        tracks.append(AnnotatedTrack(number, "car" if number % 3 else "person", frames, boxes, keyframes=keys))
    return Annotations("scene", "scene.mp4", WIDTH, HEIGHT, Fraction(25), FRAMES, ("person", "car"), tracks)


def by_pycocotools(folder: Path) -> Seen:
    """The boxes of the COCO file."""
    coco.write(scene(), folder / "coco.json")
    read, seen = import_module("pycocotools.coco").COCO(str(folder / "coco.json")), Seen()
    for entry in read.loadAnns(read.getAnnIds()):
        frame = read.loadImgs(entry["image_id"])[0]["frame_index"] + 1
        seen.setdefault(entry["track_id"], []).append((frame, tuple(entry["bbox"])))
    return seen


def by_label_studio(folder: Path) -> Seen:
    """The boxes of the tasks, with those between keyframes drawn by Label Studio's own code."""
    postprocessing = import_module("label_studio_sdk._extensions.label_studio_tools.postprocessing.video")
    labelstudio.write(scene(), folder / "tasks.json")
    (task,) = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    config = labelstudio.configuration(("person", "car"))
    if (
        not import_module("label_studio_sdk.label_interface")
        .LabelInterface(config)
        .validate_prediction(task["predictions"][0])
    ):
        return {}
    seen = Seen()
    for region in postprocessing.extract_key_frames(task["predictions"][0]["result"]):
        for e in region["value"]["sequence"]:
            box = tuple(e[k] * s / 100 for k, s in zip(("x", "y", "width", "height"), (WIDTH, HEIGHT) * 2, strict=True))
            seen.setdefault(region["meta"]["track_id"], []).append((e["frame"], box))
    return seen


def by_ultralytics(folder: Path) -> Seen:
    """The labels that its training would see; they name no tracks, so all are those of track 0."""
    os.environ.setdefault("YOLO_CONFIG_DIR", str(folder))  # else it writes its settings into the home folder
    check = import_module("ultralytics.data.utils").verify_image_label
    yolo.write(scene(), folder / "yolo")
    (folder / "yolo" / "images").mkdir()
    seen = Seen()
    for frame in range(1, FRAMES + 1):
        picture = folder / "yolo" / "images" / f"{image_stem('scene', frame)}.jpg"
        cv2.imwrite(str(picture), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
        label = folder / "yolo" / "labels" / f"{picture.stem}.txt"
        rows = check((str(picture), str(label), "", False, 2, 0, 0, False))[1]
        for row in rows[:, 1:].astype(float) * [WIDTH, HEIGHT, WIDTH, HEIGHT]:
            box = (*(row[:2] - row[2:] / 2).tolist(), *row[2:].tolist())
            seen.setdefault(0, []).append((frame, box))
    return seen


def by_fiftyone(folder: Path) -> Seen:
    """The detections of the data set that it imports; it needs its database."""
    package = import_module("fiftyone")
    fiftyone.write(scene(), folder / "fiftyone")
    kind = package.types.FiftyOneDataset
    dataset = package.Dataset.from_dir(str(folder / "fiftyone"), dataset_type=kind, progress=False)
    seen = Seen()
    for frame, entry in dataset.first().frames.items():
        for found in entry.detections.detections:
            x, y, width, height = found.bounding_box
            box = (x * WIDTH, y * HEIGHT, width * WIDTH, height * HEIGHT)
            seen.setdefault(found.index, []).append((frame, box))
    dataset.delete()
    return seen


def by_datumaro_of_cvat(folder: Path) -> Seen:
    """The boxes of CVAT's XML, all of them keyframes, since this reader draws no lines between them."""
    cvat.write(_all_keyframes(), folder / "cvat.xml")
    return _by_datumaro(folder, "cvat", lambda item: int(item.attributes["frame"]) + 1)


def by_datumaro_of_mot(folder: Path) -> Seen:
    """The boxes of CVAT's MOT 1.1 archive, unpacked and read as CVAT's own importer does, with their classes."""
    mot.write(scene(), folder / "mot.zip")
    shutil.unpack_archive(folder / "mot.zip", folder / "unpacked")
    return _by_datumaro(folder / "unpacked", "mot_seq", lambda item: int(item.id))


def _by_datumaro(folder: Path, kind: str, frame_of: Callable[[Any], int]) -> Seen:
    """Boxes that are not outside; a track that has another class than in the scene is left out."""
    dataset = import_module("datumaro.components.dataset").Dataset.import_from(str(folder), kind)
    (names,) = (category for key, category in dataset.categories().items() if key.name == "label")
    classes, seen = {track.track_id: track.label for track in scene().tracks}, Seen()
    for item in dataset:
        for found in item.annotations:
            track_id = int(found.attributes["track_id"])
            if not found.attributes.get("outside") and names[found.label].name == classes[track_id]:
                box = tuple(float(value) for value in found.get_bbox())
                seen.setdefault(track_id, []).append((frame_of(item), box))
    return seen


def _all_keyframes() -> Annotations:
    tracks = [replace(track, keyframes=np.ones(len(track), dtype=bool)) for track in scene().tracks]
    return replace(scene(), tracks=tracks)


def by_motmetrics(folder: Path) -> Seen:
    """The rows of the text; this reader counts pixels from 0 and takes the text's for counted from 1."""
    mot.write(scene(), folder / "mot.txt")
    table = import_module("motmetrics.io").loadtxt(str(folder / "mot.txt"), fmt="mot15-2D", min_confidence=-1)
    seen = Seen()
    for (frame, track_id), row in table.iterrows():
        seen.setdefault(int(track_id), []).append((int(frame), (row.X + 1, row.Y + 1, row.Width, row.Height)))
    return seen


def by_trackeval(folder: Path) -> Seen:
    """The ground truth of the sequence folder, that counts in its evaluation."""
    mot.write(scene(), folder / "truth" / "scene")
    (folder / "results" / "us" / "data").mkdir(parents=True)
    mot.write(scene(), folder / "results" / "us" / "data" / "scene.txt")
    given = {"GT_FOLDER": str(folder / "truth"), "TRACKERS_FOLDER": str(folder / "results"), "SKIP_SPLIT_FOL": True}
    given |= {"SEQ_INFO": {"scene": None}, "PRINT_CONFIG": False, "BENCHMARK": "MOT17"}
    dataset = import_module("trackeval.datasets").MotChallenge2DBox(given)
    raw, seen = dataset.get_raw_seq_data("us", "scene"), Seen()
    for frame, (ids, boxes) in enumerate(zip(raw["gt_ids"], raw["gt_dets"], strict=True), 1):
        for track_id, box in zip(ids.tolist(), boxes.tolist(), strict=True):
            seen.setdefault(track_id, []).append((frame, tuple(box)))
    counted = dataset.get_preprocessed_seq_data(raw, "pedestrian")["num_gt_dets"]
    return seen if counted == sum(map(len, seen.values())) else {}


READERS: list[tuple[str, str, Callable[[Path], Seen]]] = [
    ("MOTChallenge text", "motmetrics", by_motmetrics),
    ("MOTChallenge sequence", "trackeval", by_trackeval),
    ("CVAT's MOT 1.1", "datumaro", by_datumaro_of_mot),
    ("CVAT for video 1.1", "datumaro", by_datumaro_of_cvat),
    ("COCO", "pycocotools", by_pycocotools),
    ("Label Studio", "label-studio-sdk", by_label_studio),
    ("YOLO", "ultralytics", by_ultralytics),
    ("FiftyOne", "fiftyone", by_fiftyone),
]


def compare(seen: Seen, near: float = NEAR) -> tuple[str, str]:
    """How many tracks and boxes of the scene are seen as they were written, to `near` pixels."""
    expected = Seen()
    for track in scene().tracks:
        boxes = np.hstack([track.boxes[:, :2], track.boxes[:, 2:] - track.boxes[:, :2]])
        pairs = zip(track.frames.tolist(), map(tuple, boxes.tolist()), strict=True)
        expected.setdefault(0 if list(seen) == [0] else track.track_id, []).extend(pairs)
    tracks = boxes_equal = 0
    for number, wanted in expected.items():
        found = sorted(seen.get(number, []))
        pairs_equal = [
            a[0] == b[0] and np.allclose(a[1], b[1], rtol=0, atol=near)
            for a, b in zip(sorted(wanted), found, strict=False)
        ]
        boxes_equal += sum(pairs_equal)
        tracks += all(pairs_equal) and len(found) == len(wanted)
    total = sum(map(len, expected.values()))
    named = "no track numbers" if list(seen) == [0] else f"{tracks} of {len(expected)}"
    return named, f"{boxes_equal} of {total}, {sum(map(len, seen.values()))} seen"


def row_of(name: str, package: str, reader: Callable[[Path], Seen]) -> list[str]:
    """A row of the table."""
    try:
        label = f"{package} {version(package)}"
    except PackageNotFoundError:
        return [name, f"{package}: not installed", "-", "-"]
    with tempfile.TemporaryDirectory() as folder:
        return [name, label, *compare(reader(Path(folder)), ROUNDED.get(package, NEAR))]


def main() -> None:
    """Print the table."""
    print_circumstances()
    headings = ["format", "independent reader", "tracks equal", "boxes equal"]
    print(markdown_table("Readers", headings, [row_of(*reader) for reader in READERS]))


if __name__ == "__main__":
    main()
