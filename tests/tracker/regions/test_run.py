"""Whole runs with regions: counts known from the ground truth of the sample clip, and what a user meets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.tracker.commands.test_cli import DETECTIONS, run
from tracker import track
from tracker.run.options import Options
from tracker.run.run import Run

TRUTH = str(ROOT / "videos" / "crossing.txt")
MIDDLE = "middle:160,0,160,240"  # walking down; "in" is towards the left of the picture
HALL = "hall:0,0,160,0,160,240,0,240"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def lines_of(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


@pytest.mark.parametrize("detections", [TRUTH, DETECTIONS], ids=["truth", "mediocre"])
@pytest.mark.parametrize("offline", [False, True])
def test_the_walkers_of_the_clip_are_counted(crossing: Path, detections: str, offline: bool) -> None:
    # By the scene: 1, 3 and 4 walk to the right past the middle, 2 to the left; 5 is gone before it gets there.
    options = ["--detections", detections, "--appearance", "none", "--line", MIDDLE, "--zone", HALL]
    outputs = ["--events", "e.jsonl", "--jsonl", "o.jsonl", "--stats", "s.json", "-o", "none"]
    assert run(crossing, *options, *outputs, *(["--offline"] if offline else []), "--quiet") == 0
    stats, frames, events = json.loads(Path("s.json").read_text()), lines_of("o.jsonl"), lines_of("e.jsonl")
    assert {name: stats["lines"]["middle"][name] for name in ("in", "out")} == {"in": 1, "out": 3}
    assert frames[-1]["lines"] == {"middle": {"in": 1, "out": 3}}
    crossed = [event["direction"] for event in events if event["event"] == "cross"]
    assert (crossed.count("in"), crossed.count("out")) == (1, 3)
    dwells = [event["dwell"] for event in events if event["event"] == "exit"]
    assert stats["zones"]["hall"]["entries"] == len(dwells) == sum(event["event"] == "enter" for event in events)
    assert stats["zones"]["hall"]["max_dwell"] == max(dwells)
    inside = [track for frame in frames for track in frame["tracks"] if "zones" in track]
    assert inside
    assert all((box[0] + box[2]) / 2 < 170 for box in (track["box"] for track in inside))
    assert events[-1] == events[-1] | {"event": "leave", "end": True}
    comings = sum(event["event"] in ("appear", "return") for event in events)
    assert comings == sum(event["event"] == "leave" for event in events)


def test_masks_and_regions_of_interest_leave_out_what_is_elsewhere(crossing: Path) -> None:
    def feet(**options: Any) -> list[float]:
        found = track(crossing, detections=TRUTH, appearance="none", **options)
        return [(box[0] + box[2]) / 2 for _, tracks in found for box in tracks.boxes]

    left = "0,0,160,0,160,239,0,239"
    everywhere, inside, outside = feet(), feet(roi=left), feet(mask=[left])
    assert max(inside) <= 160 < min(outside) + 1e-9
    assert max(everywhere) > 160 > min(everywhere)
    assert 0 < len(inside) < len(everywhere)
    assert 0 < len(outside) < len(everywhere)


def test_a_run_tells_its_counts(crossing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("regions.json").write_text('{"lines": {"middle": [[160, 0], [160, 240]]}}')
    options = ["--detections", TRUTH, "--appearance", "none", "--regions", "regions.json", "--zone", HALL]
    assert run(crossing, *options, "--line", "far:900,0,900,90", "-o", "out.mp4") == 0
    printed = capsys.readouterr()
    assert "line      middle: 1 in, 3 out" in printed.out
    assert "zone      hall: " in printed.out
    assert printed.err == "warning: --line far: lies wholly outside the picture (320x240)\n"
    with Run(crossing, Options(detections=TRUTH, line=MIDDLE, max_frames=2)) as stopped:
        list(stopped)
        assert stopped.sinks.activity.totals() == {"middle": {"in": 0, "out": 0}}


BAD = {
    "no number": (["--line", "door:1,2,x,4"], "error: --line door:1,2,x,4: 'x' is not a number ("),
    "bow tie": (["--zone", "z:0,0,9,0,0,9,9,9"], "error: --zone z:0,0,9,0,0,9,9,9: crosses itself ("),
    "two points": (["--roi", "0,0,9,9"], "error: --roi 0,0,9,9: has 2 points"),
    "no area": (["--mask", "0,0,9,9,18,18"], "error: --mask 0,0,9,9,18,18: encloses nothing"),
    "twice": (["--line", "a:0,0,9,9", "--line", "a:0,0,5,5"], "error: --line a: the name is given twice"),
    "missing": (["--regions", "nowhere.json"], "error: nowhere.json: cannot be read"),
    "broken": (["--regions", "broken.json"], "error: broken.json: is no JSON that can be used"),
    "anchor": (["--anchor", "head"], "error: --anchor head: no such point of a box"),
    "there": (["--events", "there.jsonl"], "error: there.jsonl: exists already (add --overwrite"),
    "its own plan": (["--regions", "good.json", "--events", "good.json", "--overwrite"], "is an input of this run"),
    "folder": (["--events", "nowhere/e.jsonl"], "the folder nowhere does not exist"),
    "full": (["--events", "/dev/full"], "error: /dev/full: cannot be written"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_touches_nothing(
    case: str, crossing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, message = BAD[case]
    if "/dev/full" in arguments and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    for name, text in (("broken.json", "{"), ("good.json", "{}"), ("there.jsonl", "precious")):
        Path(name).write_text(text)
    assert run(crossing, "--detections", TRUTH, "-o", "none", "--quiet", *arguments) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert Path("there.jsonl").read_text() == "precious"
    assert {path.name for path in Path().iterdir()} == {"broken.json", "good.json", "there.jsonl"}
