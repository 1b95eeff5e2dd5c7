"""What a run did and what it took, as the numbers of ``--stats``."""

from __future__ import annotations

from typing import Any

from tracker.run.measurements import Measurements
from tracker.run.profile import Profile, ThreadTime
from tracker.writers.stats import peak_rss_mb

# What is reported -> the stages of the pipeline that it is the sum of.
STAGES = {
    "read": ("read",),
    "detect": ("detect", "masks"),
    "embed": ("embed",),
    "track": ("camera", "carry", "track"),
    "draw": ("draw",),
    "write": ("write",),
}


def figures(measured: Measurements, profile: Profile) -> dict[str, Any]:
    """Frames, seconds, calls, memory and threads, in the order of the file."""
    seconds, spent = profile.seconds + profile.opening.wall, measured.stages
    return {
        "frames": measured.frames,
        "seconds": round(seconds, 4),
        "fps": round(measured.frames / seconds, 2),
        "stages": {name: round(sum(spent[part] for part in parts), 4) for name, parts in STAGES.items()},
        "detector_calls": measured.detector_calls,
        "embeddings": measured.embeddings,
        "camera_seconds": round(spent["camera"], 4),
        "peak_rss_mb": peak_rss_mb(),
        "cpu_seconds": round(profile.cpu + profile.opening.cpu, 4),
        "cores": profile.cores,
        "threads": {thread.name: _as_json(thread) for thread in profile.threads},
    }


def _as_json(thread: ThreadTime) -> dict[str, Any]:
    waits = {name: round(seconds, 4) for name, seconds in thread.waits.items()}
    spent = {"seconds": round(thread.work.wall, 4), "cpu_seconds": round(thread.work.cpu, 4)}
    return {"count": thread.count, **spent, "waited_for": waits}
