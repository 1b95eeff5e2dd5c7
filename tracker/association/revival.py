"""Lost tracks found again: which of the objects that appear are old acquaintances that prediction has missed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.base import Bools, Floats


@dataclass(frozen=True)
class Revival:
    """How far an object may be from where it was lost, all in its heights.

    reach: at once. speed: more for each second. size: change of the height, as a natural logarithm, that uses up all
    tolerance by itself. coast: seconds for which its last velocity still counts. alike: strangeness that a likeness of
    1 (`LikenessScale`) makes up for; 0 does without appearance. widest: strangeness that no likeness makes up for.
    """

    reach: float = 0.4
    speed: float = 0.3
    size: float = 0.3
    coast: float = 0.3
    alike: float = 3.0
    widest: float = 3.0


def strangeness(revival: Revival, last: Floats, velocity: Floats, gap: Floats, boxes: Floats) -> Floats:
    """How strange ``(N, M)`` it is that lost tracks and new detections are the same object; up to 1 is possible.

    last: ``(N, 4)`` xyxy boxes where the tracks were seen last. velocity: ``(N, 2)`` of the centre, pixels a second.
    gap: ``(N,)`` seconds since. boxes: ``(M, 4)`` of the detections. Distances are between the middles of the bottom
    edges, where an object stands: its height changes when it is cut off or bends, its place does not.
    """
    moved = last[:, [0, 3]] * [0.5, 1] + last[:, [2, 3]] * [0.5, 0] + velocity * np.minimum(gap, revival.coast)[:, None]
    found = boxes[:, [0, 3]] * [0.5, 1] + boxes[:, [2, 3]] * [0.5, 0]
    heights = np.maximum(last[:, 3] - last[:, 1], 1e-3)[:, None]
    new_heights = np.maximum(boxes[:, 3] - boxes[:, 1], 1e-3)[None, :]
    distance = np.linalg.norm(moved[:, None, :] - found[None, :, :], axis=2) / np.sqrt(heights * new_heights)
    tolerance = revival.reach + revival.speed * gap[:, None]
    return np.asarray(distance / tolerance + np.abs(np.log(heights / new_heights)) / revival.size)


def with_likeness(revival: Revival, strange: Floats, likeness: Floats, overdue: Bools) -> Floats:
    """Strangeness ``(N, M)`` in the light of how alike ``(N, M)`` lost tracks and detections look.

    Who looks alike may have got farther. Looks never forbid what place allows: they only rank it. overdue: ``(N,)``,
    tracks whose place says nothing any more, which have to look alike.
    """
    judged = np.where(strange < revival.widest, strange - revival.alike * likeness, np.inf)
    judged = np.where(strange <= 1.0, np.minimum(judged, 1.0), judged)
    judged[overdue[:, None] & (likeness <= 0)] = np.inf
    return judged
