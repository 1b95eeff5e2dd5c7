"""Objects are cut out of their boxes where asked for, and masks follow boxes that nobody detected in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors import InputError
from detectors.base import Detections, Floats, Frame, Image
from detectors.masks import Mask, box_crops
from detectors.run_lengths import decode
from tracker.association.tracks import Tracks
from tracker.run.masking import MaskFollower, with_masks
from tracker.run.track import track

GOLDEN = Path(__file__).parents[2] / "golden" / "crossing.det.txt"
PICTURE = np.zeros((60, 80, 3), np.uint8)


def everything(picture: Image, boxes: Floats) -> list[np.ndarray]:
    """The whole box is the object."""
    return [np.ones((y2 - y1, x2 - x1), bool) for x1, y1, x2, y2 in box_crops(boxes, *picture.shape[:2]).tolist()]


def tracks_at(x: float, mask: Mask | None, unseen: float, track_id: int = 1) -> Tracks:
    box = np.array([[x, 10, x + 10, 30]])
    one = np.ones(1)
    columns: dict[str, Any] = {"masks": [mask]}
    return Tracks(np.array([track_id]), box, one, np.zeros(1, np.int64), one, one * unseen, columns=columns)


def test_each_detection_gets_the_mask_of_its_box_and_those_that_have_one_keep_it() -> None:
    own = Mask.pack(np.ones((2, 2), bool), 1, 1)
    boxes = np.array([[5.5, 5, 20, 30], [0, 0, 9, 9], [70, 50, 200, 200]])
    found = Detections(boxes, np.ones(3), columns={"masks": [None, own, None], "name": ["a", "b", "c"]})
    after = with_masks(Frame(PICTURE, 1, 0.0), found, everything)
    first, second, third = after.columns["masks"]
    assert first.rectangle == (5, 5, 20, 30)
    assert second is own
    assert third.rectangle == (70, 50, 80, 60)
    assert after.columns["name"] == ["a", "b", "c"]
    assert with_masks(Frame(PICTURE, 1, 0.0), Detections.empty(), everything).columns == {"masks": []}


def test_a_mask_follows_its_track_for_a_while() -> None:
    follow, mask = MaskFollower(), Mask.pack(np.ones((20, 10), bool), 0, 10)
    assert follow(tracks_at(0, mask, 0.0)).columns["masks"] == [mask]
    assert follow(tracks_at(7, None, 0.2)).columns["masks"][0].rectangle == (7, 10, 17, 30)
    assert follow(tracks_at(9, None, 1.2)).columns["masks"] == [None]
    assert follow(tracks_at(9, None, 0.2, track_id=2)).columns["masks"] == [None]
    assert follow(tracks_at(9, None, 0.2)).columns["masks"] == [None], "forgotten once it was gone"


@pytest.mark.parametrize("offline", [False, True])
def test_a_whole_run_writes_a_mask_for_each_box(crossing: Path, tmp_path: Path, offline: bool) -> None:
    path = tmp_path / "out.jsonl"
    run = track(crossing, detections=GOLDEN, masks=True, jsonl=path, offline=offline, appearance="none", detect_every=2)
    boxes = 0
    for frame, tracks in run:
        height, width = frame.image.shape[:2]
        for mask, box in zip(tracks.columns.get("masks", []), tracks.boxes, strict=True):
            assert mask is not None
            np.testing.assert_allclose(mask.rectangle, box_crops(box[None], height, width)[0], atol=8)
            boxes += 1
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    written = [decode(each["mask"]) for line in lines for each in line["tracks"]]
    assert len(written) == boxes > 50


def test_without_pictures_there_is_nothing_to_cut(tmp_path: Path) -> None:
    folder = tmp_path / "sequence"
    folder.mkdir()
    size = "imWidth=320\nimHeight=240\nframeRate=25\nseqLength=9"
    (folder / "seqinfo.ini").write_text(f"[Sequence]\nname=sequence\n{size}\n")
    (tmp_path / "det.txt").write_text("1,-1,10,10,20,50,0.9\n")
    with pytest.raises(InputError, match=r"--masks: .* has no images to cut objects out of"):
        next(track(folder, detections=tmp_path / "det.txt", masks=True))
