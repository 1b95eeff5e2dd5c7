"""The benchmarks run, on little work."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import mot
from benchmarks.accuracy import split
from benchmarks.detection import by_eye
from benchmarks.speed import association, encoding, long_video
from tests.conftest import MakeVideo
from tests.onnx_models import sliding_colour_finder
from tracker.association.presets import PRESETS
from tracker.offline.postprocess import STAGES


def test_association_prints_a_row_for_each_crowd(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(association, "OBJECTS", (3, 7))
    monkeypatch.setattr(sys, "argv", ["association", "--frames", "4", "--rounds", "1"])
    association.main()
    printed = capsys.readouterr().out
    assert all(name in printed for name in PRESETS)
    assert " 3 " in printed
    assert " 7 " in printed


def test_sliding_compares_one_pass_with_all_windows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torchvision", reason="needs the extra `train`")
    from benchmarks.detection import sliding

    monkeypatch.setattr(sliding, "WINDOWS", {"lenet5": 32})
    monkeypatch.setattr(sys, "argv", ["sliding", "--side", "96", "--rounds", "1"])
    sliding.main()
    assert " 289 " in capsys.readouterr().out  # 17 x 17 windows


def test_pictures_to_count_in_show_the_same_frames_of_each_detector(
    make_video: MakeVideo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, model = make_video("clip.mp4"), sliding_colour_finder(tmp_path / "finder.onnx", long_side=96)
    by_eye.main([str(clip), "-o", str(tmp_path / "eye"), "--detectors", f"{model},motion", "--frames", "2"])
    shown = {picture.name for picture in (tmp_path / "eye").iterdir()}
    assert shown == {f"clip-{frame}.{name}.png" for frame in (5, 15) for name in ("finder", "motion")}
    assert "finder" in capsys.readouterr().out


def test_more_frames_than_there_are_cannot_be_looked_at(make_video: MakeVideo, tmp_path: Path) -> None:
    clip = make_video("clip.mp4")
    with pytest.raises(SystemExit, match=r"clip\.mp4: has 20 frames"):
        by_eye.main([str(clip), "-o", str(tmp_path / "eye"), "--frames", "21"])


def test_detectors_are_compared_on_labelled_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pycocotools", reason="needs the extra `train`")
    from benchmarks.detection import comparison
    from tests.training.pictures import write_coco

    data = write_coco(tmp_path / "data", 3)
    model = sliding_colour_finder(tmp_path / "finder.onnx", long_side=96)
    monkeypatch.setattr(sys, "argv", ["detection", str(data), str(model), f"{model}@64", "--rounds", "1"])
    comparison.main()
    printed = capsys.readouterr().out
    assert "AP50 on 3 pictures" in printed
    assert "finder.onnx@64" in printed
    assert "blue" in printed


def test_the_curve_of_few_pictures_has_a_point_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torchvision", reason="needs the extra `train`")
    from benchmarks.detection import few_shot
    from tests.training.pictures import write_coco

    data = write_coco(tmp_path / "data", 4)
    (tmp_path / "list.txt").write_text("0.png\n")
    options = ["--list", str(tmp_path / "list.txt"), "--class", "red", "--pictures", "1", "--minutes", "0.01"]
    monkeypatch.setattr(sys, "argv", ["few_shot", str(data), *options])
    few_shot.main()
    assert "   1 pictures  AP50 " in capsys.readouterr().out


def test_a_detector_can_look_at_the_images_of_a_sequence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sequence = tmp_path / "sequences" / "RED-01"
    (sequence / "img1").mkdir(parents=True)
    (sequence / "seqinfo.ini").write_text("[Sequence]\nframeRate=10\nseqLength=6\nimDir=img1\n")
    for number in range(6):
        image = np.zeros((64, 64, 3), np.uint8)
        image[32:, 32:] = (0, 0, 255)  # one cell of the coarsest grid
        cv2.imwrite(str(sequence / "img1" / f"{number + 1:06d}.png"), image)
    model = sliding_colour_finder(tmp_path / "finder.onnx")
    arguments = ["mot", str(tmp_path / "sequences"), "-o", str(tmp_path / "out"), "--presets", "sort"]
    monkeypatch.setattr(sys, "argv", [*arguments, "--detector", str(model), "--classes", "red"])
    mot.main()
    rows = np.loadtxt(tmp_path / "out" / "sort" / "RED-01.txt", delimiter=",")
    assert set(rows[:, 0]) >= {3, 4, 5, 6}
    assert (abs(rows[:, 2:6] - [32, 32, 32, 32]).max(axis=1) < 0.5).any()


def test_appearance_models_are_compared_on_sequences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmarks.accuracy import appearance
    from tests.onnx_models import embedder
    from tests.training.people import write_sequence

    people = ((1, 10, 10), (2, 60, 10), (4, 110, 10))
    rows = [f"{frame},{who},{left},{top},24,48,1,1,1" for frame in range(1, 13) for who, left, top in people]
    for name in ("A", "B"):
        write_sequence(tmp_path / name, rows, 12, people)
    colours = embedder(tmp_path / "colours.onnx", np.eye(3), size=(32, 16))
    blind = embedder(tmp_path / "blind.onnx", np.zeros((3, 2)), size=(32, 16))
    monkeypatch.setattr(sys, "argv", ["appearance", str(tmp_path), "--models", f"{colours},{blind}", "--markdown"])
    appearance.main()
    seeing, nothing = capsys.readouterr().out.split("blind.onnx")
    for table, low, high in ((seeing, 80, 100), (nothing, 50, 50)):
        aucs = [float(line.split("|")[-2]) for line in table.splitlines() if line.startswith(("| A", "| B", "| mean"))]
        assert len(aucs) == 3
        assert low <= min(aucs) <= max(aucs) <= high
    assert "| A | 3 | 36 |" in seeing


def test_encoders_are_compared_on_what_a_run_draws(
    crossing: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--detector", "motion", "--frames", "7", "--rounds", "1", "--markdown"]
    monkeypatch.setattr(sys, "argv", ["encoding", str(crossing), *options])
    encoding.main()
    printed = capsys.readouterr().out
    assert "crossing.mp4, 320x240, 7 frames" in printed
    cells = {
        row.split(" | ")[0].strip("| "): row.strip("| ").split(" | ") for row in printed.splitlines() if "|" in row
    }
    assert set(encoding.SETTINGS) < set(cells)
    low, high = (cells[f"keeptrack, {word}"] for word in ("low", "high"))
    assert float(low[2]) < float(high[2])
    assert float(low[3]) < float(high[3])
    assert 0.5 < float(low[4]) < float(high[4]) <= 1


def test_ssim_is_1_for_equal_pictures_and_less_for_others() -> None:
    picture = np.random.default_rng(0).uniform(0, 255, (40, 60))
    assert encoding.ssim(picture, picture) == pytest.approx(1)
    assert encoding.ssim(picture, 255 - picture) < 0
    assert encoding.ssim(picture, picture * 0.5) < 0.9


def test_a_long_video_is_told_of_stage_by_stage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["long", "--hours", "0.01", "--objects", "2", "--piece", "20", "--moving"])
    long_video.main()
    printed = capsys.readouterr().out.splitlines()
    told = [line for line in printed if line.endswith("MB at most")]
    assert [line[:9].strip() for line in told] == ["load", "stitch", *STAGES, "by frame"]
    assert int(printed[-1].split()[0]) > 0


def test_a_video_in_pieces_is_compared_with_the_whole(crossing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overlap = ["--overlap", "2"]  # three people are one moving thing for a while: both pieces shall see it come and go
    split.main(["--clip", str(crossing), "--pieces", "2", *overlap, "--detector", "motion"])
    cells = [cell.strip() for cell in capsys.readouterr().out.splitlines()[-1].split("|")]
    assert cells[1:4] == ["crossing", "2", "110"]
    assert 110 < int(cells[4]) <= 110 + 46
    assert float(cells[6]) > 80
