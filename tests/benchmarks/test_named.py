from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.detection.named import MARKS, Marked, in_frames, in_run, main, marked_in
from detectors import Frame, load_detector
from detectors.boxes import nms
from tracker.sources import open_source

MARKED = Marked(("car", "bicycle"), np.array([[0.0, 0, 100, 100], [200, 0, 300, 100]]))
LAST = 12
CLIP = Path(__file__).parent.parent.parent / "videos" / "walkers.mp4"


def test_a_box_of_the_right_class_and_place_finds_one_object() -> None:
    boxes = np.array([[0.0, 0, 100, 80], [0, 0, 100, 90], [200, 0, 300, 100]])
    assert MARKED.found(["car", "car", "bicycle"], boxes) == 2
    assert MARKED.found(["car", "car", "motorcycle"], boxes) == 1
    assert MARKED.found(["car", "bicycle", "car"], boxes) == 1
    assert MARKED.found([], np.empty((0, 4))) == 0
    assert MARKED.found(["car"], np.array([[0.0, 0, 100, 39]])) == 0


def test_one_box_that_covers_two_objects_finds_one_of_them() -> None:
    two = Marked(("car", "car"), np.array([[0.0, 0, 100, 100], [10, 0, 110, 100]]))
    assert two.found(["car"], np.array([[5.0, 0, 105, 100]])) == 1


def test_the_marks_are_of_fifteen_objects_in_five_frames() -> None:
    marks = marked_in(MARKS)
    assert sorted(marks) == [33, 116, 158, 179, 220]
    assert sum(len(marked.names) for marked in marks.values()) == 15
    for marked in marks.values():
        assert (marked.boxes[:, 2:] > marked.boxes[:, :2]).all()
        assert marked.boxes.max() <= 640


def test_people_are_found_where_they_are_marked_in_frames_and_in_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, detector = tmp_path / "clip.avi", load_detector("sliding", conf=0.5)
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 10, (640, 360))
    for frame in open_source(CLIP).frames:
        small = cv2.resize(frame.image, (640, 360))
        writer.write(small)
        if frame.index == LAST:
            break
    writer.release()
    sure = detector(Frame(small.astype(np.uint8), LAST, 0.0))
    sure = sure[nms(sure.boxes, sure.scores, 0.5, sure.class_ids)]
    assert len(sure) >= 3
    names = tuple(detector.class_names[int(class_id)] for class_id in sure.class_ids)
    there, elsewhere = {LAST: Marked(names, sure.boxes)}, {LAST: Marked(names, sure.boxes + 1000)}
    assert in_frames(clip, there, "sliding", 0.25) == {LAST: len(sure)}
    assert in_run(clip, there, "sliding")[LAST] >= len(sure) - 1
    assert in_frames(clip, elsewhere, "sliding", 0.25) == in_run(clip, elsewhere, "sliding") == {LAST: 0}
    marks = tmp_path / "marks.json"
    marks.write_text(json.dumps({"frames": {str(LAST - 1): [[names[0], sure.boxes[0].tolist()]]}}))
    monkeypatch.setattr("sys.argv", ["named", str(clip), "--marks", str(marks)])
    main()
    assert capsys.readouterr().out.count("sliding, ") == 2
