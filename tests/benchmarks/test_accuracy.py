"""The benchmarks of accuracy: what they run, what they skip, and that a sequence can be played backward."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.accuracy import ablation, comparison, conditions, detection_interval, lazy_embeddings, long_return
from benchmarks.accuracy.peer_results import BOARDS, SMALL, YOLOV8N, YOLOX, peer_tables_within
from benchmarks.accuracy.sequences import (
    LoadedSequence,
    SequenceSet,
    load_sequences,
    perturbed,
    run_tracker,
    subsampled,
    time_reversed,
)
from benchmarks.speed import peer_process
from benchmarks.speed.measurement import ROOT
from detectors import Detections, Frame
from detectors.base import Floats
from tracker.association.presets import DEFAULT, PRESETS
from tracker.evaluation.evaluate import evaluate

MODULES = {
    "accuracy": comparison,
    "ablation": ablation,
    "detection_interval": detection_interval,
    "lazy_embeddings": lazy_embeddings,
    "long_return": long_return,
}
LENGTH = 12
PAN = 4.0  # pixels that the camera turns from frame to frame


def write_sequence(root: Path, name: str, detections: str = YOLOX, order: int = 1, camera: bool = True) -> Path:
    """Four people who walk, seen by a camera that turns; the last frame first with order -1."""
    folder = root / name
    (folder / "gt").mkdir(parents=True)
    (folder / detections).parent.mkdir(exist_ok=True)
    rng = np.random.default_rng(len(name))
    times = np.arange(LENGTH)[::order]
    truth, found, motion = list[str](), list[str](), list[str]()
    for frame, time in enumerate(times, start=1):
        for person in range(4):
            x = 60 * person + (3, -2, 5, 1)[person] * time + PAN * time
            score, (dx, dy) = rng.uniform(0.6, 0.9), rng.normal(0, 1, 2)
            truth.append(f"{frame},{person + 1},{x},20,30,80,1,1,1\n")
            if ((time + person) % 7 and order == 1) or order == -1:
                found.append(f"{frame},-1,{x + dx:.2f},{20 + dy:.2f},30,80,{score:.3f}\n")
        motion.append(f"{frame},1,0,{order * PAN if frame > 1 else 0},0,1,0\n")
    (folder / "gt" / "gt.txt").write_text("".join(truth))
    (folder / detections).write_text("".join(found))
    if camera:
        (folder / "gmc.txt").write_text("".join(motion))
    (folder / "seqinfo.ini").write_text(f"[Sequence]\nname={name}\nframeRate=20\nseqLength={LENGTH}\n")
    return folder


def write_images(folder: Path) -> None:
    (folder / "img1").mkdir()
    for number in range(1, LENGTH + 1):
        cv2.imwrite(str(folder / "img1" / f"{number:06d}.png"), np.zeros((120, 320, 3), np.uint8))


def load_one(folder: Path) -> LoadedSequence:
    return load_sequences(SequenceSet.parse(str(folder)))[0]


def run(monkeypatch: pytest.MonkeyPatch, benchmark: str, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", [benchmark, *map(str, arguments)])
    MODULES[benchmark].main()


def test_presets_run_beside_what_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sequence(tmp_path / "gt", "A")
    write_sequence(tmp_path / "gt", "B")
    other = write_sequence(tmp_path / "still", "C", camera=False)
    places = [tmp_path / "nowhere", tmp_path / "gt", tmp_path / "still", f"{tmp_path / 'gt'}@det/none.txt"]
    options = ["--presets", "keeptrack,sort", "--appearance", "none", "--json", tmp_path / "all.json"]
    run(monkeypatch, "accuracy", *places, *options)
    lines = capsys.readouterr().out.splitlines()
    skipped = [line for line in lines if line.startswith("skipped: ")]
    assert skipped[0].startswith(f"skipped: {tmp_path / 'nowhere'}: no such folder (")
    assert skipped[1] == f"skipped: {other.parent}: camera: C has no recorded camera motion and no images"
    assert skipped[2].startswith(f"skipped: {tmp_path / 'gt' / 'A' / 'det' / 'none.txt'}: no such file (")
    tables = json.loads((tmp_path / "all.json").read_text())["tables"]
    assert [table["title"] for table in tables] == ["gt: A, B", "still: C"]
    assert [(row["preset"], row["mode"]) for row in tables[0]["rows"]] == [
        ("keeptrack", ""),
        ("keeptrack", "camera"),
        ("keeptrack", "offline"),
        ("keeptrack", "camera, offline"),
        ("sort", ""),
    ]
    assert list(tables[0]["rows"][0]["sequences"]) == ["A", "B"]
    assert "keeptrack + camera" in "\n".join(lines)


def test_without_any_root_the_status_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for benchmark in ("accuracy", "ablation", "detection_interval"):
        with pytest.raises(SystemExit) as ended:
            run(monkeypatch, benchmark, tmp_path)
        assert ended.value.code == 1
        assert "has no ground truth" in capsys.readouterr().out
    for arguments in (["--presets", "best"], ["--appearance", "best"]):
        with pytest.raises(SystemExit, match=f"^error: {arguments[0]} best: no such "):
            run(monkeypatch, "accuracy", tmp_path, *arguments)


def test_peers_stand_beside_the_same_sequences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (*SMALL, "OTHER"):
        write_sequence(tmp_path, name, YOLOV8N)
    run(monkeypatch, "accuracy", f"{tmp_path}@{YOLOV8N}", "--presets", "sort", "--markdown")
    printed = capsys.readouterr().out
    everything, small = printed.split("\n| tracker |")[1:]
    assert "norfair" not in everything
    assert "| sort | " in everything
    assert "| sort | " in small
    assert "| norfair | 47.5 |  |  |  |  |  |  | measured |" in small
    assert small.index("deep_sort_realtime + appearance") < small.index("norfair")
    run(monkeypatch, "accuracy", f"{tmp_path}@{YOLOV8N}", "--presets", "sort", "--sequences", ",".join(SMALL))
    printed = capsys.readouterr().out
    assert printed.count("frames/s") == 1
    assert "boxmot OccluBoost + camera, appearance  37.2" in printed
    assert max(map(len, printed.splitlines()[3:])) <= 100


def test_boards_are_found_by_sequences_and_detections() -> None:
    assert len(BOARDS[3].sequences) == 25
    for board in BOARDS:
        assert peer_tables_within(board.sequences, board.detections)[0] is board
        assert peer_tables_within(board.sequences, "det/other.txt") == []
        assert board not in peer_tables_within(list(board.sequences)[1:], board.detections)
    assert [len(board.sequences) for board in peer_tables_within(BOARDS[1].sequences, YOLOX)] == [7, 4]


def test_appearance_is_a_mode_where_there_are_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = list[int]()

    class Embed:
        name, class_names = "all alike", None

        def __call__(self, frame: Frame, boxes: Floats) -> Floats:
            seen.append(frame.image.shape[1])
            return np.tile([1.0, 0.0], (len(boxes), 1))

    monkeypatch.setattr(comparison, "load_embedder", lambda _: Embed())
    folder = write_sequence(tmp_path, "A")
    run(monkeypatch, "accuracy", tmp_path, "--presets", "keeptrack,sort", "--appearance", "any.onnx")
    assert f"skipped: {tmp_path}: appearance: A has no images" in capsys.readouterr().out
    write_images(folder)
    run(monkeypatch, "accuracy", tmp_path, "--presets", "keeptrack,sort", "--appearance", "any.onnx")
    assert [line.split("  ")[0] for line in capsys.readouterr().out.splitlines() if "this run" in line] == [
        "keeptrack",
        "keeptrack + camera",
        "keeptrack + appearance",
        "keeptrack + camera, appearance",
        "keeptrack + offline",
        "keeptrack + camera, offline",
        "keeptrack + appearance, offline",
        "keeptrack + camera, appearance, offline",
        "sort",
    ]
    assert set(seen) == {320}


@pytest.mark.parametrize("camera", [False, True])
@pytest.mark.parametrize("preset", PRESETS)
def test_backward_twice_is_forward(tmp_path: Path, preset: str, camera: bool) -> None:
    sequence = load_one(write_sequence(tmp_path, "A"))
    again = time_reversed(time_reversed(sequence))
    first, second = (run_tracker(one, PRESETS[preset], camera) for one in (sequence, again))
    assert first.frames == LENGTH
    assert len(first.rows) > 20
    np.testing.assert_allclose(second.rows, first.rows, atol=1e-9)
    rows = {"A": first.rows}
    assert evaluate([again.truth], rows) == evaluate([sequence.truth], rows)


def test_backward_is_the_sequence_filmed_backward(tmp_path: Path) -> None:
    other = load_one(write_sequence(tmp_path / "backward", "A", order=-1))
    sequence = time_reversed(load_one(write_sequence(tmp_path / "forward", "A")))
    np.testing.assert_array_equal(sequence.truth.boxes, other.truth.boxes)
    np.testing.assert_array_equal(sequence.truth.bounds, other.truth.bounds)
    np.testing.assert_array_equal(sequence.truth.ids, other.truth.ids)
    assert sequence.camera is not None
    assert other.camera is not None
    for mine, real in zip(sequence.camera[1:], other.camera[1:], strict=True):
        assert mine is not None
        assert real is not None
        np.testing.assert_allclose(mine, real)


def test_a_turned_camera_is_turned_back(tmp_path: Path) -> None:
    sequence = load_one(write_sequence(tmp_path, "A"))
    turn = np.array([[0.0, -1.1, 7.0], [0.9, 0.1, -3.0]])
    sequence = replace(sequence, camera=(None, None, turn, *[None] * (LENGTH - 3)))
    camera = time_reversed(sequence).camera
    assert camera is not None
    back = camera[LENGTH - 2]  # from the third frame to the second
    assert back is not None
    assert [matrix is not None for matrix in camera].count(True) == 1
    point = np.array([5.0, 8.0])
    np.testing.assert_allclose(back[:, :2] @ (turn[:, :2] @ point + turn[:, 2]) + back[:, 2], point)


def test_a_thinned_recording_is_that_of_a_slower_camera(tmp_path: Path) -> None:
    sequence = load_one(write_sequence(tmp_path, "A"))
    same = subsampled(sequence, 1)
    for column in ("ids", "boxes", "bounds", "considered"):
        np.testing.assert_array_equal(getattr(same.truth, column), getattr(sequence.truth, column))
    third = subsampled(sequence, 3)
    assert (third.truth.length, third.frame_rate) == (LENGTH // 3, sequence.frame_rate / 3)
    assert third.detections == sequence.detections[::3]
    last = slice(*third.truth.bounds[-2:])
    np.testing.assert_array_equal(third.truth.boxes[last], sequence.truth.boxes[slice(*sequence.truth.bounds[9:11])])
    assert third.camera is not None
    assert third.camera[0] is None
    np.testing.assert_allclose(
        np.stack([matrix for matrix in third.camera[1:] if matrix is not None])[:, 0, 2], 3 * PAN
    )
    turn = np.array([[0.0, -1.1, 7.0], [0.9, 0.1, -3.0]])
    moved = replace(sequence, camera=(None, turn, turn, *[None] * (LENGTH - 3)))
    camera = subsampled(moved, 2).camera
    assert camera is not None
    assert camera[1] is not None
    point = np.array([5.0, 8.0])
    twice = turn[:, :2] @ (turn[:, :2] @ point + turn[:, 2]) + turn[:, 2]
    np.testing.assert_allclose(camera[1][:, :2] @ point + camera[1][:, 2], twice)


def test_disturbed_copies_are_seeded(tmp_path: Path) -> None:
    sequence = load_one(write_sequence(tmp_path, "A"))
    first, again, other = (perturbed(sequence, seed).detections for seed in (1, 1, 2))
    assert all(np.array_equal(a.boxes, b.boxes) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a.boxes, b.boxes) for a, b in zip(first, other, strict=True))
    kept = sum(map(len, first)) / sum(map(len, sequence.detections))
    assert 0.8 < kept <= 1


def test_every_cue_can_be_removed() -> None:
    for fields in ablation.CUES.values():
        assert ablation.with_fields(PRESETS[DEFAULT], fields) != PRESETS[DEFAULT]
    changed = ablation.with_fields(PRESETS[DEFAULT], {"cues.expansion": 0.0, "max_age": 9.0})
    assert changed.cues is not None
    assert (changed.cues.expansion, changed.max_age) == (0.0, 9.0)


def test_ablation_prints_a_row_for_each_cue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sequence(tmp_path / "gt", "A")
    monkeypatch.setattr(ablation, "CUES", {"age": {"max_age": 0.0, "min_misses": 1}, "nothing": {}})
    run(monkeypatch, "ablation", tmp_path / "gt", f"{tmp_path / 'gt'}@det/none.txt", "--noisy", "2", "--markdown")
    printed = capsys.readouterr().out
    assert "none.txt: no such file" in printed
    assert "HOTA, mean of 4 copies" in printed
    assert "| keeptrack | gt | difference |" in printed
    assert [line.split(" | ")[0] for line in printed.splitlines()[-3:]] == [
        "| as it is",
        "| without age",
        "| without nothing",
    ]
    assert printed.splitlines()[-1].endswith("| +0.00 ± 0.00 |")
    with pytest.raises(SystemExit, match=r"^error: --cues luck: no such cue "):
        run(monkeypatch, "ablation", tmp_path / "gt", "--cues", "luck")


def test_ablation_of_the_offline_stages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sequence(tmp_path / "gt", "A")
    run(monkeypatch, "ablation", tmp_path / "gt", "--offline", "--markdown")
    names = [line.split(" | ")[0] for line in capsys.readouterr().out.splitlines()[-7:]]
    stages = [f"| without {stage}" for stage in ("trim", "join", "prune", "smooth", "fill")]
    assert names == ["| as it is", *stages, "| online"]


def test_looking_counts_what_is_embedded_and_skips_what_has_no_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_images(write_sequence(tmp_path, "A"))
    write_sequence(tmp_path, "B")
    with pytest.raises(SystemExit) as end:
        run(monkeypatch, "lazy_embeddings", tmp_path, "--markdown")
    assert end.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert "skipped: B: no images" in lines
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][2:]
    found = load_one(tmp_path / "A").detections
    assert [row[0] for row in rows] == list(lazy_embeddings.POLICIES)
    embedded = [int(row[4]) for row in rows]
    assert embedded[0] == 2 * sum(map(len, found))  # forward and backward
    assert embedded[0] >= embedded[1] > embedded[2] > embedded[3] == 0
    assert all(0 < float(row[3]) <= 100 for row in rows)


def test_looking_without_a_model_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_images(write_sequence(tmp_path, "A"))
    with pytest.raises(SystemExit, match="--appearance none"):
        run(monkeypatch, "lazy_embeddings", tmp_path, "--appearance", "none")


def write_parked(root: Path, name: str, where: tuple[float, ...]) -> None:
    """Cars that stand for 4 s at these places, at 10 frames a second."""
    write_sequence(root, name, camera=False)
    rows = [f"{frame},{{}},{x},40,60,40,{{}}\n" for frame in range(1, 41) for x in where]
    numbers = [1 + at % len(where) for at in range(len(rows))]
    (root / name / "gt" / "gt.txt").write_text(
        "".join(row.format(number, "1,1,1") for row, number in zip(rows, numbers, strict=True))
    )
    (root / name / YOLOX).write_text("".join(row.format(-1, 0.9) for row in rows))
    (root / name / "seqinfo.ini").write_text(f"[Sequence]\nname={name}\nframeRate=10\nseqLength=40\n")


def test_long_returns_count_numbers_that_are_kept_and_wrong_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_parked(tmp_path, "A", (0.0, 100.0, 200.0))
    write_parked(tmp_path, "B", (100.0, 400.0))  # one of them where another stood in A
    monkeypatch.setattr(sys, "argv", ["long_return", str(tmp_path), "--gap", "20", "--memory", "0,1min", "--markdown"])
    long_return.main()
    lines = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    found = {(row[0], row[1]): [cell.strip() for cell in row[2:]] for row in lines[2:]}
    #                                   objects, kept, wrong, by place, by looks, remembered
    assert found["again", "0"] == ["5", "0", "0", "0", "0", "0"]
    assert found["again", "1min"] == ["5", "5", "0", "5", "0", "3"]
    assert found["paused", "1min"][:2] == ["5", "0"]  # two seconds are too short to stand
    assert found["cut", "1min"][1] == "0"
    assert found["strangers", "1min"][2] == "0"
    assert found["other", "1min"][2:4] == ["2", "2"]
    assert found["other cut", "1min"][2] == "0"


def test_skipping_tells_what_each_cadence_takes_and_loses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sequence(tmp_path, "A")
    write_sequence(tmp_path, "B")
    run(monkeypatch, "detection_interval", tmp_path, "--every", "1,4,auto", "--noisy", "1", "--markdown")
    rows = [line[2:-2].split(" | ") for line in capsys.readouterr().out.splitlines()[-9:]]
    assert [row[:2] for row in rows] == [[name, every] for name in ("A", "B", "all") for every in ("1", "4", "auto")]
    assert [row[2] for row in rows[:2]] == ["1.00", f"{3 / LENGTH:.2f}"]
    hota, lost = (np.array([float(row[column]) for row in rows]).reshape(3, 3) for column in (3, 4))
    np.testing.assert_allclose(hota[:, :1] - hota, lost, atol=0.11)
    assert (lost[:, 1] > 0).all()
    for arguments, message in (
        (["--every", "0"], "--detect-every 0: is neither"),
        (["--detector", "x"], "no such det"),
    ):
        with pytest.raises(SystemExit, match=f"^error: .*{message}"):
            run(monkeypatch, "detection_interval", tmp_path, *arguments)


def test_skipping_looks_with_a_detector_once_and_carries_by_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = list[int]()

    class Detect:
        name, class_names, suppressed, concurrent = "twelve", {0: "person"}, True, False

        def __call__(self, frame: Frame) -> Detections:
            seen.append(frame.index)
            boxes = [[60 * person, 20, 60 * person + 30, 100] for person in range(4)]
            return Detections(np.array(boxes), np.full(4, 0.9))

    monkeypatch.setattr(detection_interval, "load_detector", lambda *_, **__: Detect())
    folder = write_sequence(tmp_path, "A")
    with pytest.raises(SystemExit, match=r"^error: A: has no images to detect in "):
        run(monkeypatch, "detection_interval", tmp_path, "--detector", "any.onnx")
    (folder / "img1").mkdir()
    for number in range(1, LENGTH + 1):
        cv2.imwrite(str(folder / "img1" / f"{number:06d}.png"), np.zeros((120, 320, 3), np.uint8))
    run(
        monkeypatch,
        "detection_interval",
        tmp_path,
        "--detector",
        "any.onnx",
        "--every",
        "1,3",
        "--offline",
        "--markdown",
    )
    assert seen == list(range(1, LENGTH + 1))
    printed = capsys.readouterr().out
    assert "twelve, appearance none, offline" in printed
    assert printed.splitlines()[-1].startswith("| A | 3 | 0.33 | ")


PEER = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import numpy as np
from benchmarks.speed import peer_runner

def first_box_only(frames, frame_rate):
    return lambda boxes: np.column_stack([np.ones(len(boxes)), boxes])[:1], [boxes for boxes, _ in frames]

peer_runner.TRACKERS = {{"first box": ("numpy", first_box_only)}}
peer_runner.ROWS = {{"numpy": lambda found: found}}
peer_runner.main()
"""


