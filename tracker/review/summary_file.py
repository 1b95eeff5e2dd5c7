"""summary.json in a video's folder of results: what the batch's report needs."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from detectors.errors import InputError
from tracker.annotations.document import Annotations
from tracker.review.summary import TrackSummary, with_rate

SUMMARY_FILE = "summary.json"  # its name in the folder
HEAD = {"name": str, "width": int, "height": int, "frames": int, "seconds": float}
TRACK = {"track_id": int, "label": str, "first": float, "last": float, "trust": float, "reason": str}
TRACK |= {"stretches": list, "view": str}
LATER = {"advice": str}, {"missed": str}  # of the head and of a track: records of earlier versions have none


def write_summary(
    path: Path,
    annotations: Annotations,
    summaries: Sequence[TrackSummary],
    crops: Mapping[int, bytes],
    advice: str = "",
) -> None:
    """Write the video's size and length in seconds, and a line for each track with its JPEG as base64.

    advice: what to do where little was found, "" where enough was.
    """
    frames = annotations.frame_count
    head = {"name": annotations.name, "width": annotations.width, "height": annotations.height}
    head |= {"frames": frames, "seconds": seconds_of(annotations), "advice": advice}
    draft = path.with_name(path.name + ".part")
    with draft.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head)[:-1] + ', "tracks": [')
        for place, summary in enumerate(summaries):
            crop = base64.b64encode(crops.get(summary.track_id, b"")).decode()
            file.write((",\n" if place else "\n") + json.dumps(asdict(summary) | {"view": crop}))
        file.write("]}\n")
    os.replace(draft, path)


def seconds_of(annotations: Annotations) -> float:
    """Length of the video: to the end of its last frame."""
    video = with_rate(annotations)
    if not video.frame_count:
        return 0.0
    if video.times is not None and not len(video.times):
        return 0.0
    last = len(video.times) if video.times is not None else video.frame_count
    return float(video.time_of(np.array([last]))[0] + 1 / video.frame_rate)


def read_summary(path: Path) -> dict[str, Any]:
    """What `write_summary` has written. Raises InputError where that is not what the file holds."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(path, f"cannot be read as a summary: {error}", "annotate the video again") from error
    if not _is_record(record):
        raise InputError(path, "is not a summary of a video", "annotate the video again")
    return record


def _is_record(record: Any) -> TypeGuard[dict[str, Any]]:
    """Whether all that a report reads is there, and of its kind."""
    if not isinstance(record, dict) or not isinstance(record.get("tracks"), list):
        return False
    tracks = record["tracks"]
    if not (_has(record, HEAD) and all(isinstance(track, dict) and _has(track, TRACK) for track in tracks)):
        return False
    head, track_later = LATER
    return _may_have(record, head) and all(_may_have(track, track_later) for track in tracks)


def _has(found: Mapping[str, Any], kinds: Mapping[str, type]) -> bool:
    """A number without a fraction may be written for one that has any."""
    return all(isinstance(found.get(key), (int, kind) if kind is float else kind) for key, kind in kinds.items())


def _may_have(found: Mapping[str, Any], kinds: Mapping[str, type]) -> bool:
    return all(isinstance(found.get(key, kind()), kind) for key, kind in kinds.items())
