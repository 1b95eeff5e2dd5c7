"""What the page is told, in memory that does not grow."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import numpy as np
import pytest

from tests.tracker.view.boards import NAMES, make_board, make_frame, make_source, make_tracks
from tracker.sources.live_status import LiveStatus
from tracker.view import best_crops
from tracker.view.best_crops import Crops, worth_of
from tracker.view.frame_rate import Pace
from tracker.view.state import PICTURES, SHARED, Board
from tracker.view.timeline import MOST_OBJECTS, MOST_SPANS, WINDOW, Timeline


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def test_nothing_is_known_before_the_first_frame() -> None:
    state = make_board(frames=0).state()
    assert (state["state"], state["quiet"], "tracks" in state) == ("starting", None, False)
    json.dumps(state)


def test_the_state_tells_of_tracks_counts_and_times() -> None:
    board = Board(make_source(), NAMES, 100)
    board.look(make_frame(1), make_tracks(1, 2))
    board.look(make_frame(2), make_tracks(2, 3, class_id=1))
    board.end("over")
    state = board.state()
    assert state["state"] == "over"
    assert state["counts"] == [["car", 2, 2], ["person", 0, 1]]
    assert [row["id"] for row in state["tracks"]] == [2, 3]
    assert state["tracks"][0] | {"colour": ""} == {
        "id": 2, "class": "car", "score": 0.8, "seconds": 1.0, "colour": "", "crop": 1,
    }  # fmt: skip
    assert [[row[0], row[2]] for row in state["timeline"]] == [
        [1, [[0.04, 0.04]]],
        [2, [[0.04, 0.08]]],
        [3, [[0.08] * 2]],
    ]
    assert state["latency"] is None
    assert json.loads(json.dumps(state)) == state


class FixedTime(LiveStatus):
    """A live source for which no time passes."""

    def now(self) -> float:
        """Always the same."""
        return 1.3


def test_a_live_source_has_a_latency_and_a_time_of_day() -> None:
    started = datetime(2026, 1, 2, tzinfo=timezone.utc)
    live = FixedTime(started, skipped=7)
    board = Board(make_source(live), NAMES)
    board.look(make_frame(1, time=1.0), make_tracks(1))
    state = board.state()
    assert state["latency"] == pytest.approx(0.3)
    assert (state["source"]["origin"], state["skipped"], state["speed"]) == (started.timestamp(), 7, None)
    live.connected = False
    assert board.state()["state"] == "lost"


def test_a_source_that_has_fallen_silent_is_told_from_one_that_runs() -> None:
    hands = Hands()
    board = Board(make_source(), NAMES, clock=hands)
    board.look(make_frame(1), make_tracks(1))
    assert board.state()["state"] == "running"
    hands.time += 5
    assert (board.state()["state"], board.state()["quiet"]) == ("waiting", 5.0)


def test_a_picture_is_wanted_only_while_somebody_waits_and_not_too_often() -> None:
    hands, told = Hands(), []
    board = Board(make_source(), NAMES, clock=hands)
    board.notify = lambda: told.append(hands.time)
    assert not board.wants_picture()
    board.want()
    assert board.wants_picture()
    board.show(make_frame(1), make_frame(1).image)
    board.want()
    assert not board.wants_picture()  # the last is too young
    hands.time += 1.01 / PICTURES
    assert board.wants_picture()
    assert len(told) == 1
    board.want(viewers=20)
    board.show(make_frame(2), make_frame(2).image)
    board.want(viewers=20)
    hands.time += 0.99 * 20 / SHARED
    assert not board.wants_picture()  # many viewers share what there is


def test_the_last_picture_is_there_at_the_end() -> None:
    board = make_board(frames=3)
    assert board.picture is not None
    assert board.picture.frame == 1  # the others came too soon after it
    board.end("over")
    assert board.picture.frame == 3


def test_the_timeline_joins_short_gaps_and_forgets() -> None:
    timeline = Timeline()
    for time in (0.0, 0.5, 0.9, 5.0, 5.5):
        timeline.see(time, [(1, 0)])
    assert timeline.rows() == [(1, 0, [[0.0, 0.9], [5.0, 5.5]])]
    timeline.see(WINDOW + 6, [(2, 0)])
    assert 1 not in timeline
    for track_id in range(10, 5000):
        timeline.see(700.0, [(track_id, 0)])
    for step in range(1000):
        timeline.see(800.0 + 2 * step, [(9, 0)])
    assert len(timeline.rows()) <= MOST_OBJECTS
    assert len(timeline.rows()[-1][2]) == MOST_SPANS


def test_the_pace_is_that_of_the_last_seconds() -> None:
    pace = Pace()
    for step in range(1000):
        pace.mark(step / 50, step / 25)
    assert list(pace.rates()) == pytest.approx([50, 2])
    assert len(pace._marks) < 100


def test_a_better_view_takes_the_place_of_a_worse_one() -> None:
    found = Crops()
    for index, (score, shade) in enumerate([(0.5, 10), (0.9, 20), (0.6, 30)], start=1):
        found.see(make_frame(index, time=float(index), shade=shade), make_tracks(1, score=score))
    crop = found.get(1)
    assert crop is not None
    assert (crop.version, int(crop.image[0, 0, 0])) == (2, 20)
    assert max(crop.image.shape[:2]) <= best_crops.SIDE
    frame = make_frame(1, time=9.0)
    for track_id in range(2, 1000):
        found.see(frame, make_tracks(track_id))
    assert len(found._crops) == best_crops.MOST
    assert found.get(1) is None


def test_who_is_there_keeps_the_best_view_whoever_comes() -> None:
    found = Crops()
    found.see(make_frame(1), make_tracks(1, score=0.9))
    for track_id in range(2, 200):
        found.see(make_frame(track_id), make_tracks(1, track_id, score=0.5))
    assert found.get(1) is not None
    assert len(found._crops) == best_crops.MOST


def test_a_crop_is_no_view_of_the_picture_that_is_drawn_on() -> None:
    found, frame = Crops(), make_frame(1)
    found.see(frame, make_tracks(1))
    frame.image[:] = 255
    crop = found.get(1)
    assert crop is not None
    assert crop.image.max() == 90


def test_who_is_hidden_or_cut_off_is_worth_less() -> None:
    tracks = make_tracks(1, 2, 3)
    whole = worth_of(tracks, 160, 120)
    tracks.boxes[1] = tracks.boxes[0] + [5, 10, 5, 10]  # lower in the picture: in front
    tracks.boxes[2] += [90, 0, 90, 0]  # half outside
    worth = worth_of(tracks, 160, 120)
    assert worth[0] < 0.3 * whole[0]
    assert worth[1] == pytest.approx(whole[1])
    assert worth[2] < 0.3 * whole[2]
    assert np.isfinite(worth_of(make_tracks(), 160, 120)).all()
