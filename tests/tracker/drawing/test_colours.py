"""Colours: those of the ids, unless somebody in sight has much the same."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from tests.tracker.writers.made_tracks import tracks_of
from tracker.drawing.colours import TrackColours, colour_of
from tracker.drawing.labels import Colour

ALIKE_IDS = 1, 22  # much the same by the golden angle


def apart(one: Colour, two: Colour) -> float:
    """Distance in CIELAB."""
    lab = cv2.cvtColor(np.array([[one, two]], dtype=np.float32) / 255, cv2.COLOR_BGR2Lab)[0]
    return float(np.linalg.norm(lab[0] - lab[1]))


def test_a_track_has_the_colour_of_its_id() -> None:
    colours = TrackColours()
    colours.update(tracks_of((5, [10, 10, 20, 30], 0.9, 0)))
    assert colours[5] == colour_of(5)


def test_two_in_sight_never_look_alike() -> None:
    one, two = ALIKE_IDS
    assert apart(colour_of(one), colour_of(two)) < 20
    colours = TrackColours()
    colours.update(tracks_of((one, [10, 10, 40, 90], 0.9, 0)))
    colours.update(tracks_of((one, [12, 10, 42, 90], 0.9, 0), (two, [50, 10, 80, 90], 0.9, 0)))
    assert colours[one] == colour_of(one)
    assert apart(colours[one], colours[two]) > 40


def test_a_colour_stays_when_its_track_comes_back() -> None:
    one, two = ALIKE_IDS
    colours = TrackColours()
    both = tracks_of((one, [10, 10, 40, 90], 0.9, 0), (two, [50, 10, 80, 90], 0.9, 0))
    colours.update(both)
    first = colours[one], colours[two]
    colours.update(both[:0])
    colours.update(both[1:])
    colours.update(both)
    assert (colours[one], colours[two]) == first


def test_who_comes_back_keeps_the_colour_that_somebody_else_has_much_the_same_of() -> None:
    one, two = ALIKE_IDS
    colours = TrackColours()
    both = tracks_of((one, [10, 10, 40, 90], 0.9, 0), (two, [500, 10, 530, 90], 0.9, 0))
    colours.update(both[:1])
    colours.update(both[:0])
    colours.update(both[1:])  # nobody is in sight, so that its own colour suits
    assert colours[two] == colour_of(two)
    colours.update(both)
    assert (colours[one], colours[two]) == (colour_of(one), colour_of(two))


def test_who_is_in_sight_keeps_the_colour_however_many_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.drawing.colours.MOST", 2)
    one, two = ALIKE_IDS
    colours = TrackColours()
    rows = [(one, [10.0, 10, 40, 90], 0.9, 0), (two, [50.0, 10, 80, 90], 0.9, 0)]
    colours.update(tracks_of(*rows))
    first = colours[one], colours[two]
    for other in range(40, 50):
        colours.update(tracks_of(*rows, (other, [500, 10, 530, 90], 0.9, 0)))
    assert (colours[one], colours[two]) == first


def test_neighbours_in_a_crowd_can_be_told_apart() -> None:
    rng = np.random.default_rng(3)
    ids = rng.permutation(np.arange(1, 400))[:16]
    rows = [(int(each), [60.0 * k, 10.0, 60.0 * k + 40, 90.0], 0.9, 0) for k, each in enumerate(ids)]
    colours = TrackColours()
    colours.update(tracks_of(*rows))
    assert min(apart(colours[int(a)], colours[int(b)]) for a, b in itertools.pairwise(ids)) > 25
