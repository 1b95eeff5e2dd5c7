"""The hiding stage: objects made unrecognisable in the pictures, before anybody sees or keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from detectors.base import Frame
from tracker.association.engine import Tracker
from tracker.association.tracks import Tracks
from tracker.privacy.cover import Cover
from tracker.privacy.policy import Policy, find_policy
from tracker.run.measurements import Measurements
from tracker.run.options import Options

if TYPE_CHECKING:
    from tracker.run.passes import Hindsight

Covers = Callable[[Frame, Tracks], Iterable[Cover]]


def policy_of(options: Options, class_names: Mapping[int, str], shown_name: str) -> Policy | None:
    """Who is to be hidden, None for nobody. Raises InputError for classes that `shown_name`, the detector, lacks."""
    return find_policy(options.blur, options.pixelate, options.except_, options.only, class_names, shown_name)


def covers_for(policy: Policy, tracker: Tracker, hindsight: Hindsight | None) -> Covers:
    """What tells the covers of each frame in turn. tracker: has just been told of the frame. hindsight: if there is."""
    if hindsight is None:
        from tracker.privacy.live_covers import LiveCovers

        live = LiveCovers(policy)
        return lambda frame, tracks: live(frame, tracks, tracker.assignments)
    from tracker.privacy.hindsight_covers import HindsightCovers

    history = hindsight.first_pass.history
    known, rows = HindsightCovers(policy, history, hindsight.trajectories), iter(range(len(history.times)))
    return lambda frame, tracks: known(next(rows))


class HidingStage:
    """Hides in the frames' own pictures who is to be hidden, from the first frame on.

    policy: who; None for nobody. tracker: of the run. hindsight: what the first of two passes has found.
    """

    def __init__(
        self, policy: Policy | None, tracker: Tracker, hindsight: Hindsight | None, measured: Measurements
    ) -> None:
        self._covers = None if policy is None else covers_for(policy, tracker, hindsight)
        self._measured = measured

    def __call__(self, frame: Frame, tracks: Tracks) -> None:
        """Take in the next frame; one without a picture, too."""
        if self._covers is None:
            return
        from tracker.privacy.hide import hide

        with self._measured.timing("draw"):
            found = self._covers(frame, tracks)
            if frame.image.size:
                hide(frame.image, found)
