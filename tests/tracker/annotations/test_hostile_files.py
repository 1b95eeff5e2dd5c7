"""Annotation files that are meant to hang, to fill all memory, or to be lost: one clear error at once."""

from __future__ import annotations

import json
import os
import time
import zipfile
from pathlib import Path

import pytest

from detectors import limits
from detectors.errors import InputError
from tracker.annotations import cvat, labelstudio, mot
from tracker.annotations.atomic_replacement import BEFORE, atomic_replacement
from tracker.annotations.validate import frame_rate
from tracker.commands.cli import main


def cvat_file(path: Path, head: str, tracks: int = 1) -> Path:
    box = '<box frame="0" outside="0" occluded="0" keyframe="1" xtl="1" ytl="1" xbr="9" ybr="9"/>'
    listed = "".join(f'<track id="{number}" label="p">{box}</track>' for number in range(1, tracks + 1))
    path.write_text(f"<?xml version='1.0'?><annotations><meta>{head}</meta>{listed}</annotations>")
    return path


@pytest.mark.parametrize("number", ["9" * 5000, "1" * 13])
def test_long_numbers_are_told(tmp_path: Path, number: str) -> None:
    for head in (f"<task><size>{number}</size></task>", f"<original_size><width>{number}</width></original_size>"):
        with pytest.raises(InputError, match="where a number belongs"):
            cvat.read(cvat_file(tmp_path / "a.xml", head))


def test_tracks_that_stay_to_the_end_of_an_endless_video_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="track 1: stays as it is for more than 2000000 frames"):
        cvat.read(cvat_file(tmp_path / "a.xml", "<task><size>9999999</size></task>", tracks=9))


def test_more_boxes_than_fit_into_memory_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cvat_file(tmp_path / "a.xml", "<task><size>40</size></task>", tracks=3)
    assert len(cvat.read(path)[0].tracks) == 3
    monkeypatch.setattr(limits, "DRAWN", 100)
    monkeypatch.setattr(limits, "DRAWN_A_SHAPE", 0)
    with pytest.raises(InputError, match="track 3: makes it more boxes than can be"):
        cvat.read(path)


@pytest.mark.parametrize("rate", ["1e999999999", "-1e999999999", "1e-999999999", "1/1e999999999", "9" * 9999])
def test_rates_are_refused_before_they_are_spelled_out(
    tmp_path: Path, rate: str, capsys: pytest.CaptureFixture[str]
) -> None:
    started = time.monotonic()
    head = f"<task><size>10</size></task><frame_rate>{rate}</frame_rate>"
    with pytest.raises(InputError, match="has no frame rate that can be"):
        cvat.read(cvat_file(tmp_path / "a.xml", head))
    with pytest.raises(ValueError, match="frames a second"):
        frame_rate(rate)
    good = cvat_file(tmp_path / "b.xml", "<task><size>10</size></task>")
    assert main(["convert", str(good), str(tmp_path / "o.json"), "--format", "coco", f"--fps={rate}"]) == 1
    assert "is no frame rate" in capsys.readouterr().err
    assert time.monotonic() - started < 20


def test_a_damaged_archive_of_an_unusual_kind_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("gt/gt.txt", "".join(f"{frame},1,1,1,9,9,1,1,1\n" for frame in range(1, 99)))
        archive.writestr("gt/labels.txt", "person\n")
    content = bytearray(path.read_bytes())
    start = 30 + len("gt/gt.txt") + 15
    content[start : start + 40] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.zip: cannot be read"):
        mot.read(path)


@pytest.mark.parametrize("content", [bytes(20_000_000), b"1" * 20_000_000, b"1,1,1,1,9,9,1,1,1\n" * 2_000_000])
def test_a_text_that_fills_memory_once_it_is_unpacked_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("gt/gt.txt", content)
    with pytest.raises(InputError, match=r"gt/gt\.txt in it is too large once it is unpacked, \d\d,000,000 bytes"):
        mot.read(path)


