"""``--memory`` in a whole run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tracker import track


@pytest.fixture
def parked(tmp_path: Path) -> Path:
    """A sequence without pictures: a car for 5 s, nothing for 20 s, the car for 2 s, at two frames a second."""
    folder = tmp_path / "parked"
    (folder / "det").mkdir(parents=True)
    about = "[Sequence]\nname=parked\nimDir=img1\nframeRate=2\nseqLength=54\nimWidth=640\nimHeight=480\nimExt=.jpg\n"
    (folder / "seqinfo.ini").write_text(about)
    there = [*range(1, 11), *range(51, 55)]
    rows = "".join(f"{frame},-1,100,100,80,50,0.9,-1,-1,-1\n" for frame in there)
    (folder / "det" / "det.txt").write_text(rows)
    return folder


@pytest.mark.parametrize(("memory", "numbers"), [(None, {1}), ("30s", {1}), (10, {1, 2}), (0, {1, 2})])
def test_a_car_that_was_hidden_keeps_its_number_as_long_as_asked(
    parked: Path, memory: str | float | None, numbers: set[int]
) -> None:
    run = track(parked, detections=parked / "det" / "det.txt", memory=memory)
    assert {number for _, tracks in run for number in tracks.track_ids.tolist()} == numbers


@pytest.mark.parametrize("offline", [False, True])
def test_the_log_says_why_it_is_back_and_hindsight_keeps_the_number(parked: Path, offline: bool) -> None:
    log = parked / "events.jsonl"
    found = [
        tracks.track_ids.tolist()
        for _, tracks in track(parked, detections=parked / "det" / "det.txt", events=log, offline=offline)
    ]
    assert [each for each in found if each] == [[1]] * 14
    events = [json.loads(line) for line in log.read_text().splitlines()]
    (back,) = [event for event in events if event["event"] == "return"]
    assert (back["id"], back["time"]) == (1, 25.0)
    assert (back.get("by"), back.get("away")) == ((None, None) if offline else ("place", 20.5))
