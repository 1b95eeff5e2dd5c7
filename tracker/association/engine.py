"""The tracker: detections of one frame in, tracks of that frame out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detectors.base import Bools, Detections, Floats, Ints
from detectors.boxes import iou_matrix, nms, overlapping_pairs
from detectors.errors import InputError
from tracker.appearance.gallery import AverageMemory, GalleryMemory
from tracker.association.calibration import LikenessScale, NoiseScale, ScoreScale
from tracker.association.cue_association import HIDDEN, Association
from tracker.association.cues import Found, hidden_share, inside_better
from tracker.association.lazy_embeddings import Look, Looks
from tracker.association.matching import Pairs, mutual_best
from tracker.association.presets import DEFAULT, PRESETS, Preset
from tracker.association.revival import strangeness, with_likeness
from tracker.association.stages import associate_in_stages
from tracker.association.tracks import CONFIRMED, LOST, TENTATIVE, Shifts, Taken, Tracks, TrackTable
from tracker.motion.camera_motion import move_boxes

STEADY = 6  # matches from which a track's innovations tell of the detector rather than of its own beginning
OTHER_CLASS = 0.6  # IoU above which a box of another class is a second opinion on the same object


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
        if not frame_rate > 0:
            raise ValueError(f"frame_rate is {frame_rate}, not a number of frames a second")
        self.preset = PRESETS[preset] if isinstance(preset, str) else preset
        self._frame_interval = 1 / frame_rate
        self._time: float | None = None
        self._looked: float | None = None  # time of the last frame with detections
        self._last_id = 0
        self._scores = ScoreScale()  # of the detector, which stays the same over cuts
        self._likeness = LikenessScale()
        self.restart()

    def restart(self) -> None:
        """Forget all tracks, as at a cut. Their numbers are not given again."""
        memory = GalleryMemory if self.preset.appearance == "gallery" else AverageMemory
        self._table = TrackTable(self.preset.motion, memory)
        self._noise = NoiseScale()
        cues, shared_motion = self.preset.cues, self.preset.shared_motion
        self._by_cues = None if cues is None else Association(cues, shared_motion, self._table, self._likeness)
        self._fresh = True

    @property
    def uses_appearance(self) -> bool:
        """Whether embeddings of detections make a difference."""
        return self.preset.appearance != "none"

    @property
    def confirmed_count(self) -> int:
        """How many tracks have been given a number so far."""
        return self._last_id

    @property
    def taken(self) -> Taken:
        """What each living track, tentative ones too, was given in the last update."""
        return self._table.taken

    @property
    def undecided(self) -> bool:
        """Whether there are tentative tracks, which the next detections confirm or end."""
        return bool((self._table.state == TENTATIVE).any())

    @property
    def lost_for(self) -> Floats:
        """Seconds ``(L,)`` for which each lost track had not been seen when somebody last looked."""
        lost = self._table.state == LOST
        return np.asarray((self._looked or 0.0) - self._table.seen[lost])

    def doubts(self, seconds: float, shifts: Shifts | None = None) -> Floats:
        """How far ``(N,)`` the boxes of `taken` may be off in `seconds`, in shares of their sides (standard deviation).

        shifts: how far they were seen to move; None where nobody has looked.
        """
        table = self._table
        rows = np.flatnonzero(table.missed == 0)
        sure = np.zeros(len(rows), dtype=bool) if shifts is None else shifts.sure
        return table.filter.spread(seconds, rows, sure, 0.0 if shifts is None else shifts.deviation)

    @property
    def strong(self) -> float:
        """The score from which a detection counts as strong, as things stand."""
        return self._threshold(self.preset.strong)

    def _threshold(self, score: float) -> float:
        """A threshold of the preset as it applies to this detector."""
        return score * self._scores.typical if self.preset.relative else score

    def update(
        self,
        detections: Detections,
        time: float | None = None,
        camera: Floats | None = None,
        look: Look | None = None,
    ) -> Tracks:
        """Take in one frame, an empty one too, and return the confirmed tracks that were seen in it.

        time: seconds, later than the frame before; None is one frame interval later. camera: affine matrix ``(2, 3)``
        that maps points of the last frame to this one; None where the camera stands still. look: is asked what
        detections without embeddings look like, as far as that may make a difference.

        Raises ValueError, and takes nothing in, when time is not finite or does not move on, the embeddings are of
        another length than earlier ones, or the matrix is not of that shape or not finite.
        """
        self._check_camera(camera)
        self._table.check_embeddings(detections)
        now, elapsed = self._advance(time)
        since = elapsed if self._looked is None else now - self._looked
        detections, found, looks = self._sift(detections, look)
        self._follow_camera(camera)
        table = self._table
        table.filter.noise = self._noise.factor
        table.filter.predict(elapsed)
        rows, columns = self._associate(detections, found, looks, since)
        if looks.possible and self._by_cues is not None:
            looks.see(self._by_cues.unfamiliar(found, rows, columns, now))
        detections = looks.on(detections)
        self._learn(rows, detections, columns)
        table.match(rows, self._memorable(detections, found)[columns], now)
        left = np.ones(len(table), dtype=bool)
        left[rows] = False
        missed = np.flatnonzero(left)
        table.miss(missed)
        self._confirm(rows)
        born = self._newcomers(detections, rows, columns)
        born = self._revive(detections, born, missed, looks, now)
        self._start(looks.on(detections)[born], now)
        self._remove(missed, now)
        self._fresh = False
        self._looked = now
        return self._snapshot(now)

    def carry(self, time: float | None = None, camera: Floats | None = None, shifts: Shifts | None = None) -> Tracks:
        """Go on to a frame in which nobody has looked for objects, and return the tracks seen when somebody last did.

        time, camera: as for `update`. shifts: how far the boxes of `taken` were seen to move; None leaves that to the
        filter. Nothing is born, missed or lost in such a frame. Raises ValueError as `update`.
        """
        self._check_camera(camera)
        now, elapsed = self._advance(time)
        table = self._table
        before = table.boxes
        self._follow_camera(camera)
        if shifts is not None:  # what is left of them beside the camera's motion
            led = (table.boxes - before)[table.missed == 0]
            shifts = replace(shifts, offsets=shifts.offsets - (led[:, :2] + led[:, 2:]) / 2)
        table.filter.noise = self._noise.factor
        table.carry(elapsed, shifts)
        return self._snapshot(now, carried=True)

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

    @staticmethod
    def _check_camera(camera: Floats | None) -> None:
        if camera is not None and (camera.shape != (2, 3) or not np.isfinite(camera).all()):
            raise ValueError("camera is not a finite matrix of the shape (2, 3)")

    def _follow_camera(self, camera: Floats | None) -> None:
        """Move everything remembered about places to where the camera has taken it."""
        if camera is None or not len(self._table):
            return
        self._table.filter.warp(camera)
        self._table.boxes = move_boxes(self._table.boxes, camera)

    def _sift(self, detections: Detections, look: Look | None) -> tuple[Detections, Found, Looks]:
        """The detections that exist for this tracker, how the cues see them, and what they look like."""
        preset = self.preset
        self._scores.see(detections.scores)
        kept = np.flatnonzero(detections.scores >= self._threshold(preset.ignore))
        detections = detections[kept]
        if not self.uses_appearance and detections.embeddings is not None:
            detections = Detections(detections.boxes, detections.scores, detections.class_ids)
        strong, hidden = detections.scores >= self.strong, np.zeros(len(kept))
        if preset.cues is not None or preset.partial < 1:
            overlaps = overlapping_pairs(detections.boxes, detections.boxes)
            hidden = hidden_share(detections.boxes, strong, overlaps)
            whole = ~inside_better(detections, ~strong, preset.partial, overlaps)
            if not whole.all():
                detections, strong, hidden, kept = detections[whole], strong[whole], hidden[whole], kept[whole]
        looks = Looks(detections, look if self.uses_appearance else None, kept)
        if preset.cues is None:
            looks.see(strong)  # the published trackers look at all
        found = Found(detections.boxes, detections.scores, detections.class_ids, strong, hidden)
        return detections, found, looks

    def _associate(self, detections: Detections, found: Found, looks: Looks, elapsed: float) -> tuple[Ints, Ints]:
        """Matching rows of the table and of the detections."""
        preset, table = self.preset, self._table
        if not len(table) or not len(detections):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        if self._by_cues is not None:
            return self._by_cues.match(found, looks, self._overdue(), self._scores.typical, elapsed)
        return associate_in_stages(preset.stages, table, looks.on(detections), found.strong, preset.alike)

    def _overdue(self) -> Bools:
        """Tracks ``(N,)`` that have been lost for so long that prediction says nothing any more."""
        table, preset = self._table, self.preset
        late = (self._time or 0.0) - table.seen > preset.max_age + 1e-9
        return np.asarray((table.state == LOST) & late & (table.missed >= preset.min_misses))

    def _learn(self, rows: Ints, detections: Detections, columns: Ints) -> None:
        """Let the matches tell how shaky boxes are, and how alike the same object looks."""
        table = self._table
        if self.preset.adaptive_noise:
            steady = (table.hits[rows] >= STEADY) & (table.missed[rows] == 0)
            self._noise.see(*table.filter.surprise(rows[steady], detections.boxes[columns[steady]]))
        if self._by_cues is not None:
            self._by_cues.learn(rows, columns, detections.embeddings)

    def _memorable(self, detections: Detections, found: Found) -> Detections:
        """The detections without the looks of those that are half hidden, which would be remembered as a mixture."""
        if self._by_cues is None or detections.embeddings is None:
            return detections
        return replace(detections, embeddings=detections.embeddings * (found.hidden < HIDDEN)[:, None])

    def _confirm(self, rows: Ints) -> None:
        """Tracks matched often enough are confirmed; a new one among them gets the next number."""
        table = self._table
        trusted = rows[(table.state[rows] != TENTATIVE) | (table.hits[rows] >= self.preset.n_init)]
        table.state[trusted] = CONFIRMED
        new = trusted[table.ids[trusted] == 0]
        if not new.size:
            return
        new.sort()
        table.ids[new] = self._last_id + 1 + np.arange(len(new))
        self._last_id += len(new)

    def _newcomers(self, detections: Detections, rows: Ints, columns: Ints) -> Ints:
        """The detections that are strong enough to start a track, still free, and no doubles; best first.

        A double overlaps a track matched in this frame, or a better newcomer.
        """
        preset = self.preset
        free = detections.scores >= self._threshold(preset.birth)
        free[columns] = False
        born = np.flatnonzero(free)
        limit = preset.birth_overlap
        if limit < 1 and born.size:
            overlap = iou_matrix(detections.boxes[born], self._table.boxes[rows])
            same = detections.class_ids[born][:, None] == self._table.class_ids[rows][None, :]
            born = born[~(overlap > np.where(same, limit, max(limit, OTHER_CLASS))).any(axis=1)]
            born = born[nms(detections.boxes[born], detections.scores[born], limit, detections.class_ids[born])]
        return born

    def _revive(self, detections: Detections, born: Ints, missed: Ints, looks: Looks, now: float) -> Ints:
        """Give newcomers that are lost tracks come back their old tracks; returns the others."""
        table, revival = self._table, self.preset.revival
        lost = missed[table.state[missed] == LOST]
        if revival is None or not born.size or not lost.size:
            return born
        gap = now - table.seen[lost]
        strange = strangeness(revival, table.boxes[lost], table.filter.rate[lost, :2], gap, detections.boxes[born])
        strange += table.class_ids[lost][:, None] != detections.class_ids[born][None, :]
        likeness = None
        if revival.alike and self._by_cues is not None:
            wanted = np.zeros(len(detections), dtype=bool)
            wanted[born[((strange < revival.widest) & (table.looks[lost] > 0)[:, None]).any(axis=0)]] = True
            looks.see(wanted)
            likeness = self._by_cues.likeness_of(lost, None if looks.vectors is None else looks.vectors[born])
        alike = np.zeros_like(strange) if likeness is None else likeness
        worth = -with_likeness(revival, strange, alike, self._overdue()[lost])
        pairs = mutual_best(Pairs.of(worth, -1.0))
        rows, columns = lost[pairs[:, 0]], born[pairs[:, 1]]
        table.filter.reset(rows, detections.boxes[columns])
        table.match(rows, looks.on(detections)[columns], now)
        self._confirm(rows)
        return np.delete(born, pairs[:, 1])

    def _start(self, newcomers: Detections, now: float) -> None:
        if not len(newcomers):
            return
        new = self._table.append(newcomers, now)
        if self.preset.n_init <= 1 or (self._fresh and self.preset.first_frame):
            self._table.hits[new] = max(self.preset.n_init, 1)
            self._confirm(new)

    def _remove(self, missed: Ints, now: float) -> None:
        """Drop tentative tracks at their first miss, lost ones when their time is over."""
        table, preset = self._table, self.preset
        dead = self._overdue()
        if preset.memory and table.appearance is not None:
            dead &= (now - table.seen > preset.memory) | ~table.appearance.known(np.arange(len(table)))
        dead[missed] |= table.state[missed] == TENTATIVE
        if dead.any():
            table.keep(~dead)

    def _snapshot(self, now: float, carried: bool = False) -> Tracks:
        """The confirmed tracks; between detections at the filter's boxes, which know of more than the last one."""
        table = self._table
        shown = np.flatnonzero(table.state == CONFIRMED)
        boxes = table.filter.boxes()[shown] if self.preset.filtered or carried else table.boxes[shown]
        return Tracks(
            track_ids=table.ids[shown],
            boxes=boxes,
            scores=table.scores[shown],
            class_ids=table.class_ids[shown],
            age=now - table.born[shown],
            time_since_update=now - table.seen[shown],
            carried=np.full(len(shown), carried),
        )
