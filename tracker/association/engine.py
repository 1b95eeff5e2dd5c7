"""The tracker: detections of one frame in, tracks of that frame out. Here is the order of the steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from detectors.base import Detections, Floats, Frame, Image, Ints
from detectors.conversion import as_detections
from detectors.errors import InputError
from tracker.appearance.gallery import AverageMemory, GalleryMemory
from tracker.association.birth import TrackBirth
from tracker.association.calibration import AppearanceCalibration
from tracker.association.camera_trust import CameraTrust
from tracker.association.cue_association import MAX_OCCLUSION, CueAssociation
from tracker.association.frame_clock import FrameClock
from tracker.association.frame_detections import FrameDetections, select_detections
from tracker.association.lazy_embeddings import EmbedRows, check_dimension
from tracker.association.life_cycle import LifeCycle
from tracker.association.picture_cues import PictureCues
from tracker.association.presets import DEFAULT, PRESETS, Preset
from tracker.association.returns import Returns
from tracker.association.stages import associate_in_stages
from tracker.association.thresholds import ScoreThresholds
from tracker.association.track_table import TrackTable
from tracker.association.tracks import Assignments, Tracks
from tracker.association.velocity_calibration import MotionCalibration
from tracker.motion.camera_motion import as_motion
from tracker.motion.displacements import Displacements

STEADY_HITS = 6  # matches from which a track's innovations show the detector's noise, and not how the track began


class Tracker:
    """Gives the objects found in successive frames numbers that stay.

    preset: a name in `tracker.PRESETS`, or a `Preset` of one's own. frame_rate: frames a second, for callers that give
    no times.

    All memory of earlier frames is this object's: two trackers never share a number.

    Raises InputError when there is no preset of that name.
    """

    def __init__(self, preset: str | Preset = DEFAULT, frame_rate: float = 30.0) -> None:
        if isinstance(preset, str) and preset not in PRESETS:
            raise InputError(f"--tracker {preset}", "no such tracker", f"choose one of: {', '.join(PRESETS)}")
        self.preset = PRESETS[preset] if isinstance(preset, str) else preset
        self._clock = FrameClock(frame_rate)
        self.reset()

    def reset(self) -> None:
        """Begin anew, as with another video: nothing is remembered, and numbers count from 1 again."""
        self._clock.restart()
        self._life_cycle = LifeCycle(self.preset)
        self._thresholds = ScoreThresholds(self.preset)
        self._appearance_calibration = AppearanceCalibration()
        self._pictures = PictureCues()
        self._start()

    def restart(self) -> None:
        """End all tracks, as at a cut. None goes on, unless it is recognised by its looks (`Preset.memory`)."""
        self._life_cycle.end_all(self._table)
        self._start()

    def _start(self) -> None:
        """Begin without tracks."""
        preset = self.preset
        self._table = TrackTable(preset.motion, GalleryMemory if preset.appearance == "gallery" else AverageMemory)
        self._calibration = MotionCalibration()
        self._camera_trust = CameraTrust()
        self._by_cues = None
        if preset.cues is not None:
            self._by_cues = CueAssociation(preset.cues, preset.shared_motion, self._table, self._appearance_calibration)
        self._returns = Returns(preset, self._table, self._life_cycle, self._by_cues, self._appearance_calibration)
        self._birth = TrackBirth(preset, self._table, self._life_cycle)

    @property
    def uses_appearance(self) -> bool:
        """Whether embeddings of detections make a difference."""
        return self.preset.appearance != "none"

    @property
    def confirmed_count(self) -> int:
        """How many tracks have been given a number so far."""
        return self._life_cycle.confirmed_count

    @property
    def remembered(self) -> Ints:
        """The numbers ``(E,)`` of tracks that have ended and may still be recognised."""
        return np.array(self._life_cycle.ended.ids)

    @property
    def assignments(self) -> Assignments:
        """The detections that the last update assigned to tracks; boxes are propagated with their tracks."""
        return self._table.assignments

    @property
    def has_tentative(self) -> bool:
        """Whether there are tentative tracks, which the next detections confirm or end."""
        return bool(self._table.tentative.any())

    @property
    def seconds_lost(self) -> Floats:
        """Seconds ``(L,)`` from the last match of each lost track to the last frame with detections."""
        return np.asarray((self._clock.detected or 0.0) - self._table.last_seen[self._table.lost])

    @property
    def high_score_threshold(self) -> float:
        """The score from which a detection is of a high score, as things stand."""
        return self._thresholds.high

    def position_uncertainty(self, seconds: float, displacements: Displacements | None = None) -> Floats:
        """Standard deviation ``(N,)`` of the boxes of `assignments` in `seconds`, in shares of their sides.

        displacements: how far they were seen to move until then; None for prediction alone.
        """
        table = self._table
        rows = np.flatnonzero(table.missed == 0)
        if displacements is None:
            return table.filter.position_uncertainty(seconds, rows, np.zeros(len(rows), dtype=bool), 0.0)
        return table.filter.position_uncertainty(seconds, rows, displacements.reliable, displacements.deviation)

    def update(
        self,
        detections: Any,
        time: float | None = None,
        camera: Floats | None = None,
        embed: EmbedRows | None = None,
        frame: Image | Frame | None = None,
    ) -> Tracks:
        """Take in one frame, an empty one too, and return the confirmed tracks that were seen in it.

        detections: ours, or whatever `as_detections` knows: supervision's, ultralytics' results, an array ``(N, 6)`` of
        x1, y1, x2, y2, score, class. time: seconds, later than the frame before; None is one frame interval later.
        camera: affine matrix ``(2, 3)`` that maps points of the last frame to this one; None where the camera stands
        still. embed: is called with rows of `detections` ``(R,)`` whose embeddings ``(R, D)`` may make a difference, if
        they have none. frame: its picture ``(H, W, 3)`` uint8 BGR; camera and embed come from it, if not given.

        Raises ValueError, and takes nothing in, when time is not finite or does not move on, the embeddings are of
        another length than earlier ones, the matrix is not of that shape or not finite, or the detections or the
        picture are nothing of that kind; and when `embed` gives no such embeddings, which leaves out the detections.
        """
        detections = as_detections(detections)
        if frame is not None:
            camera, embed = self._from_picture(frame, detections, self._clock.following(time), camera, embed)
        camera = as_motion(camera)
        if detections.embeddings is not None:
            check_dimension(detections.embeddings, self._dimension)
        now, elapsed = self._clock.advance(time)
        camera = self._camera_trust.tremor.beyond(camera, self._table.boxes)
        self._thresholds.update(detections.scores)
        found = select_detections(self.preset, self._thresholds, detections, embed, self._dimension)
        self._table.matches.begin_frame(detections)
        self._predict(elapsed, self._trusted(camera, found, elapsed))
        interval = elapsed if self._clock.detected is None else now - self._clock.detected
        rows, columns = self._associate(found, now, interval)
        if self.preset.adaptive_velocity:
            self._calibration.velocities.update(self._table, rows, found.bare.boxes[columns], elapsed)
        missed = self._match(found, rows, columns, now)
        born = self._birth.candidates(found.bare, self._thresholds.birth, (rows, columns), now, interval)
        born = self._returns.revive(found, born, missed, now)
        born = self._returns.recognise(found, born, now)
        self._birth.start(found, born, now, interval)
        self._life_cycle.remove(self._table, missed, now)
        self._returns.observe(now)
        self._clock.detected = now
        return self._snapshot(now)

    def _from_picture(
        self, picture: Image | Frame, found: Detections, now: float, camera: Floats | None, embed: EmbedRows | None
    ) -> tuple[Floats | None, EmbedRows | None]:
        """The camera's motion and what embeds: those given, or from the picture, where the preset makes use of them."""
        frame = self._pictures.frame_of(picture, now)
        if camera is None and self.preset.camera:
            camera = self._pictures.camera_motion(frame, found.boxes)
        if embed is None and self.uses_appearance and found.embeddings is None:
            embed = self._pictures.embed(frame, found)
        return camera, embed

    def propagate(
        self, time: float | None = None, camera: Floats | None = None, displacements: Displacements | None = None
    ) -> Tracks:
        """Go on to a frame that no detector ran on, and return the tracks seen in the last one with detections.

        time, camera: as for `update`. displacements: how far the boxes of `assignments` were seen to move; None leaves
        that to the filter. No track is born, missed or lost in such a frame. Raises ValueError as `update`.
        """
        camera = as_motion(camera)
        now, elapsed = self._clock.advance(time)
        table = self._table
        before = table.boxes
        self._compensate_camera(self._camera_trust.tremor.beyond(camera, before))
        if displacements is not None:  # subtract the camera's motion, which has been applied already
            moved = (table.boxes - before)[table.missed == 0]
            offsets = displacements.offsets - (moved[:, :2] + moved[:, 2:]) / 2
            displacements = replace(displacements, offsets=offsets)
        table.filter.noise = self._calibration.noise.factor
        table.propagate(elapsed, displacements)
        table.matches.begin_frame(None)
        return self._snapshot(now, propagated=True)

    @property
    def _dimension(self) -> int:
        """The length of the embeddings so far, 0 before the first one."""
        return self._table.appearance.last.shape[1] or self._life_cycle.ended.vectors.shape[1]

    def _trusted(self, camera: Floats | None, found: FrameDetections, elapsed: float) -> Floats | None:
        """The camera's motion, None where it does not fit the detections."""
        if camera is None or not len(self._table):
            return camera
        table = self._table
        steady = table.confirmed & (table.hits >= STEADY_HITS)
        offsets = self._calibration.velocities.share(elapsed) * elapsed * table.filter.velocity[steady, :2]
        predicted = table.filter.boxes()[steady] + np.tile(offsets, 2)
        return self._camera_trust.accept(camera, predicted, found.bare.boxes[found.cues.high_score])

    def _predict(self, elapsed: float, camera: Floats | None) -> None:
        """Move all tracks to where they are expected now."""
        self._compensate_camera(camera)
        self._table.filter.noise = self._calibration.noise.factor
        self._table.filter.predict(elapsed, self._calibration.velocities.share(elapsed))

    def _compensate_camera(self, camera: Floats | None) -> None:
        """Move all remembered positions with the picture."""
        if camera is None:
            return
        self._life_cycle.ended.move(camera)
        if len(self._table):
            self._table.move(camera)

    def _associate(self, found: FrameDetections, now: float, elapsed: float) -> tuple[Ints, Ints]:
        """Matching rows of the table and of the detections. elapsed: seconds since the last frame with detections."""
        preset, table = self.preset, self._table
        if not len(table) or not len(found):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        if self._by_cues is not None:
            absent = now - table.last_seen
            absent[self._life_cycle.overdue(table, now)] = np.inf
            return self._by_cues.match(found, absent, self._thresholds.typical, elapsed)
        high_score = found.cues.high_score
        return associate_in_stages(preset.stages, table, found.embedded(), high_score, preset.max_cosine_distance)

    def _match(self, found: FrameDetections, rows: Ints, columns: Ints, now: float) -> Ints:
        """Give the tracks `rows` the detections `columns`; returns the rows of the tracks that were missed."""
        table = self._table
        if found.embeddings.available and self._by_cues is not None:
            found.embeddings.compute(self._by_cues.poorly_known(found.cues, rows, columns, now))
        if self._by_cues is not None:
            self._by_cues.calibrate(rows, columns, found.embeddings.vectors)
        steady = ((table.hits[rows] >= STEADY_HITS) & (table.missed[rows] == 0)).nonzero()[0]
        ratios = table.match(rows, self._memorable(found)[columns], found.rows[columns], now)
        if self.preset.adaptive_noise:
            self._calibration.noise.update(ratios.take(steady, axis=0))
        left = np.ones(len(table), dtype=bool)
        left[rows] = False
        missed = left.nonzero()[0]
        table.miss(missed)
        self._life_cycle.confirm(table, rows)
        return missed

    def _memorable(self, found: FrameDetections) -> Detections:
        """The detections, without the embeddings of occluded ones, which describe the object in front as well."""
        detections = found.embedded()
        if self._by_cues is None or detections.embeddings is None:
            return detections
        visible = found.cues.occluded < MAX_OCCLUSION
        return detections.with_embeddings(detections.embeddings * visible[:, None])

    def _snapshot(self, now: float, propagated: bool = False) -> Tracks:
        """The confirmed tracks; without detections at the filter's boxes, which are newer than the detections'."""
        table = self._table
        shown = table.confirmed.nonzero()[0]
        boxes = table.filter.boxes() if self.preset.filtered or propagated else table.boxes
        return Tracks(
            track_ids=table.ids[shown],
            boxes=boxes.take(shown, axis=0),
            scores=table.scores[shown],
            class_ids=table.class_ids[shown],
            age=now - table.first_seen[shown],
            time_since_update=now - table.last_seen[shown],
            carried=(np.ones if propagated else np.zeros)(len(shown), dtype=bool),
            rows=table.matches.rows[shown],
            columns=table.matches.columns(shown),
            returns=() if propagated else self._returns.these,
        )
