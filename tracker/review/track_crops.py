"""The best crop of each track. Its frame is chosen from the boxes, before any picture is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import cv2
import numpy as np

from detectors.base import Floats, Frame
from tracker.annotations.document import Annotations, by_frame
from tracker.view.best_crops import SIDE, cut_out, shrink, view_quality_of_boxes

QUALITY = 85  # of the JPEG


def best_frames(annotations: Annotations) -> dict[int, int]:
    """Of each track the number of the frame where it is large, surely found, inside the picture and not hidden.

    Its first frame where no view is worth anything, as where nobody has seen it.
    """
    worths = view_worths(annotations)
    return {
        track.track_id: int(track.frames[worth.argmax()])
        for track, worth in zip(annotations.tracks, worths, strict=True)
    }


def view_worths(annotations: Annotations) -> list[Floats]:
    """Of each track, how good a view each of its ``(K,)`` boxes gives; 0 for none."""
    tracks = annotations.tracks
    if not tracks:
        return []
    boxes = np.concatenate([track.boxes for track in tracks])
    scores = np.concatenate([track.scores for track in tracks])
    seen = ~np.concatenate([track.filled for track in tracks])
    ends = np.cumsum([len(track) for track in tracks])
    starts = ends - [len(track) for track in tracks]
    worths = np.zeros(len(boxes))
    width, height = annotations.width or np.inf, annotations.height or np.inf
    for _, owners, rows in by_frame(tracks):
        here = starts[owners] + rows
        worths[here] = view_quality_of_boxes(boxes[here], scores[here], seen[here], width, height)
    return np.split(worths, ends[:-1])


def crop_tracks(
    frames: Iterable[Frame], annotations: Annotations, best: Mapping[int, int], side: int | None = SIDE
) -> dict[int, bytes]:
    """Of each track a JPEG, at most `side` pixels wide and high; None for as large as it is in the picture.

    One picture is looked at after the other, up to the last that `best` names; `frames` may leave out all others.
    """
    wanted: dict[int, list[int]] = {}
    for place, track in enumerate(annotations.tracks):
        if track.track_id in best:
            wanted.setdefault(best[track.track_id], []).append(place)
    crops: dict[int, bytes] = {}
    last = max(wanted, default=0)
    for frame in frames if wanted else ():
        for place in wanted.get(frame.index, ()):
            track = annotations.tracks[place]
            box = track.boxes[int(np.searchsorted(track.frames, frame.index))]
            done, data = cv2.imencode(".jpg", cut_out(frame.image, box, side), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
            if done:
                crops[track.track_id] = data.tobytes()
        if frame.index >= last:
            break
    return crops


def shrink_jpeg(crop: bytes, side: int = SIDE) -> bytes:
    """A JPEG made at most `side` pixels wide and high; one that is small enough as it is."""
    picture = cv2.imdecode(np.frombuffer(crop, dtype=np.uint8), cv2.IMREAD_COLOR)
    if picture is None or max(picture.shape[:2]) <= side:
        return crop
    small = shrink(np.asarray(picture, dtype=np.uint8), side)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
