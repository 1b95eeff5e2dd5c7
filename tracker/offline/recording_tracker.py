"""A tracker that records which detections each track was given, for the offline stages."""

from __future__ import annotations

from array import array
from collections.abc import Collection
from typing import Any

import numpy as np

from detectors.base import Floats, Frame, Image
from detectors.columns import Columns, concatenate_columns, select_rows
from tracker.association.engine import Tracker
from tracker.association.lazy_embeddings import EmbedRows
from tracker.association.presets import DEFAULT, Preset
from tracker.association.tracks import Assignments, Tracks
from tracker.motion.displacements import Displacements
from tracker.offline.trajectory import TrackingHistory, Trajectory

TIDY = 250  # frames after which the records of tentative tracks that died are dropped


class _TrackRecord:
    """The boxes of one track, tentative or confirmed, so far; its number is 0 until it is confirmed.

    Plain numbers in a row, 49 bytes a box: a NumPy array for each box would take five times as many.
    """

    def __init__(self) -> None:
        self.number, self.class_id = 0, 0
        self.frames, self.boxes, self.scores, self.carried = array("q"), array("d"), array("d"), bytearray()
        self.embedding: Floats | None = None
        self.columns: list[Columns] = []  # of each box, if there are any

    def trajectory(self) -> Trajectory:
        """The same as columns. They share its memory, so nothing can be added afterwards."""
        carried = np.frombuffer(self.carried, dtype=bool)
        return Trajectory(
            track_id=self.number,
            class_id=self.class_id,
            frames=np.frombuffer(self.frames, dtype=np.int64),
            boxes=np.frombuffer(self.boxes).reshape(-1, 4),
            scores=np.frombuffer(self.scores),
            filled=carried,
            carried=carried,
            embedding=self.embedding if self.embedding is not None and self.embedding.any() else None,
            columns=concatenate_columns(self.columns, [1] * len(self.columns)),
        )


class RecordingTracker(Tracker):
    """Tracks like its base, and keeps arrays of what it saw: boxes, scores, embeddings and columns, never a picture.

    A track that is confirmed later counts from its first detection on, so that no object loses its first frames.
    Of a track's embeddings only their sum is kept, whatever its length.
    """

    def __init__(self, preset: str | Preset = DEFAULT, frame_rate: float = 30.0) -> None:
        self._times, self._shots = array("d"), array("q")
        self._cameras: list[Floats | None] = []
        self._confirmed: list[_TrackRecord] = []
        self._shot = -1
        super().__init__(preset, frame_rate)

    def _start(self) -> None:
        super()._start()
        self._shot += 1
        # A cut begins another shot, and another record for who is recognised after it: no path leads across.
        self._records: dict[int, _TrackRecord] = {}  # of this shot, by the track's serial
        self._numbered: dict[int, _TrackRecord] = {}  # of this shot: who comes back goes on with the one of before

    def start_midway(self) -> None:
        """Prepare for a piece that begins in the middle of a video: see `NoiseCalibration.start_converged`."""
        self._calibration.noise.start_converged()

    def update(
        self,
        detections: Any,
        time: float | None = None,
        camera: Floats | None = None,
        embed: EmbedRows | None = None,
        frame: Image | Frame | None = None,
    ) -> Tracks:
        """As `Tracker.update`; the camera's motion is recorded only where it is given."""
        tracks = super().update(detections, time, camera, embed, frame)
        self._note(self.assignments, camera)
        return tracks

    def propagate(
        self, time: float | None = None, camera: Floats | None = None, displacements: Displacements | None = None
    ) -> Tracks:
        """As `Tracker.propagate`."""
        tracks = super().propagate(time, camera, displacements)
        self._note(self.assignments, camera, carried=True)
        return tracks

    def _note(self, assignments: Assignments, camera: Floats | None, carried: bool = False) -> None:
        assert self._clock.time is not None
        embeddings = None if carried else assignments.embeddings
        columns = (
            assignments.serials,
            assignments.track_ids,
            assignments.class_ids,
            assignments.boxes,
            assignments.scores,
        )
        frame = len(self._times)
        for row, (serial, number, class_id, box, score) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
            record = self._records.get(serial)
            if record is None:
                record = self._records[serial] = self._numbered.get(number) or _TrackRecord()
            if number and not record.number:
                self._confirmed.append(record)
                self._numbered[number] = record
            record.number, record.class_id = number, class_id
            record.frames.append(frame)
            record.boxes.extend(box)
            record.scores.append(score)
            record.carried.append(carried)
            if assignments.columns or record.columns:
                record.columns += [{}] * (len(record.frames) - 1 - len(record.columns))
                record.columns.append(select_rows(assignments.columns, slice(row, row + 1)))
            if embeddings is not None:
                record.embedding = embeddings[row] + (0.0 if record.embedding is None else record.embedding)
        if frame % TIDY == 0:
            self._forget(set(assignments.serials.tolist()))
        self._times.append(self._clock.time)
        self._shots.append(self._shot)
        self._cameras.append(camera)

    def _forget(self, assignments: Collection[int]) -> None:
        """Drop tentative tracks that were missed, since that is their end. taken: serials of those that were not."""
        self._records = {
            serial: record for serial, record in self._records.items() if record.number or serial in assignments
        }

    def finish(self) -> TrackingHistory:
        """The history, with a trajectory for each confirmed track and shot. Call it once, at the end."""
        confirmed = sorted(self._confirmed, key=lambda record: record.number)
        return TrackingHistory(
            times=np.array(self._times),
            shots=np.array(self._shots, dtype=np.int64),
            cameras=self._cameras,
            trajectories=[record.trajectory() for record in confirmed],
            typical=self._thresholds.typical,
            appearance_calibration=self._appearance_calibration,
        )
