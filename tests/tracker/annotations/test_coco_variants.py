"""COCO of videos as others write it: the same three boxes of one car, under other names and in other orders."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors.errors import InputError
from tracker.annotations import coco
from tracker.annotations.formats import read_annotations

Document = dict[str, Any]


def document() -> Document:
    images = [
        {"id": k + 1, "video_id": 1, "frame_index": k, "file_name": f"v/{k:06d}.jpg", "width": 64, "height": 48}
        for k in range(5)
    ]
    boxes = [
        {"id": k, "image_id": k + 2, "track_id": 3, "category_id": 1, "bbox": [k, 10, 4, 8], "area": 32, "iscrowd": 0}
        for k in range(3)
    ]
    videos = [{"id": 1, "name": "v", "width": 64, "height": 48}]
    categories = [{"id": 1, "name": "car"}]
    return {"videos": videos, "categories": categories, "images": images, "annotations": boxes}


def late(found: Document) -> Document:
    """The videos last, and much before them."""
    info = {"info": {"description": "x" * 10_000}, "licenses": [{"id": 7}]}
    return info | {key: found[key] for key in ("annotations", "images", "categories", "videos")}


def texts(found: Document) -> Document:
    """Ids as text, some of which are no numbers."""
    for entry in (*found["videos"], *found["images"], *found["annotations"], *found["categories"]):
        for key in entry:
            if key.endswith("id"):
                entry[key] = f"{'car-' if key == 'track_id' else ''}{entry[key]}"
    found["images"][0]["id"] = "4f2c9a"
    return found


def without_videos(found: Document) -> Document:
    """As CVAT exports a task: pictures by number, the track an attribute, counted from 0."""
    del found["videos"]
    for entry in found["images"]:
        del entry["video_id"], entry["frame_index"]
    for entry in found["annotations"]:
        entry["attributes"] = {"occluded": False, "track_id": entry.pop("track_id") - 1}
    return found


def of_bytetrack(found: Document) -> Document:
    """Frames from 1, no size and no name of the video, scores as "conf", more keys than are needed."""
    found["videos"] = [{"id": 1, "file_name": "v"}]
    for entry in found["images"]:
        entry |= {"frame_id": entry.pop("frame_index") + 1, "prev_image_id": -1, "next_image_id": 2}
    for entry in found["annotations"]:
        entry["conf"] = 1.0000001192092896
    return found


def of_cocovid(found: Document) -> Document:
    """Frames from 0 as "frame_id", tracks as "instance_id"; a later image of another video is not the only one."""
    for entry in found["images"]:
        entry["frame_id"] = entry.pop("frame_index")
    for entry in found["annotations"]:
        entry["instance_id"] = entry.pop("track_id")
    return found


def listed_only(found: Document) -> Document:
    """Images without any number, in their order."""
    for entry, name in zip(found["images"], "abcde", strict=True):
        entry["file_name"] = f"{name}.jpg"
        del entry["frame_index"], entry["video_id"]
    return found


def sparse(found: Document) -> Document:
    """Only images that have boxes, in any order."""
    found["images"] = found["images"][3:0:-1]
    return found


CHANGES = (late, texts, without_videos, of_bytetrack, of_cocovid, listed_only, sparse)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_it_says_the_same(tmp_path: Path, change: Callable[[Document], Document], encoding: str) -> None:
    path = tmp_path / "v.json"
    path.write_bytes(json.dumps(change(document())).encode(encoding))
    assert coco.recognises(path)
    (video,) = read_annotations(path)
    (track,) = video.tracks
    assert (video.name, video.width, video.height, track.label) == ("v", 64, 48, "car")
    assert video.frame_count == (4 if change is sparse else 5)
    assert track.track_id == {"texts": 1, "without_videos": 2}.get(change.__name__, 3)
    assert (track.frames.tolist(), track.scores.tolist()) == ([2, 3, 4], [1, 1, 1])
    np.testing.assert_array_equal(track.boxes, [[k, 10, k + 4, 18] for k in range(3)])


def test_tracks_from_0_become_tracks_from_1(tmp_path: Path) -> None:
    found = document()
    for number, entry in enumerate(found["annotations"]):
        entry["track_id"] = 2 * number
    (tmp_path / "v.json").write_text(json.dumps(found))
    assert [track.track_id for track in coco.read(tmp_path / "v.json")[0].tracks] == [1, 3, 5]


def test_boxes_of_single_pictures_are_no_video(tmp_path: Path) -> None:
    found, path = document(), tmp_path / "instances.json"
    del found["videos"]
    for entry in found["annotations"]:
        del entry["track_id"]
    path.write_text(json.dumps(found))
    assert not coco.recognises(path)
    with pytest.raises(InputError, match="add --from NAME if it is one"):
        read_annotations(path)
    with pytest.raises(InputError, match="has no track_id: it is of single pictures"):
        coco.read(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found["images"][2].update(video_id=9), r"images\[2\]: .*there is no video 9"),
        (lambda found: found["images"][2].update(width=63), r"videos\[0\]: .*several widths"),
        (lambda found: found["annotations"][1].update(image_id=77), r"annotations\[1\]: .*77"),
        (lambda found: found["annotations"][1].update(category_id=77), r"videos\[0\]: .*77"),
        (lambda found: found["images"].append(found["images"][0]), "two have the same id"),
    ],
)
def test_what_contradicts_itself_is_named(tmp_path: Path, change: Callable[[Document], None], said: str) -> None:
    found = document()
    del found["videos"][0]["width"]
    change(found)
    (tmp_path / "v.json").write_text(json.dumps(found))
    with pytest.raises(InputError, match=said):
        coco.read(tmp_path / "v.json")
