"""The two passes of an offline run: what the first has found, and the second that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from detectors.base import Frame
from detectors.errors import InputError
from tracker.association.tracks import Tracks
from tracker.offline.first_pass import FirstPass
from tracker.offline.recording_tracker import RecordingTracker
from tracker.offline.trajectory import Trajectory, iterate_tracks_by_frame
from tracker.sources.base import Source


def first_pass_of(
    recorder: RecordingTracker, indices: Sequence[int], source: Source, names: Mapping[int, str]
) -> FirstPass:
    """What a first pass has found. indices: numbers of its frames. names: of the detector's classes by id."""
    return FirstPass(
        indices=np.array(indices, dtype=np.int64),
        history=recorder.finish(),
        class_names=dict(names),
        width=source.width,
        height=source.height,
        frame_rate=source.frame_rate,
        warnings=tuple(source.warnings),
    )


@dataclass(frozen=True, eq=False)
class Hindsight:
    """A first pass, and the trajectories that came of it once all of the video was known."""

    first_pass: FirstPass
    trajectories: Sequence[Trajectory]

    def frames(self) -> Iterator[tuple[Frame, Tracks]]:
        """Each frame, without its picture, with its tracks."""
        found = iterate_tracks_by_frame(self.trajectories, self.first_pass.history.times)
        yield from zip(self.first_pass.frames(), found, strict=True)

    def frames_with_pictures(self, again: Iterable[Frame], shown_name: object) -> Iterator[tuple[Frame, Tracks]]:
        """The same with the pictures of a source that is read again, which may begin earlier.

        shown_name: of the source, for messages. Raises InputError where a frame is not there any more.
        """
        first = int(self.first_pass.indices[0])
        pictures = (frame for frame in again if frame.index >= first)
        for seen, tracks in self.frames():
            frame = next(pictures, None)
            if frame is None or frame.index != seen.index:
                why = f"frame {seen.index} was there at first, and is not any more"
                raise InputError(shown_name, why, "leave the source alone until the run is over")
            yield replace(seen, image=frame.image), tracks