def test_conditions_are_played_by_ours_and_by_peers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "peer.py").write_text(PEER)
    monkeypatch.setattr(peer_process, "RUNNER", tmp_path / "peer.py")
    for name in "AB":
        write_sequence(tmp_path / "sets", name)
    given = [
        "--every",
        "1,3",
        "--noisy",
        "1",
        "--rates",
        "20,5",
        "--half",
        "2",
        "--markdown",
        "--peers",
        sys.executable,
    ]
    conditions.main([str(tmp_path / "sets"), *given])
    printed = capsys.readouterr().out
    assert "| tracker | all | every 3 | noisy |" in printed
    assert "| tracker | 20 a second | 5 a second |" in printed
    assert "| first box | 25.0, 25.0 | 25.0, 25.0 |" in printed  # one of four people, whatever the rate
    assert [line.split(" | ")[0] for line in printed.splitlines() if line.startswith("| keep")] == [
        "| keeptrack",
        "| keeptrack + camera",
    ] * 2
    with pytest.raises(SystemExit):
        conditions.main([str(tmp_path / "nowhere")])


def test_halves_share_no_sequence(tmp_path: Path) -> None:
    for name in "ABC":
        write_sequence(tmp_path, name)
    parser = argparse.ArgumentParser()
    comparison.add_sequence_arguments(parser)
    halves = [
        comparison.load_or_skip(SequenceSet.parse(str(tmp_path)), parser.parse_args([str(tmp_path), "--half", half]))
        for half in "12"
    ]
    assert [[one.name for one in half] for half in halves] == [["A", "C"], ["B"]]


def test_the_truth_as_detections_leaves_out_what_does_not_count(tmp_path: Path) -> None:
    sequence = load_one(write_sequence(tmp_path, "A"))
    considered = sequence.truth.considered.copy()
    considered[0] = False
    true = conditions.true_detections(replace(sequence, truth=replace(sequence.truth, considered=considered)), 5.0)
    assert true.frame_rate == 5.0
    assert list(map(len, true.detections)) == [3, 4, 4]
