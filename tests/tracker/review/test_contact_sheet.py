"""The contact sheet: its size, its order, and what it survives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detectors.base import Image
from tests.tracker.review.batches import video, view, walk
from tracker.review import contact_sheet as sheet
from tracker.review.contact_sheet import CELL, EDGE, MOST, contact_sheet
from tracker.review.summary import summarise

TOP = 92  # pixels above the grid


@pytest.mark.parametrize("count", [0, 1, 7, 200])
def test_a_sheet_is_bounded_and_says_what_it_leaves_out(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    write = sheet._write

    def remember(on: Image, text: str, *rest: Any) -> None:
        written.append(text)
        write(on, text, *rest)

    monkeypatch.setattr(sheet, "_write", remember)
    tracks = [walk(number, [(1, 20)]) for number in range(1, count + 1)]
    annotations = video("a", tracks)
    picture = contact_sheet(annotations, summarise(annotations), {number: view(number) for number in range(1, count)})
    assert picture.dtype == np.uint8
    assert picture.shape[1] == 1284
    assert picture.shape[0] <= TOP + 12 * 200 + EDGE
    assert ("not shown" in written[1]) == (count > MOST)
    assert written[1].startswith("0:10   no tracks" if not count else f"0:10   {count} person")


def test_those_to_be_looked_at_stand_in_front() -> None:
    annotations = video("a", [walk(1, [(1, 90)]), walk(2, [(1, 90)], 0.3)])
    picture = contact_sheet(annotations, summarise(annotations), {2: view(2)})
    first, second = (
        picture[TOP + 40 : TOP + CELL, left : left + CELL] for left in (EDGE, EDGE + CELL + 12)
    )  # below the numbers
    assert np.ptp(first, axis=(0, 1)).max() > 10
    assert np.ptp(second, axis=(0, 1)).max() == 0


def test_odd_names_and_broken_views_do_no_harm() -> None:
    for name in ("", " ", "\x00\n", "a" * 5000, "視頻"):
        annotations = video(name, [walk(1, [(1, 1)], label=name)])
        assert contact_sheet(annotations, summarise(annotations), {1: b"no picture"}).ndim == 3