def test_a_file_is_replaced_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, steps = tmp_path / "a.json", list[tuple[str, str]]()
    path.write_text("old")
    replace = os.replace

    def noted(source: Path, target: Path) -> None:
        assert path.exists()  # at every moment
        steps.append((Path(source).name, Path(target).name))
        replace(source, target)

    monkeypatch.setattr(os, "replace", noted)
    with atomic_replacement(path) as draft:
        draft.write_text("new")
    assert (path.read_text(), steps) == ("new", [("a.json", "a.json")])


def test_a_folder_whose_replacement_was_killed_is_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "yolo"
    path.mkdir()
    (path / "old.txt").touch()
    hidden = tmp_path / ".yolo.0123456789ab.part"  # as a process leaves it that dies between the two renames
    hidden.mkdir()
    os.replace(path, hidden / BEFORE)
    with atomic_replacement(path) as draft:
        assert (path / "old.txt").exists()
        draft.mkdir()
        (draft / "new.txt").touch()
    assert [each.relative_to(tmp_path).as_posix() for each in tmp_path.rglob("*")] == ["yolo", "yolo/new.txt"]


def test_keyframes_days_apart_are_refused_before_boxes_are_drawn(tmp_path: Path) -> None:
    box = '<box frame="{}" outside="0" keyframe="1" xtl="1" ytl="1" xbr="9" ybr="9"/>'
    track = f'<track id="1" label="p">{box.format(0)}{box.format(9_999_998)}</track>'
    (tmp_path / "a.xml").write_text(f"<annotations><meta/>{track}</annotations>")
    with pytest.raises(InputError, match="track 1: makes it more boxes than can be"):
        cvat.read(tmp_path / "a.xml")
    box_of = {"frame": 1, "enabled": True, "x": 1, "y": 1, "width": 1, "height": 1}
    region = {"type": "videorectangle", "value": {"framesCount": 9_999_999, "sequence": [box_of], "labels": ["p"]}}
    task = {"data": {"video": "v.mp4", "width": 64, "height": 48}, "annotations": [{"result": [region]}]}
    (tmp_path / "a.json").write_text(json.dumps([task]))
    with pytest.raises(InputError, match=r"task 0: .*makes it more boxes than can be"):
        labelstudio.read(tmp_path / "a.json")


@pytest.mark.parametrize("opening", ['<annotations><track label="', "<!-- ", '<annotations a="<!-- >', "1"])
def test_a_tag_without_an_end_is_told_before_it_is_read_over_and_over(tmp_path: Path, opening: str) -> None:
    (tmp_path / "a.xml").write_text(opening + "<annotations" * (not opening.startswith("<a")) + "a>" * 3_000_000)
    with pytest.raises(InputError, match="is not XML: "):
        cvat.read(tmp_path / "a.xml")


def test_comments_and_long_texts_are_read_over(tmp_path: Path) -> None:
    path = cvat_file(tmp_path / "a.xml", "<task><size>40</size></task>")
    path.write_text(path.read_text().replace("<annotations>", "<!-- a > b --><annotations><!--c--><?pi?>"))
    assert [len(track) for track in cvat.read(path)[0].tracks] == [40]


def test_endless_names_are_cut_off(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("gt/gt.txt", "".join(f"1,{number},1,1,9,9,1,1,1\n" for number in range(1, 40)))
        archive.writestr("gt/labels.txt", "\u00e9" * 4_000_000)
    labels = {track.label for track in mot.read(tmp_path / "a.zip")[0].tracks}
    assert labels == {"\u00e9" * limits.NAME}


def test_coco_lists_no_millions_of_frames_without_boxes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("9999999,1,10,10,20,20,1,-1,-1,-1\n")
    arguments = ["convert", str(tmp_path / "a.txt"), str(tmp_path / "o.json"), "--format", "coco"]
    assert main([*arguments, "--size", "320x240", "--fps", "25"]) == 1
    assert "has 9,999,999 frames, which COCO lists one by one, and 1 boxes" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]
