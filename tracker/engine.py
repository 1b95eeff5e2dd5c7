"""The tracker: detections of one frame in, tracks of that frame out."""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Detections, Floats, Ints
from detectors.boxes import iou_matrix
from detectors.errors import InputError
from tracker import matching
from tracker.gallery import AverageMemory, GalleryMemory
from tracker.presets import DEFAULT, PRESETS, Preset, Stage
from tracker.tracks import CONFIRMED, LOST, TENTATIVE, Tracks, TrackTable

NEARBY = 0.7  # IoU cost up to which appearance may rank a pair


class Tracker:
    """Gives the objects found in successive frames numbers that stay.

    preset: a name in `tracker.presets.PRESETS`, or a `Preset` of one's own. frame_rate: frames a second, for callers
    that give no times.

    All memory of earlier frames is this object's: two trackers never share a number.

    Raises InputError when there is no preset of that name.
    """

    def __init__(self, preset: str | Preset = DEFAULT, frame_rate: float = 30.0) -> None:
        if isinstance(preset, str) and preset not in PRESETS:
            raise InputError(f"--tracker {preset}", "no such tracker", f"choose one of: {', '.join(PRESETS)}")
        if not frame_rate > 0:
            raise ValueError(f"frame_rate is {frame_rate}, not a number of frames a second")
        self.preset = PRESETS[preset] if isinstance(preset, str) else preset
        self._frame_interval = 1 / frame_rate
        self._time: float | None = None
        self._last_id = 0
        self.restart()

    def restart(self) -> None:
        """Forget all tracks, as at a cut. Their numbers are not given again."""
        memory = GalleryMemory if self.preset.appearance == "gallery" else AverageMemory
        self._table = TrackTable(self.preset.motion, memory)
        self._fresh = True

    @property
    def uses_appearance(self) -> bool:
        """Whether embeddings of detections make a difference."""
        return self.preset.appearance != "none"

    @property
    def confirmed_count(self) -> int:
        """How many tracks have been given a number so far."""
        return self._last_id

    def update(self, detections: Detections, time: float | None = None) -> Tracks:
        """Take in one frame, an empty one too, and return the confirmed tracks that were seen in it.

        time: seconds, later than the frame before; None is one frame interval later.

        Raises ValueError, and takes nothing in, when time is not finite or does not move on, or the embeddings are of
        another length than earlier ones.
        """
        self._table.check_embeddings(detections)
        now, elapsed = self._advance(time)
        detections = detections[detections.scores >= self.preset.ignore]
        if not self.uses_appearance:
            detections = Detections(detections.boxes, detections.scores, detections.class_ids)
        table = self._table
        table.filter.predict(elapsed)
        rows, columns = self._associate(detections)
        table.match(rows, detections[columns], now)
        missed = np.setdiff1d(np.arange(len(table)), rows)
        table.miss(missed)
        self._confirm(rows)
        self._start(detections, columns, rows, now)
        self._remove(missed, now)
        self._fresh = False
        return self._snapshot(now)

    def _advance(self, time: float | None) -> tuple[float, float]:
        """The time of this frame and the seconds since the last one."""
        if time is None:
            time = 0.0 if self._time is None else self._time + self._frame_interval
        elapsed = self._frame_interval if self._time is None else time - self._time
        if not np.isfinite(time):
            raise ValueError(f"time {time} is not a number of seconds")
        if not elapsed > 0:
            raise ValueError(f"time {time} s is not later than the last frame's, {self._time} s")
        self._time = time
        return time, elapsed

    def _associate(self, detections: Detections) -> tuple[Ints, Ints]:
        """Matching rows of the table and of the detections."""
        free_tracks = np.ones(len(self._table), dtype=bool)
        free_detections = np.ones(len(detections), dtype=bool)
        strong = detections.scores >= self.preset.strong
        pairs = [np.empty((0, 2), dtype=np.int64)]
        for stage in self.preset.stages:
            taking_part = np.isin(self._table.state, stage.states)
            columns_of_stage = strong if stage.strength == "strong" else ~strong
            for level in self._levels(stage, taking_part):
                rows = np.flatnonzero(level & free_tracks)
                columns = np.flatnonzero(columns_of_stage & free_detections)
                solve = matching.assign_then_gate if stage.gate_last else matching.assign
                found = solve(self._cost(stage, rows, detections, columns), stage.limit)
                matched = np.stack([rows[found[:, 0]], columns[found[:, 1]]], axis=1)
                free_tracks[matched[:, 0]] = False
                free_detections[matched[:, 1]] = False
                pairs.append(matched)
        rows, columns = np.concatenate(pairs).T
        return rows, columns

    def _levels(self, stage: Stage, taking_part: Bools) -> list[Bools]:
        """The groups of tracks that choose one after the other."""
        if not stage.cascade:
            return [taking_part]
        missed = self._table.missed
        return [taking_part & (missed == age) for age in np.unique(missed[taking_part])]

    def _cost(self, stage: Stage, rows: Ints, detections: Detections, columns: Ints) -> Floats:
        """Cost ``(R, C)`` of pairing the tracks `rows` with the detections `columns`."""
        table, boxes = self._table, detections.boxes[columns]
        distance = None
        if table.appearance is not None and detections.embeddings is not None:
            distance = table.appearance.distances(rows, detections.embeddings[columns])
        if stage.cost == "deepsort":
            return matching.deepsort_cost(table.filter.gating_distance(rows, boxes), distance, self.preset.alike)
        cost = matching.iou_cost(table.filter.boxes()[rows], boxes)
        cost += matching.class_cost(table.class_ids[rows], detections.class_ids[columns])
        if distance is not None and stage.strength == "strong":
            cost = matching.with_appearance(cost, distance, NEARBY, self.preset.alike)
        return cost

    def _confirm(self, rows: Ints) -> None:
        """Tracks matched often enough are confirmed; a new one among them gets the next number."""
        table = self._table
        trusted = rows[(table.state[rows] != TENTATIVE) | (table.hits[rows] >= self.preset.n_init)]
        table.state[trusted] = CONFIRMED
        new = np.sort(trusted[table.ids[trusted] == 0])
        table.ids[new] = self._last_id + 1 + np.arange(len(new))
        self._last_id += len(new)

    def _start(self, detections: Detections, columns: Ints, rows: Ints, now: float) -> None:
        """Start a track at every detection that is strong enough, still free, and no double of a matched one."""
        free = np.ones(len(detections), dtype=bool)
        free[columns] = False
        born = np.flatnonzero(free & (detections.scores >= self.preset.birth))
        if rows.size and self.preset.birth_overlap < 1:
            double = iou_matrix(detections.boxes[born], self._table.boxes[rows]) > self.preset.birth_overlap
            born = born[~double.any(axis=1)]
        new = self._table.append(detections[born], now)
        if self.preset.n_init <= 1 or (self._fresh and self.preset.first_frame):
            self._table.hits[new] = max(self.preset.n_init, 1)
            self._confirm(new)

    def _remove(self, missed: Ints, now: float) -> None:
        """Drop tentative tracks at their first miss, lost ones when their time is over."""
        table, preset = self._table, self.preset
        expired = (now - table.seen > preset.max_age + 1e-9) & (table.missed >= preset.min_misses)
        dead = (table.state == LOST) & expired
        dead[missed] |= table.state[missed] == TENTATIVE
        if dead.any():
            table.keep(~dead)

    def _snapshot(self, now: float) -> Tracks:
        table = self._table
        shown = np.flatnonzero(table.state == CONFIRMED)
        boxes = table.filter.boxes()[shown] if self.preset.filtered else table.boxes[shown]
        return Tracks(
            track_ids=table.ids[shown],
            boxes=boxes,
            scores=table.scores[shown],
            class_ids=table.class_ids[shown],
            age=now - table.born[shown],
            time_since_update=now - table.seen[shown],
        )
