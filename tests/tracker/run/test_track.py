"""The run object that `track` gives to programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors import InputError
from tracker.run.track import track

GOLDEN = Path(__file__).parents[2] / "golden" / "crossing.det.txt"


def test_it_tells_classes_counts_events_and_stats(crossing: Path) -> None:
    run = track(crossing, detections=GOLDEN, max_frames=8, appearance="none", line="door:160,0,160,240")
    assert run.class_names == {}
    assert sum(run.counts.values()) == len(run.events) == 0
    seen = {number for _, tracks in run for number in tracks.track_ids.tolist()}
    assert sum(run.counts.values()) == len(seen) > 0
    assert [event.kind for event in run.events].count("appear") == len(seen)
    assert [event.kind for event in run.events].count("leave") == len(seen)
    assert run.stats["frames"] == 8
    assert "door" in run.stats["lines"]
    assert run.warnings == []
    assert list(run) == []


def test_detections_of_a_larger_picture_are_doubted(crossing: Path, tmp_path: Path) -> None:
    larger = tmp_path / "det.txt"
    larger.write_text("".join(f"{frame},-1,{x},100,30,60,0.9\n" for frame in range(1, 5) for x in (50, 1500)))
    with track(crossing, detections=larger, appearance="none", max_frames=4) as run:
        list(run)
    assert len(run.warnings) == 1
    assert run.warnings[0].startswith(f"{larger}: 50% of its boxes lie outside the picture of 320x240")


def test_it_is_an_iterator_that_finishes_its_files_when_nobody_holds_it(crossing: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    run = track(crossing, detections=GOLDEN, appearance="none", jsonl=path)
    assert isinstance(run, Iterator)
    assert not path.exists(), "nothing is opened yet"
    frame, _ = next(run)
    assert frame.index == 1
    del run
    assert len(path.read_text().splitlines()) == 1


def test_it_closes_at_the_end_of_a_block(crossing: Path, tmp_path: Path) -> None:
    with track(crossing, detections=GOLDEN, appearance="none", stats=tmp_path / "stats.json") as run:
        next(run)
        assert not (tmp_path / "stats.json").exists()
    assert (tmp_path / "stats.json").exists()
    run.close()


def test_bad_input_is_told_when_it_is_opened() -> None:
    run = track("nothing.mp4")
    for _ in range(2):
        with pytest.raises(InputError, match=r"nothing\.mp4"):
            next(run)
    with pytest.raises(TypeError, match=r"track\(\) has no option 'detectr'; did you mean 'detector'\?"):
        track("nothing.mp4", detectr="motion")


def test_times_are_written_as_on_the_command_line(crossing: Path) -> None:
    run = track(crossing, detections=GOLDEN, appearance="none", start="0:01", end="00:00:02.5")
    times = [frame.time for frame, _ in run]
    expected = [frame.time for frame, _ in track(crossing, detections=GOLDEN, appearance="none", start=1, end=2.5)]
    assert times == expected
    assert times[0] == pytest.approx(1.04)
    assert len(times) == 19


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": "1:00", "end": "0:05"}, r"--end 5: is not after --start 60"),
        ({"start": "noon"}, r"--start noon: is no time \(give seconds, MM:SS or HH:MM:SS\)"),
        ({"start": None}, r"--start None: is no time"),
        ({"end": [3]}, r"--end \[3\]: is no time"),
        ({"conf": "0.2"}, r"--conf '0\.2': is no number \(give one from 0 to 1\)"),
        ({"conf": True}, r"--conf True: is no number"),
        ({"fps": "5"}, r"--fps '5': is no number"),
        ({"max_frames": "5"}, r"--max-frames '5': is no whole number"),
        ({"max_frames": 2.5}, r"--max-frames 2\.5: is no whole number"),
        ({"imgsz": "640"}, r"--imgsz '640': is no whole number \(give one from 32 to 8192\)"),
        ({"iou": None}, r"--iou None: is no number \(give one from 0 to 1\)"),
        ({"quality": None}, r"--quality None: is neither"),
        ({"device": None}, r"--device None: no such device"),
    ],
)
def test_a_value_of_another_type_is_told_with_its_option(options: dict[str, Any], message: str, crossing: Path) -> None:
    with pytest.raises(InputError, match=message):
        next(track(crossing, **options))


def test_numbers_of_numpy_are_numbers(crossing: Path) -> None:
    options = {"conf": np.float32(0.3), "max_frames": np.int64(2), "start": np.float64(0.5)}
    assert len(list(track(crossing, detections=GOLDEN, appearance="none", **options))) == 2


def test_a_detector_of_the_user_s_own_with_keypoints(crossing: Path, tmp_path: Path) -> None:
    class Pose:
        class_names = {0: "person"}  # noqa: RUF012

        def __call__(self, picture: np.ndarray) -> dict[str, np.ndarray]:
            self.shape = picture.shape
            return {"boxes": np.array([[10.0, 10, 40, 90]] * 2), "scores": np.array([0.9, 0.8]), "labels": np.zeros(2)}

    detector = Pose()
    run = track(
        crossing, detector=detector, classes=["person"], max_frames=3, appearance="none", roi="0,0,99,0,99,99,0,99"
    )
    assert [tracks.track_ids.tolist() for _, tracks in run] == [[1]] * 3, "the double is suppressed"
    assert detector.shape == (240, 320, 3)
    assert run.class_names == {0: "person"}
    assert run.counts == {"person": 1}
