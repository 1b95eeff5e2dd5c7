"""The benchmark of speed: its parts on little work, and what they are made of."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.speed import association, comparison, integrations, memory, peer_process, plot
from benchmarks.speed.interleaved import interleaved, ratio
from benchmarks.speed.measurement import ROOT
from benchmarks.speed.peer_process import PeerProcess, save_detections
from benchmarks.speed.processes import processors, run
from detectors import Detections, InputError
from tests import scenes
from tracker.association.presets import PRESETS

# A peer that checks what reaches it, and one that cannot be imported.
STAND_IN = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import numpy as np
from benchmarks.speed import peer_runner

def careful(frames, frame_rate):
    print("peers print as they like")
    def update(boxes):
        assert boxes.shape[1] == 4 and (boxes[:, 2:] > boxes[:, :2]).all()
        return [[frame_rate + row, *box] for row, box in enumerate(boxes.tolist())]
    return update, [boxes for boxes, scores in frames if len(boxes) == len(scores)]

def absent(frames, frame_rate):
    import a_module_that_nobody_has

peer_runner.TRACKERS = {{"careful": ("numpy", careful), "absent": ("numpy", absent)}}
peer_runner.ROWS = {{"numpy": lambda found: np.array(found).reshape(-1, 5)}}
peer_runner.main()
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python with a peer."""
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    monkeypatch.setattr(peer_process, "RUNNER", script)
    return Path(sys.executable)


@pytest.fixture
def sequences(tmp_path: Path) -> Path:
    """A folder with one MOTChallenge sequence."""
    folder = tmp_path / "sequences" / "CROSSING"
    (folder / "det").mkdir(parents=True)
    (folder / "gt").mkdir()
    (folder / "seqinfo.ini").write_text("[Sequence]\nframeRate=12\nseqLength=6\n")
    (folder / "det" / "det.txt").write_text("\n".join(scenes.detection_lines(scenes.CROSSING, 6)))
    (folder / "gt" / "gt.txt").write_text("1,1,10,10,20,20,1,1,1\n")
    return folder.parent


