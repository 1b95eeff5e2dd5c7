"""Moving objects, whatever they are: no weights, no classes.

Two methods of OpenCV are combined. Background subtraction by an adaptive Gaussian mixture (Zivkovic, "Improved adaptive
Gaussian mixture model for background subtraction", ICPR 2004) gives sharp outlines, but also ghosts where an object of
the first frames used to be. Dense inverse search flow (Kroeger et al., "Fast optical flow using dense inverse search",
ECCV 2016), minus the camera's motion, tells what moves now, but blurs its outline. An object is foreground that moves.
While the camera stands still, it is also foreground that has stopped: its contour has edges in the current picture
rather than in the background picture.

This is the only detector with a memory of earlier frames. It forgets them at a cut.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

import cv2
import numpy as np

from detectors.base import Bools, Detections, Floats, Frame, Image
from detectors.boxes import areas, overlap_areas

LONG_SIDE = 480  # pixels to which pictures are scaled: enough for outlines, and 20 times cheaper than 1080p
SHORTEST = 16  # pixels of the shorter side below which there is no flow to compute
MEMORY = 20.0  # seconds after which a still object belongs to the background
LOOK_BACK = 0.1  # seconds over which flow is measured, so that slow objects move more than flow's own noise
MOVING = 1.5  # pixels in LOOK_BACK that a moving object moves at least, relative to the background
STILL = 0.25  # pixels below which the camera stands still
FOREGROUND = 255  # MOG2 marks shadows with a lower value
SMALLEST = 2e-3  # share of the picture below which a blob is noise
GAP = 0.02  # share of the longer side across which parts of one object are joined
FULL_CONFIDENCE = 0.25  # seconds of motion until the score is not lowered any more; flicker is shorter
WITHIN = 0.7  # share of a box inside a larger one from which it counts as a part of that object


class Flow(NamedTuple):
    """moving: ``(h, w)``, where something moves on its own; camera: largest motion of the background in pixels."""

    moving: Bools
    camera: float


class MotionDetector:
    """Boxes around moving blobs. conf: blobs of a lower score are left out.

    The score is the square root of the share of the box that the blob fills (about 0.7 for a pedestrian, 0.9 for a
    car), and less for what has only begun to move.
    """

    name = "motion"
    class_names: Mapping[int, str] = {0: "object"}
    suppressed = True
    concurrent = False

    def __init__(self, conf: float = 0.1) -> None:
        self.conf = conf
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._forget()

    def _forget(self) -> None:
        self._background = cv2.createBackgroundSubtractorMOG2(varThreshold=20, detectShadows=True)
        self._recent: deque[tuple[float, Image]] = deque()
        self._age: Floats = np.zeros((0, 0))

    def __call__(self, frame: Frame) -> Detections:
        """The objects that move, or have stopped a while ago. Frames have to come in order."""
        if frame.cut:
            self._forget()
        scale = min(1.0, LONG_SIDE / max(frame.image.shape[:2]))
        if min(frame.image.shape[:2]) * scale < SHORTEST:
            return Detections.empty()
        small = cv2.resize(frame.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(
            np.uint8, copy=False
        )
        foreground = self._foreground(small, frame.time)
        flow = self._motion(np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), dtype=np.uint8), frame.time)
        if flow is None:
            return Detections.empty()
        mask = foreground & flow.moving
        if flow.camera < STILL:
            mask |= self._stopped(foreground & ~flow.moving, small)
        boxes, fill = _blobs(mask)
        scores = fill * self._confidence(boxes, mask.shape)
        zoom = np.array([frame.image.shape[1] / small.shape[1], frame.image.shape[0] / small.shape[0]] * 2)
        return Detections(boxes * zoom, scores)[scores >= self.conf]

    def _foreground(self, small: Image, time: float) -> Bools:
        """Mask ``(h, w)`` of what differs from the background, which adapts within MEMORY seconds."""
        step = time - self._recent[-1][0] if self._recent else MEMORY
        mask = self._background.apply(small, learningRate=1 - float(np.exp(-max(step, 1e-3) / MEMORY)))
        sharp = np.where(np.asarray(mask) == FOREGROUND, np.uint8(255), np.uint8(0))
        return np.asarray(cv2.medianBlur(sharp, 5)).astype(bool)

    def _motion(self, grey: Image, time: float) -> Flow | None:
        """What moves beyond the camera since LOOK_BACK seconds ago; None in the first frame after a cut."""
        self._recent.append((time, grey))
        while len(self._recent) > 2 and time - self._recent[1][0] >= LOOK_BACK:
            self._recent.popleft()
        before = self._recent[0][1]
        if len(self._recent) < 2 or before.shape != grey.shape:
            return None
        flow = np.asarray(self._flow.calc(grey, before, None))  # type: ignore[call-overload]  # None: no first guess
        own = flow - _camera_flow(flow)
        return Flow(np.hypot(own[..., 0], own[..., 1]) > MOVING, float(np.abs(flow - own).max()))

    def _stopped(self, foreground: Bools, small: Image) -> Bools:
        """The part of the still `foreground` that is a real object: all but the ghosts."""
        count, labels = cv2.connectedComponents(foreground.astype(np.uint8))
        edges = _edges(small) - _edges(np.asarray(self._background.getBackgroundImage(), dtype=np.uint8))
        rim = cv2.morphologyEx(foreground.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
        inner_rim = np.asarray(labels)[rim]
        surplus = np.bincount(inner_rim, weights=edges[rim], minlength=count)
        surplus[0] = 0.0
        return np.asarray((surplus > 0)[labels])

    def _confidence(self, boxes: Floats, shape: tuple[int, ...]) -> Floats:
        """A factor in [0, 1] for each of the xyxy boxes ``(N, 4)``, by how long something has been moving there."""
        before = self._age if self._age.shape == shape else np.zeros(shape)
        self._age = np.zeros(shape)
        step = self._recent[-1][0] - self._recent[-2][0]
        ages = np.zeros(len(boxes))
        for row, (x1, y1, x2, y2) in enumerate(boxes.astype(np.int64)):
            ages[row] = before[y1:y2, x1:x2].max() + step
            self._age[y1:y2, x1:x2] = np.maximum(self._age[y1:y2, x1:x2], ages[row])
        return np.minimum(1.0, ages / FULL_CONFIDENCE)


def _camera_flow(flow: Floats) -> Floats:
    """Flow ``(h, w, 2)`` of the background, a similarity fitted to the flow at a grid of points by RANSAC."""
    height, width = flow.shape[:2]
    ys, xs = np.mgrid[4:height:8, 4:width:8].reshape(2, -1)
    points = np.stack([xs, ys], axis=1).astype(np.float32)
    affine, _ = cv2.estimateAffinePartial2D(points, points + flow[ys, xs], ransacReprojThreshold=1.0)
    if affine is None:
        return np.zeros_like(flow)
    affine = affine - np.eye(2, 3)
    grid_y, grid_x = np.mgrid[0:height, 0:width]
    return np.asarray(
        np.stack([row[0] * grid_x + row[1] * grid_y + row[2] for row in affine], axis=2), dtype=np.float64
    )


def _blobs(mask: Bools) -> tuple[Floats, Floats]:
    """xyxy boxes ``(N, 4)`` around the parts of `mask` and their scores ``(N,)``."""
    raw = mask.astype(np.uint8)
    reach = max(3, round(GAP * max(mask.shape))) | 1
    joined = cv2.morphologyEx(raw, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    joined = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    left, top, width, height, area = np.asarray(stats, dtype=np.float64)[1:].T  # row 0 is the background
    large = width * height >= SMALLEST * mask.size
    boxes = np.stack([left, top, left + width, top + height], axis=1)[large]
    separate = ~_parts(boxes)
    return boxes[separate], np.sqrt(area / (width * height))[large][separate]


def _parts(boxes: Floats) -> Bools:
    """Mask ``(N,)`` of the boxes that lie, for the most part, inside a larger one."""
    size = areas(boxes)
    shared = overlap_areas(boxes, boxes)
    return np.asarray(((shared > WITHIN * size[:, None]) & (size[None, :] > size[:, None])).any(axis=1))


def _edges(picture: Image) -> Floats:
    """Gradient magnitude ``(h, w)`` of the grey picture."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    dx, dy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(dx, dy), dtype=np.float64)
