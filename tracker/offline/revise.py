"""The order of the stages between the two passes over a video, and nothing else."""

from __future__ import annotations

from collections.abc import Collection

from tracker.offline.fill import fill
from tracker.offline.join import join
from tracker.offline.prune import prune, trim
from tracker.offline.stabilise import Stabiliser
from tracker.offline.steady import steady
from tracker.offline.trajectory import Recording, Trajectory

STAGES = ("trim", "join", "prune", "steady", "fill")


def revise(recording: Recording, stages: Collection[str] = STAGES) -> list[Trajectory]:
    """The trajectories as they look in hindsight: loose ends cut off, fragments joined, doubtful tracks left out, boxes
    smoothed, gaps filled. stages: those to run.
    """
    tracks = list(recording.trajectories)
    if "trim" in stages:
        tracks = [trim(recording, track) for track in tracks]
    if "join" in stages:
        tracks = join(recording, tracks)
    if "prune" in stages:
        tracks = prune(recording, tracks)
    if "steady" in stages:
        tracks = steady(recording, tracks)
    if "fill" in stages:
        camera = Stabiliser(recording.cameras)
        tracks = [fill(recording, track, camera) for track in tracks]
    return tracks
