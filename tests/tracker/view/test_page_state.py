"""What the page is told, in memory that does not grow."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from tests.tracker.view.hands import Hands
from tests.tracker.view.pages import NAMES, make_frame, make_page, make_source, make_tracks
from tracker.sources.live_status import LiveStatus
from tracker.view.page_state import PageState


def test_nothing_is_known_before_the_first_frame() -> None:
    state = make_page(frames=0).as_json()
    assert (state["state"], state["quiet"], "tracks" in state) == ("starting", None, False)
    json.dumps(state)


def test_the_state_tells_of_tracks_counts_and_times() -> None:
    page = PageState(make_source(), NAMES, 100)
    page.update(make_frame(1), make_tracks(1, 2))
    page.update(make_frame(2), make_tracks(2, 3, class_id=1))
    page.end("over")
    state = page.as_json()
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

    def time_of_day(self, seconds: float) -> datetime:
        """As if it had begun with the year, and later been set to the next day."""
        return self.began + timedelta(seconds=seconds)

    began = datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_a_live_source_has_a_latency_and_a_time_of_day() -> None:
    live, hands = FixedTime(skipped=7), Hands()
    page = PageState(make_source(live), NAMES, clock=hands)
    page.update(make_frame(1, time=1.0), make_tracks(1))
    state = page.as_json()
    assert state["latency"] == pytest.approx(0.3)
    assert (state["source"]["origin"], state["skipped"], state["speed"]) == (live.began.timestamp(), 7, None)
    live.began += timedelta(days=1)  # the clock is set
    hands.time += 1
    page.update(make_frame(2, time=1.1), make_tracks(1))
    assert page.as_json()["source"]["origin"] == live.began.timestamp()
    live.connected = False
    assert page.as_json()["state"] == "lost"


def test_a_source_that_has_fallen_silent_is_told_from_one_that_runs() -> None:
    hands = Hands()
    page = PageState(make_source(), NAMES, clock=hands)
    page.update(make_frame(1), make_tracks(1))
    assert page.as_json()["state"] == "running"
    hands.time += 5
    assert (page.as_json()["state"], page.as_json()["quiet"]) == ("waiting", 5.0)
