"""Annotations as hypothesis draws them: of any shape, under any name, in any place."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from tracker.annotations.document import AnnotatedTrack, Annotations

LABELS = [
    *("car", "a,b", 'a "quoted" one', "it's", "\N{SNOWMAN} \N{GRINNING FACE}", "two\nlines", "  outer  ", "a/b\\c", ""),
    *("<&>", "x" * 300, "a\u2028b\x0bc", "\x00\x1f", "\ud800", "# hash", "- dash", "key: value", "null", "1", "\ufeff"),
]
NAMES = ["clip", "../../clip", "a b,c", "\N{SNOWMAN}", "a\nb", "\udcff", "", "con", ".hidden", "v_000001", "x" * 100]
RATES = st.sampled_from([Fraction(25), Fraction(30000, 1001), Fraction(1, 2), Fraction(15)])
SIDE = st.floats(0.125, 500, width=32)
PLACE = st.floats(-700, 1900, width=32)
IDS = st.one_of(st.integers(1, 50), st.integers(1, 10**9))


@st.composite
def any_annotations(draw: st.DrawFn, sized: bool = True) -> Annotations:
    """Up to five tracks with gaps, partly or wholly outside of the picture; sized: whether its size is known."""
    count = draw(st.integers(1, 40))
    labels = draw(st.lists(st.sampled_from(LABELS), min_size=1, max_size=5))
    labels += [f"class {number}" for number in range(draw(st.sampled_from([0, 0, 0, 100])))]
    ids = sorted(draw(st.sets(IDS, max_size=5)))
    tracks = [draw(_track(track_id, count, labels)) for track_id in ids]
    width, height = draw(st.sampled_from([(640, 480), (33, 1277), (1, 1)])) if sized else (0, 0)
    name = draw(st.sampled_from(NAMES))
    return Annotations(name, f"{name}.mp4", width, height, draw(RATES), count, labels, tracks)


@st.composite
def _track(draw: st.DrawFn, track_id: int, count: int, labels: list[str]) -> AnnotatedTrack:
    frames = np.array(sorted(draw(st.sets(st.integers(1, count), min_size=1, max_size=8))))
    corners = np.array([draw(st.tuples(PLACE, PLACE, SIDE, SIDE)) for _ in frames], dtype=np.float64)
    corners[:, 2:] += corners[:, :2]
    scores = np.array([draw(st.floats(0, 1)) for _ in frames])
    filled = np.array([draw(st.booleans()) for _ in frames])
    return AnnotatedTrack(track_id, draw(st.sampled_from(labels)), frames, corners, scores, filled)
