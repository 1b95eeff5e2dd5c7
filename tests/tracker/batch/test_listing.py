"""Which videos a batch is about."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from detectors.errors import InputError
from tracker.batch.listing import find_videos


@pytest.fixture
def clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of files of many kinds, which is the current one."""
    for name in ("a.mp4", "b/a.mp4", "b/c.MKV", "b/notes.txt", ".hidden/x.mp4", "out/a/tracked.mp4", "b/.x.mp4"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(b"")
    sequence = tmp_path / "b" / "seq"
    (sequence / "img1").mkdir(parents=True)
    (sequence / "seqinfo.ini").write_text("[Sequence]\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*sources: str) -> list[str]:
    return [os.path.relpath(video.source) for video in find_videos(sources, Path("out"))]


def test_a_folder_is_searched_to_its_depths_but_not_the_results(clips: Path) -> None:
    assert found(".") == ["a.mp4", "b/a.mp4", "b/c.MKV", "b/seq"]


def test_patterns_and_files_in_their_order_and_each_once(clips: Path) -> None:
    assert found("b/c.MKV", "*.mp4", "b/*.mp4", "a.mp4") == ["b/c.MKV", "a.mp4", "b/a.mp4"]


def test_a_link_to_the_folder_itself_ends(clips: Path) -> None:
    (clips / "b" / "again").symlink_to(clips)
    assert found("b") == ["b/a.mp4", "b/c.MKV", "b/seq"]


def test_a_list_names_videos_relative_to_itself_and_misses_none(clips: Path) -> None:
    (clips / "b" / "list.txt").write_text("\ufeff# mine\na.mp4\n\nnot-there.mp4\nrtsp://camera/1\n", encoding="utf-8")
    videos = find_videos(["b/list.txt"], Path("out"))
    assert [os.path.basename(video.source) for video in videos] == ["a.mp4", "not-there.mp4", "1"]
    assert [bool(video.missing) for video in videos] == [False, True, False]
    assert "no such file" in videos[1].missing


def test_an_address_that_is_none_keeps_its_password_in_a_list_too(clips: Path) -> None:
    Path("l.txt").write_text("rtsp:/user:hunter2@h/s\nuser:hunter3@h/s\n", encoding="utf-8")
    videos = find_videos(["l.txt"], Path("out"))
    assert len({video.source for video in videos}) == 2
    assert all(video.missing and video.source.startswith("...@h/s #") for video in videos)


def test_a_csv_list_has_options(clips: Path) -> None:
    (clips / "l.csv").write_text("source,classes,--conf,start,rescale-scores\na.mp4,person,0.3,1:12,yes\nb/a.mp4,,,,\n")
    first, second = find_videos(["l.csv"], Path("out"))
    assert first.options == {"classes": "person", "conf": 0.3, "start": 72.0, "rescale_scores": True}
    assert second.options == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name\na.mp4\n", "l.csv: has no column called source"),
        ("source,colour\na.mp4,red\n", "its column 'colour' is no option"),
        ("source,output\na.mp4,x.mp4\n", "its column 'output' is no option"),
        ("source,conf\na.mp4,high\n", "l.csv:2: conf is 'high'"),
        ("source,start\na.mp4,noon\n", "l.csv:2: start is 'noon'"),
        ("source,conf\na.mp4\n", "l.csv:2: does not have 2 columns"),
        ("source,conf\na.mp4,1,2\n", "l.csv:2: does not have 2 columns"),
    ],
)
def test_a_bad_list_is_named_with_its_line(clips: Path, text: str, said: str) -> None:
    (clips / "l.csv").write_text(text)
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        find_videos(["l.csv"], Path("out"))


@pytest.mark.parametrize("source", ["nothing.mp4", "nothing*.mp4", "empty"])
def test_a_source_that_names_nothing_is_an_error(clips: Path, source: str) -> None:
    (clips / "empty").mkdir()
    with pytest.raises(InputError, match=r"nothing|empty"):
        find_videos([source], Path("out"))


def test_lists_that_name_themselves_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("b.txt\n")
    Path("b.txt").write_text("a.txt\n")
    (video,) = find_videos(["a.txt"], Path("out"))
    assert "names itself, or a list that names it" in video.missing


def test_a_name_that_is_too_long_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("a" * 5000 + "\n")
    (video,) = find_videos(["a.txt"], Path("out"))
    assert "cannot be looked up: File name too long" in video.missing
    with pytest.raises(InputError, match=r"^a{80}\.\.\.: cannot be looked up: File name too long"):
        find_videos(["a" * 5000], Path("out"))
