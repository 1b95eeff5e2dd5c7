"""The order of the stages between the two passes over a video, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from tracker.offline.box_smoothing import steady
from tracker.offline.fill import fill
from tracker.offline.join import join
from tracker.offline.prune import prune, trim
from tracker.offline.stabilise import Stabiliser
from tracker.offline.trajectory import Recording, Trajectory

STAGES = ("trim", "join", "prune", "steady", "fill")


def revise(
    recording: Recording, stages: Collection[str] = STAGES, step: Callable[[], None] = lambda: None
) -> list[Trajectory]:
    """The trajectories as they look in hindsight: loose ends cut off, fragments joined, doubtful tracks left out, boxes
    smoothed, gaps filled. stages: those to run. step: is called now and then, as a day of video may take minutes.
    """

    def each(tracks: Iterable[Trajectory]) -> Iterator[Trajectory]:
        for track in tracks:
            step()
            yield track

    tracks = list(recording.trajectories)
    if "trim" in stages:
        tracks = [trim(recording, track) for track in each(tracks)]
    if "join" in stages:
        tracks = join(recording, tracks)
    if "prune" in stages:
        tracks = prune(recording, tracks)
    if "steady" in stages:
        tracks = steady(recording, tracks, step)
    if "fill" in stages:
        camera = Stabiliser(recording.cameras)
        tracks = [fill(recording, track, camera) for track in each(tracks)]
    return tracks
