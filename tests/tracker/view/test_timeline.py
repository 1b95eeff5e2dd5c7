"""The timeline: short gaps are joined, old objects are forgotten."""

from __future__ import annotations

from tracker.view.timeline import MOST_OBJECTS, MOST_SPANS, WINDOW, Timeline


def test_the_timeline_joins_short_gaps_and_forgets() -> None:
    timeline = Timeline()
    for time in (0.0, 0.5, 0.9, 5.0, 5.5):
        timeline.update(time, [(1, 0)])
    assert timeline.rows() == [(1, 0, [[0.0, 0.9], [5.0, 5.5]])]
    timeline.update(WINDOW + 6, [(2, 0)])
    assert 1 not in timeline
    for track_id in range(10, 5000):
        timeline.update(700.0, [(track_id, 0)])
    for step in range(1000):
        timeline.update(800.0 + 2 * step, [(9, 0)])
    assert len(timeline.rows()) <= MOST_OBJECTS
    assert len(timeline.rows()[-1][2]) == MOST_SPANS
