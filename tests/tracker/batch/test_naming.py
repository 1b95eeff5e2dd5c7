"""Names of the folders of results."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracker.batch.naming import LONGEST, name_folders


def test_one_of_a_kind_is_called_by_its_stem() -> None:
    assert name_folders(["/x/one.mp4", "/y/two.mkv"], {}) == {"/x/one.mp4": "one", "/y/two.mkv": "two"}


def test_two_of_a_name_are_told_apart_by_suffix_and_folder() -> None:
    sources = ["/v/a/clip.mp4", "/v/a/clip.avi", "/v/b/clip.mp4", "/w/b/clip.mp4", "/v/a/CLIP.mov"]
    names = name_folders(sources, {})
    assert list(names.values()) == ["clip", "clip.avi", "clip.mp4", "b-clip.mp4", "CLIP.mov"]


def test_names_stay_when_more_come() -> None:
    known = name_folders(["/b/clip.mp4"], {})
    assert name_folders(["/a/clip.mp4", "/b/clip.mp4"], known) == {"/a/clip.mp4": "clip.mp4", "/b/clip.mp4": "clip"}


@given(st.lists(st.text(min_size=1).map(lambda text: f"/v/{text}"), unique=True, max_size=20))
def test_no_two_are_the_same_and_all_are_safe(sources: list[str]) -> None:
    names = name_folders(sources, {})
    assert set(names) == set(sources)
    assert len({name.casefold() for name in names.values()}) == len(sources)
    for name in names.values():
        assert 0 < len(name.encode()) <= LONGEST + 8
        assert name[0] not in ".-"
        assert not set(name) & set('/\\:*?"<>|\0\n')


def test_addresses_give_names_without_secrets() -> None:
    addresses = [f"rtsp://me:hunter2@host/live/hunter2.m3u8?channel={number}" for number in (1, 2)]
    names = name_folders(addresses, {})
    assert len(set(names.values())) == 2
    assert not any("hunter2" in name for name in names.values())


def test_long_names_fit_in_any_writing() -> None:
    for letter in ("x", "\u00e9", "\u4e16", "\U0001f600"):
        (name,) = name_folders([f"/v/{letter * 70}-{letter * 50}.mp4"], {}).values()
        assert len(name.encode()) <= LONGEST
        assert name.startswith(letter * 20)