def test_all_parts_are_measured_printed_and_written(
    tmp_path: Path, stand_in: Path, sequences: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra `train`")
    parts = "association,sequences,run,startup,memory"  # one pass: see test_benchmarks.py
    given = ["--smoke", "--only", parts, "--mot", str(sequences), "--peers", str(stand_in)]
    assert comparison.main([*given, "--json", str(tmp_path / "speed.json"), "-o", str(tmp_path / "bench")]) == 0
    printed = capsys.readouterr().out
    found = json.loads((tmp_path / "speed.json").read_text())["parts"]
    assert list(found) == parts.split(",")
    for part in ("association", "sequences"):
        times = found[part]["milliseconds"]
        assert list(times) == [*PRESETS, "careful"]
        assert all(value > 0 for of in times.values() for rounds in of.values() for value in rounds)
    for one in (rounds[0] for rounds in found["run"].values()):
        assert one["limit"] == one["cost"]["cpu"] / processors()
        assert sum(one["stats"]["stages"].values()) > 0
        assert one["stats"]["frames"] == 12
        assert one["video_mb"] > 0
        assert one["cost"]["peak_mb"] > 20
    help_, first = (found["startup"][name][0]["seconds"] for name in ("keeptrack --help", "keeptrack, first frame"))
    assert 0 < help_ < first
    assert found["memory"]["run"]["frames"] == [100, 200, 300]
    assert found["memory"]["run"]["peak_mb"] >= max(found["memory"]["run"]["mb"])
    assert "skipped: association: absent: ModuleNotFoundError" in printed
    assert "skipped: run: ultralytics track: " in printed
    table = (tmp_path / "bench" / "speed.md").read_text()
    first = [part.splitlines()[2] for part in table.split("its time divided by that of keeptrack\n\n")[1:]]
    assert first == ["| keeptrack | 1.00 | 1.00 |"] * 2  # the default's ratios to itself
    assert (tmp_path / "bench" / "speed.png").read_bytes().startswith(b"\x89PNG")


def test_what_lacks_its_input_is_skipped_with_a_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert comparison.main(["--smoke", "--only", "sequences", "-o", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "skipped: sequences: --mot FOLDER names the sequences" in printed
    assert "skipped: the picture: nothing was measured" in printed


def test_a_part_that_fails_is_told_and_fails_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_text("no video")
    assert comparison.main(["--smoke", "--only", "run", "--clip", str(clip), "-o", "none"]) == 1
    assert "skipped: run: failed: " in capsys.readouterr().out


@pytest.mark.parametrize(
    "given", [["--only", "luck"], ["--clip", "nowhere.mp4"], ["--rounds", "-1"], ["--peers", "no"]]
)
def test_bad_arguments_are_told_in_one_line(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert comparison.main(["--smoke", "-o", "none", *given]) == 1
    assert capsys.readouterr().err.startswith("error: ")


def test_a_peer_gets_the_detections_and_one_that_is_missing_is_named(stand_in: Path, tmp_path: Path) -> None:
    scene = [Detections(np.array([[0, 0, 2, 2], [1, 1, 4, 5]]), np.array([0.5, 0.6])), Detections.empty()]
    with PeerProcess(stand_in, tmp_path) as peer:
        assert list(peer.trackers) == ["careful"]
        assert "a_module_that_nobody_has" in peer.missing["absent"]
        saved = save_detections(tmp_path / "scene.npz", scene)
        assert peer.milliseconds("careful", saved) > 0
        assert peer.tracks("careful", saved, 5.0).tolist() == [[1, 5, 0, 0, 2, 2], [1, 6, 1, 1, 3, 4]]
        with pytest.raises(InputError, match="has failed there"):
            peer.milliseconds("careful", tmp_path / "nothing.npz")


def test_rounds_go_forward_and_backward_and_ratios_are_of_the_same_round() -> None:
    order: list[str] = []
    calls = {name: lambda name=name: order.append(name) or len(order) for name in "abc"}  # type: ignore[func-returns-value]
    assert interleaved(calls, 2) == {"a": [1, 6], "b": [2, 5], "c": [3, 4]}
    assert "".join(order) == "abccba"
    assert ratio([2.0, 40.0, 9.0], [1.0, 10.0, 3.0]) == 3.0


def test_a_command_is_charged_for_all_of_its_threads_and_children(tmp_path: Path) -> None:
    work = "import time\nwhile time.process_time() < 0.3: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}], check=True)"
    cost = run([sys.executable, "-c", parent], tmp_path / "log")
    assert 0.3 <= cost.cpu < 1
    assert cost.seconds > 0.25


def test_a_command_that_fails_is_told_with_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has failed: out of luck"):
        run([sys.executable, "-c", "import sys; sys.exit('out of luck')"], tmp_path / "log")


def test_growth_is_the_power_between_a_hundred_and_a_thousand_objects() -> None:
    times = {str(n): [float(n**2), float(n**2) + 1, 0.0] for n in (10, 100, 1000)}
    assert association.growth(times) == pytest.approx(2)
    assert association.growth({"10": [1.0], "30": [3.0]}) == pytest.approx(1)


def test_every_way_to_call_the_tracker_is_timed_on_every_scene(
    sequences: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(integrations, "OBJECTS", (3,))
    integrations.main(["--mot", str(sequences), "--frames", "4", "--rounds", "1", "--markdown"])
    lines = capsys.readouterr().out.splitlines()
    heading, rows = lines[-4], [line.split(" | ") for line in lines[-2:]]
    ways = heading.strip("| ").split(" | ")[2:]
    assert ways[:3] == ["Detections", "rows of numbers", "BoxMOT"]
    assert [row[0] for row in rows] == ["| 3 walkers", "| CROSSING"]
    assert all(float(cell.strip("| ")) > 0 for row in rows for cell in row[2:])
    assert {len(row) for row in rows} == {2 + len(ways)}


def test_memory_that_leaks_is_seen_and_memory_that_settles_is_not() -> None:
    frames = list(range(100, 10_001, 100))
    leaking = [50 + frame / 1024 for frame in frames]  # a kilobyte a frame
    settling = [min(70.0, 50 + frame / 10) for frame in frames]
    assert memory.growth(leaking) == pytest.approx(9000 / 1024)
    assert memory.slope(frames, leaking) == pytest.approx(1000)
    assert memory.growth(settling) == 0
    assert memory.slope(frames, settling) == pytest.approx(0, abs=1e-6)


def test_the_endless_crowd_comes_and_goes() -> None:
    walkers = list(memory.endless_walkers(600, with_embeddings=True))
    counts = [len(found) for found in walkers]
    assert 20 < min(counts) <= max(counts) <= memory.OBJECTS
    with_embeddings = np.concatenate([found.embeddings for found in walkers if found.embeddings is not None])
    people = len(np.unique(with_embeddings.round(9), axis=0))
    assert people == pytest.approx(memory.OBJECTS * (1 + 600 / memory.LIFE), rel=0.25)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12).map(sorted))
def test_labels_keep_their_order_and_their_distance(heights: list[float]) -> None:
    placed = plot.spread(heights, 0.05)
    assert len(placed) == len(heights)
    assert (np.diff(placed) >= 0.05 - 1e-9).all()
    assert np.mean(placed) == pytest.approx(np.mean(heights), abs=1e-9)
