"""The best view of each track, chosen from its boxes before any picture is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import cv2
import numpy as np

from detectors.base import Bools, Floats, Frame
from tracker.annotations.document import Annotations, by_frame
from tracker.view.crops import cut_out

QUALITY = 85  # of the JPEG


def best_frames(annotations: Annotations) -> dict[int, int]:
    """Of each track the number of the frame where it is large, surely found, inside the picture and not hidden."""
    tracks = annotations.tracks
    best = {track.track_id: (-1.0, int(track.frames[0])) for track in tracks}
    for frame, owners, rows in by_frame(tracks):
        here = [(tracks[owner], row) for owner, row in zip(owners, rows, strict=True)]
        boxes = np.array([track.boxes[row] for track, row in here])
        scores = np.array([track.scores[row] for track, row in here])
        filled = np.array([track.filled[row] for track, row in here])
        worths = _worth(boxes, scores, filled, annotations.width, annotations.height)
        for (track, _), worth in zip(here, worths.tolist(), strict=True):
            if worth > best[track.track_id][0]:
                best[track.track_id] = worth, frame
    return {track_id: frame for track_id, (_, frame) in best.items()}


def _worth(boxes: Floats, scores: Floats, filled: Bools, width: int, height: int) -> Floats:
    """Size times score times share inside the picture and not hidden, each squared, as of the live page's crops."""
    edges = np.array([width or np.inf, height or np.inf])
    areas = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1e-9)
    seen = np.clip(np.minimum(boxes[:, 2:], edges) - np.maximum(boxes[:, :2], 0), 0, None).prod(axis=1) / areas
    corner, far = np.maximum(boxes[:, None, :2], boxes[:, :2]), np.minimum(boxes[:, None, 2:], boxes[:, 2:])
    nearer = boxes[None, :, 3] > boxes[:, None, 3]  # who stands lower stands in front
    hidden = (np.clip(far - corner, 0, None).prod(axis=2) * nearer / areas[:, None]).max(axis=1, initial=0)
    worth = np.sqrt(areas) * scores * seen**2 * (1 - np.clip(hidden, 0, 1)) ** 2
    return np.asarray(np.where(filled, 0.0, worth))


def take_views(frames: Iterable[Frame], annotations: Annotations, best: Mapping[int, int]) -> dict[int, bytes]:
    """Of each track a JPEG, at most 96 pixels wide and high; `frames` may leave out those that `best` does not name."""
    wanted: dict[int, list[int]] = {}
    for place, track in enumerate(annotations.tracks):
        wanted.setdefault(best.get(track.track_id, 0), []).append(place)
    views: dict[int, bytes] = {}
    for frame in frames:
        for place in wanted.get(frame.index, ()):
            track = annotations.tracks[place]
            box = track.boxes[int(np.searchsorted(track.frames, frame.index))]
            done, data = cv2.imencode(".jpg", cut_out(frame.image, box), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
            if done:
                views[track.track_id] = data.tobytes()
    return views
