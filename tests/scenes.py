"""Synthetic scenes with known ground truth: for tests, and for the clip in videos/.

``python -m tests.scenes videos/crossing`` renders videos/crossing.mp4 and its ground truth videos/crossing.txt.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from detectors.base import Detections, Floats, Image, Ints
from detectors.boxes import clip, tlwh_to_xyxy, xyxy_to_tlwh

WIDTH, HEIGHT, FRAME_RATE = 320, 240, Fraction(25, 2)


@dataclass(frozen=True)
class Walker:
    """Something that walks in a straight line.

    start: centre x and bottom y in pixels, in frame 1. step: pixels a frame. size: width and height.
    first, last: frames, from 1, in which it is there.
    """

    start: tuple[float, float]
    step: tuple[float, float]
    size: tuple[float, float]
    colour: tuple[int, int, int]
    first: int = 1
    last: int = 10**6

    def box(self, frame: int) -> Floats:
        """xyxy box ``(4,)``."""
        x = self.start[0] + (frame - 1) * self.step[0]
        y = self.start[1] + (frame - 1) * self.step[1]
        w, h = self.size
        return np.array([x - w / 2, y - h, x + w / 2, y])


CROSSING = (
    Walker((20, 150), (2.4, 0), (26, 62), (60, 60, 200)),
    Walker((300, 165), (-2.2, 0), (30, 72), (190, 120, 40)),
    Walker((60, 235), (1.5, -0.2), (38, 92), (60, 170, 60)),
    Walker((-20, 110), (3.2, 0), (20, 46), (200, 60, 180), first=30),
    Walker((250, 120), (-1.2, 0.5), (24, 56), (40, 190, 210), last=70),
)
"""Five walkers: two that cross, one in front of both, one that enters, one that is gone after frame 70."""
CROSSING_FRAMES = 110


def truth(walkers: tuple[Walker, ...], frame: int) -> tuple[Ints, Floats]:
    """Ids ``(N,)`` from 1 and xyxy boxes ``(N, 4)`` of the walkers that show, cut off at the picture's borders."""
    boxes = clip(np.array([walker.box(frame) for walker in walkers]), WIDTH, HEIGHT)
    there = [walker.first <= frame <= walker.last for walker in walkers]
    shown = np.array(there) & (boxes[:, 2] - boxes[:, 0] >= 4) & (boxes[:, 3] - boxes[:, 1] >= 4)
    return np.flatnonzero(shown) + 1, boxes[shown]


def noisy_detections(
    walkers: tuple[Walker, ...], frame: int, rng: np.random.Generator, missed: float = 0.0, jitter: float = 0.5
) -> Detections:
    """What a detector might find: each walker but for a share `missed`, its edges off by `jitter` pixels."""
    _, boxes = truth(walkers, frame)
    boxes = boxes[rng.random(len(boxes)) >= missed]
    boxes = boxes + rng.normal(0, jitter, boxes.shape)
    return Detections(boxes, rng.uniform(0.6, 0.95, len(boxes)))


def render(walkers: tuple[Walker, ...], frames: int, seed: int = 0) -> Iterator[Image]:
    """Pictures ``(HEIGHT, WIDTH, 3)`` of the scene; who stands lower stands in front."""
    rng = np.random.default_rng(seed)
    ground = cv2.GaussianBlur(rng.uniform(60, 200, (HEIGHT, WIDTH, 3)).astype(np.float32), (0, 0), 3)
    ground = np.clip(120 + 4 * (ground - ground.mean()), 40, 215)
    coats = [rng.uniform(-40, 40, (12, 6, 1)).astype(np.float32) for _ in walkers]
    for frame in range(1, frames + 1):
        picture = ground.copy()
        for walker, coat in sorted(zip(walkers, coats, strict=True), key=lambda pair: pair[0].box(frame)[3]):
            if walker.first <= frame <= walker.last:
                _paint(picture, walker.box(frame), np.array(walker.colour) + coat)
        noise = rng.normal(0, 2, picture.shape)
        yield np.clip(picture + noise, 0, 255).astype(np.uint8)


def _paint(picture: Floats, box: Floats, coat: Floats) -> None:
    """A rounded figure in a patterned coat."""
    x1, y1, x2, y2 = (round(edge) for edge in box.tolist())
    pattern = cv2.resize(coat.astype(np.float32), (x2 - x1, y2 - y1), interpolation=cv2.INTER_NEAREST)
    shape = np.zeros((y2 - y1, x2 - x1), np.uint8)
    cv2.ellipse(shape, ((x2 - x1) // 2, (y2 - y1) // 2), ((x2 - x1) // 2, (y2 - y1) // 2), 0, 0, 360, 1, -1)
    shape[(y2 - y1) // 2 :, (x2 - x1) // 6 : -((x2 - x1) // 6)] = 1
    left, top = max(0, -x1), max(0, -y1)
    right, bottom = min(x2, picture.shape[1]) - x1, min(y2, picture.shape[0]) - y1
    if right > left and bottom > top:
        part = picture[y1 + top : y1 + bottom, x1 + left : x1 + right]
        inside = shape[top:bottom, left:right].astype(bool)
        part[inside] = pattern.reshape(*shape.shape, 3)[top:bottom, left:right][inside]


def detection_lines(walkers: tuple[Walker, ...], frames: int) -> Iterator[str]:
    """The ground truth as MOTChallenge detections: ``frame,-1,x,y,w,h,1,-1,-1,-1``."""
    for frame in range(1, frames + 1):
        for x, y, w, h in xyxy_to_tlwh(truth(walkers, frame)[1]):
            yield f"{frame},-1,{x:.2f},{y:.2f},{w:.2f},{h:.2f},1,-1,-1,-1"


def read_truth(path: Path) -> dict[int, tuple[Ints, Floats]]:
    """Frame -> ids ``(N,)`` and xyxy boxes ``(N, 4)`` of a MOTChallenge text file."""
    rows = np.loadtxt(path, delimiter=",", ndmin=2)
    frames = rows[:, 0].astype(int)
    return {
        int(frame): (rows[frames == frame, 1].astype(np.int64), tlwh_to_xyxy(rows[frames == frame, 2:6]))
        for frame in np.unique(frames)
    }


def main() -> None:
    """Render the crossing to NAME.mp4 and NAME.txt."""
    from tracker.writers.h264 import VideoFormat
    from tracker.writers.video import VideoWriter

    target = Path(sys.argv[1])
    with VideoWriter(target.with_suffix(".mp4"), VideoFormat(FRAME_RATE, 1 / FRAME_RATE / 100)) as video:
        for index, picture in enumerate(render(CROSSING, CROSSING_FRAMES)):
            video.write(picture, float(index / FRAME_RATE))
    with target.with_suffix(".txt").open("w", encoding="utf-8") as file:
        for frame in range(1, CROSSING_FRAMES + 1):
            ids, boxes = truth(CROSSING, frame)
            for track_id, (x, y, w, h) in zip(ids, xyxy_to_tlwh(boxes), strict=True):
                file.write(f"{frame},{track_id},{x:.2f},{y:.2f},{w:.2f},{h:.2f},1,-1,-1,-1\n")


if __name__ == "__main__":
    main()
