"""Speeds of a synthetic scene with known geometry: a street below a camera, tracked and measured as any video is.

usage: python -m benchmarks.answers.speeds [--folder FOLDER] [--markdown]

The camera stands six metres above the ground and looks 20 degrees down (tests/tracker/ground_plane/camera.py). Cars
drive one after the other, away, towards the camera and across. Their boxes are once the true ones, with the trembling
that detectors have, and once those that ``--detector motion`` finds in the video, which are a little too large.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from benchmarks.tables import print_circumstances, print_table
from detectors.base import Floats, Image
from detectors.boxes import xyxy_to_tlwh
from tests.tracker.ground_plane.camera import CORNERS, HEIGHT, WIDTH, box_at, project
from tracker.run.track import track
from tracker.writers.h264 import VideoFormat
from tracker.writers.video import VideoWriter

RATE = 25
PAUSE = 1.0  # seconds without a car
JITTER = 0.02  # of the true boxes
SKY = 60  # rows of the picture at its top


class Drive(NamedTuple):
    """start: metres to the right and away. direction: a unit vector. kmh: how fast. length: metres of the way."""

    name: str
    start: tuple[float, float]
    direction: tuple[float, float]
    kmh: float
    length: float


DRIVES = (
    Drive("away, 30 km/h", (2.0, 12.0), (0.0, 1.0), 30, 34),
    Drive("towards, 50 km/h", (-2.0, 60.0), (0.0, -1.0), 50, 46),
    Drive("across, 20 km/h", (-10.0, 22.0), (1.0, 0.0), 20, 20),
    Drive("across, 70 km/h", (16.0, 35.0), (-1.0, 0.0), 70, 32),
    Drive("aslant, 40 km/h", (-8.0, 20.0), (0.6, 0.8), 40, 28),
)


def ground_picture() -> Image:
    """An empty street: asphalt with stones, which show how far away it is."""
    rng = np.random.default_rng(3)
    picture = np.full((HEIGHT, WIDTH, 3), 112, np.float32)
    for x, y in project(rng.uniform([-40, 7], [40, 90], (4000, 2))):
        if 0 <= x < WIDTH and SKY < y < HEIGHT:
            cv2.circle(picture, (int(x), int(y)), 1, [float(rng.uniform(80, 150))] * 3, -1)
    picture[:SKY] = (190, 180, 170)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1), np.uint8)


def car_picture(box: Floats, colour: tuple[int, int, int], picture: Image) -> None:
    """Paint a car into its box, to a fraction of a pixel."""
    fixed = np.rint(box * 16).astype(int).tolist()
    x1, y1, x2, y2 = fixed
    cv2.rectangle(picture, (x1, y1), (x2 - 16, y2 - 16), colour, -1, cv2.LINE_AA, 4)
    high, wide = y2 - y1, x2 - x1
    window = (x1 + wide // 6, y1 + high // 8), (x2 - wide // 6, y1 + high // 2)
    cv2.rectangle(picture, *window, (60, 50, 40), -1, cv2.LINE_AA, 4)


def render() -> Iterator[tuple[Image, float, int, Floats]]:
    """Pictures with their times, the number of the drive that is on, -1 for none, and where its car is."""
    ground, index = ground_picture(), 0
    rng = np.random.default_rng(5)
    noises = [rng.normal(0, 2, ground.shape).round().astype(np.int16) for _ in range(7)]
    for number, drive in enumerate(DRIVES):
        frames = round(drive.length / (drive.kmh / 3.6) * RATE)
        for step in range(-round(PAUSE * RATE), frames):
            picture = ground.copy()
            place = np.array(drive.start) + np.array(drive.direction) * drive.kmh / 3.6 * step / RATE
            if step >= 0:
                car_picture(box_at(place), ((40, 40, 200), (200, 90, 40), (60, 160, 60))[number % 3], picture)
            shown = cv2.add(picture.astype(np.int16), noises[index % len(noises)]).clip(0, 255).astype(np.uint8)
            yield shown, index / RATE, number if step >= 0 else -1, place
            index += 1


def write_scene(folder: Path) -> list[int]:
    """Write scene.mp4 and scene.json; returns the number of the drive of each frame."""
    places = []
    with VideoWriter(folder / "scene.mp4", VideoFormat(Fraction(RATE), Fraction(1, RATE * 100))) as video:
        for picture, time, number, place in render():
            video.write(picture, time)
            places.append((number, place))
    rng, error = np.random.default_rng(1), np.zeros(4)
    with (folder / "scene.det.txt").open("w", encoding="utf-8") as file:
        for frame, (number, place) in enumerate(places, start=1):
            if number >= 0:
                box = box_at(place)
                error = 0.5 * error + np.sqrt(0.75) * rng.normal(0, JITTER, 4)
                box += error * np.sqrt((box[2] - box[0]) * (box[3] - box[1]))
                x, y, width, height = xyxy_to_tlwh(box[None])[0]
                file.write(f"{frame},-1,{x:.2f},{y:.2f},{width:.2f},{height:.2f},0.9\n")
    pairs = zip(project(CORNERS).tolist(), CORNERS.tolist(), strict=True)
    points = [{"picture": pixel, "metres": metres} for pixel, metres in pairs]
    (folder / "scene.json").write_text(json.dumps({"size": [WIDTH, HEIGHT], "points": points}))
    return [number for number, _ in places]


def measure(folder: Path, numbers: list[int], **found_by: str | Path) -> list[list[str]]:
    """A row for each drive: speeds as they were measured, beside the truth. numbers: of `write_scene`."""
    lines = folder / "scene.jsonl"
    options = {"jsonl": lines, "calibrate": folder / "scene.json", "overwrite": True, "appearance": "none"}
    for _ in track(folder / "scene.mp4", top_view=folder / "above.png", **options, **found_by):
        pass
    speeds: list[list[tuple[float, float]]] = [[] for _ in DRIVES]
    for line, number in zip(lines.read_text().splitlines(), numbers, strict=True):
        for each in json.loads(line)["tracks"]:
            if number >= 0 and "kmh" in each:
                speeds[number].append((each["kmh"], each["kmh_error"]))
    return [row_of(drive, np.array(found).reshape(-1, 2)) for drive, found in zip(DRIVES, speeds, strict=True)]


def row_of(drive: Drive, found: Floats) -> list[str]:
    """The median of the speeds of a drive, how far off it is, and how far the frames are."""
    if not len(found):
        return [drive.name, "not seen", "", "", ""]
    middle = float(np.median(found[:, 0]))
    off = np.abs(found[:, 0] - drive.kmh)
    within = float((off <= 2 * found[:, 1]).mean())
    share = f"{100 * (middle / drive.kmh - 1):+.1f} %"
    return [
        drive.name,
        str(len(found)),
        f"{middle:.1f}",
        share,
        f"{np.median(found[:, 1]):.1f}",
        f"{100 * within:.0f} %",
    ]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="keep the scene, its tracks and its view from above there")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    arguments = parser.parse_args()
    print_circumstances()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        numbers = write_scene(folder)
        true = measure(folder, numbers, detections=folder / "scene.det.txt")
        moving = measure(folder, numbers, detector="motion")
    headings = ("drive", "frames", "km/h, median", "off by", "error told", "within two of it")
    print_table(f"true boxes, trembling by {100 * JITTER:g} % of their size", headings, [true], arguments.markdown)
    print_table("boxes of --detector motion", headings, [moving], arguments.markdown)


if __name__ == "__main__":
    main()
