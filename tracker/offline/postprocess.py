"""The stages between the two passes over a video, in their order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from tracker.offline.box_smoothing import smooth_boxes
from tracker.offline.filled_masks import fill_masks
from tracker.offline.gap_filling import fill_gaps
from tracker.offline.join import join
from tracker.offline.prune import prune, trim
from tracker.offline.stabilise import Stabiliser
from tracker.offline.trajectory import TrackingHistory, Trajectory, one_a_number

STAGES = ("trim", "join", "prune", "smooth", "fill")


def postprocess(
    history: TrackingHistory, stages: Collection[str] = STAGES, step: Callable[[], None] = lambda: None
) -> list[Trajectory]:
    """The trajectories in hindsight: loose ends trimmed, fragments joined, doubtful ones pruned, boxes smoothed,
    gaps filled. In the end each number has one, over all shots.

    stages: those to run. step: is called now and then, as a day of video may take minutes.
    """

    def each(tracks: Iterable[Trajectory]) -> Iterator[Trajectory]:
        for track in tracks:
            step()
            yield track

    tracks = list(history.trajectories)
    if "trim" in stages:
        tracks = [trim(history, track) for track in each(tracks)]
    if "join" in stages:
        tracks = join(history, tracks)
    if "prune" in stages:
        tracks = prune(history, tracks)
    if "smooth" in stages:
        tracks = smooth_boxes(history, tracks, step)
    if "fill" in stages:
        camera = Stabiliser(history.cameras)
        tracks = [fill_masks(fill_gaps(history, track, camera)) for track in each(tracks)]
    return one_a_number(tracks)
