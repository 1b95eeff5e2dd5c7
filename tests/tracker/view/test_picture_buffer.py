"""When pictures are drawn for viewers."""

from __future__ import annotations

from tests.tracker.view.hands import Hands
from tests.tracker.view.pages import NAMES, make_frame, make_page, make_source
from tracker.view.page_state import PageState
from tracker.view.picture_buffer import PICTURES, SHARED


def test_a_picture_is_wanted_only_while_somebody_waits_and_not_too_often() -> None:
    hands, told = Hands(), []
    page = PageState(make_source(), NAMES, clock=hands)
    page.pictures.notify = lambda: told.append(hands.time)
    assert not page.wants_picture()
    page.pictures.want()
    assert page.wants_picture()
    page.show(make_frame(1), make_frame(1).image)
    page.pictures.want()
    assert not page.wants_picture()  # the last is too young
    hands.time += 1.01 / PICTURES
    assert page.wants_picture()
    assert len(told) == 1
    page.pictures.want(viewers=20)
    page.show(make_frame(2), make_frame(2).image)
    page.pictures.want(viewers=20)
    hands.time += 0.99 * 20 / SHARED
    assert not page.wants_picture()  # many viewers share what there is


def test_the_last_picture_is_there_at_the_end() -> None:
    page = make_page(frames=3)
    assert page.pictures.newest is not None
    assert page.pictures.newest.frame == 1  # the others came too soon after it
    page.end("over")
    assert page.pictures.newest.frame == 3
