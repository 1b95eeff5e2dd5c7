"""The cost of reviving a lost track: how far a new object may be from where the lost one was seen last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.base import Bools, Floats
from detectors.boxes import edges

DIFFERENT = -0.6  # appearance similarity below which it is another object, wherever it is


@dataclass(frozen=True)
class Revival:
    """How far an object may be from where it was lost; distances in its heights, costs of 1 are just allowed.

    tolerance: distance that is allowed at once. tolerance_rate: more for each second. height_change: change of the
    height, as a natural logarithm, that costs 1. extrapolation: seconds for which its last velocity is extrapolated.
    appearance: taken off the cost for an appearance similarity of 1 (`AppearanceCalibration`); 0 does without
    embeddings. absence: what is added to a similarity before: whoever comes back is seen from another side, and is less
    like before than from frame to frame, while strangers are as unlike as ever. different: similarity below which it is
    another object, wherever it is. overdue: similarity that those need whose last position is worthless.
    max_motion_cost: cost of motion and height from which no appearance helps.
    """

    tolerance: float = 0.4
    tolerance_rate: float = 0.3
    height_change: float = 0.3
    extrapolation: float = 0.3
    appearance: float = 3.0
    absence: float = 1 / 3
    different: float = DIFFERENT
    overdue: float = -0.15
    max_motion_cost: float = 3.0


def motion_cost(revival: Revival, last: Floats, velocity: Floats, gap: Floats, boxes: Floats) -> Floats:
    """Cost ``(N, M)``, by motion and height, of lost tracks and new detections being the same object; up to 1 allowed.

    last: ``(N, 4)`` xyxy boxes where the tracks were seen last. velocity: ``(N, 2)`` of the centre, pixels a second.
    gap: ``(N,)`` seconds since. boxes: ``(M, 4)`` of the detections. Distances are between the middles of the bottom
    edges, where an object stands: its height changes when it is cut off or bends, its place does not.
    """
    coasted = np.minimum(gap, revival.extrapolation)
    (x, y, heights), (new_x, new_y, new_heights) = _standing(last), _standing(boxes)
    heights = heights[:, None]
    dx, dy = (x + velocity[:, 0] * coasted)[:, None] - new_x, (y + velocity[:, 1] * coasted)[:, None] - new_y
    distance = np.sqrt(dx * dx + dy * dy) / np.sqrt(heights * new_heights)
    tolerance = revival.tolerance + revival.tolerance_rate * gap[:, None]
    return np.asarray(distance / tolerance + np.abs(np.log(heights / new_heights)) / revival.height_change)


def _standing(boxes: Floats) -> tuple[Floats, Floats, Floats]:
    """Where objects stand, x and y ``(N,)``, and their heights ``(N,)``. boxes: ``(N, 4)`` xyxy."""
    x1, y1, x2, y2 = edges(boxes)
    return (x1 + x2) / 2, y2, np.maximum(y2 - y1, 1e-3)


def revival_cost(revival: Revival, motion: Floats, appearance: Floats, overdue: Bools) -> Floats:
    """The cost ``(N, M)`` of motion, lowered by appearance similarity ``(N, M)``; infinite where excluded.

    An object of similar appearance may have got farther. What motion allows, only a clearly different appearance
    forbids. appearance: NaN where it is not known, and motion alone decides. overdue: ``(N,)``, tracks whose last
    position is worthless, so they need a similar appearance.
    """
    known = ~np.isnan(appearance)
    similar = np.where(known, appearance + revival.absence, 0.0)
    cost = np.where(motion < revival.max_motion_cost, motion - revival.appearance * similar, np.inf)
    cost = np.where(motion <= 1.0, np.minimum(cost, 1.0), cost)
    cost[known & (appearance < revival.different)] = np.inf
    cost[overdue[:, None] & ~(appearance > revival.overdue)] = np.inf
    return cost
