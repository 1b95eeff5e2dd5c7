"""Scores of masks are TrackEval's own, on the same files."""

from __future__ import annotations

import contextlib
import io
from dataclasses import astuple
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trackeval

from detectors.errors import InputError
from detectors.masks import Mask
from detectors.run_lengths import encode
from tests.tracker.annotations.test_coco import _video
from tracker.annotations import mots
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.annotations.formats import format_of
from tracker.commands.evaluate import main
from tracker.evaluation.mots import evaluate_mots, is_mots, load_mots

HEIGHT, WIDTH, LENGTH = 60, 90, 25

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of pycocotools


def scene(seed: int, noise: float) -> list[str]:
    """Lines of people who walk in lanes of 12 rows each; in results, some are missing, doubled or of a wrong number."""
    random, lines = np.random.default_rng(seed), []
    for frame in range(1, LENGTH + 1):
        for lane in range(5):
            kind = 2 if lane < 4 else (10 if not noise else 2)  # in the last lane nobody counts
            if random.random() < noise:
                continue
            left = (7 * lane + 3 * frame) % 70 + (round(random.normal(0, 3)) if noise else 0)
            pixels = np.zeros((HEIGHT, WIDTH), bool)
            pixels[12 * lane + 1 : 12 * lane + 11, max(0, left) : max(0, left) + 14] = True
            number = 2000 + lane + (10 if noise and frame > 15 and lane == 1 else 0)
            mask = encode(Mask.of_frame(pixels), HEIGHT, WIDTH)["counts"]
            lines.append(f"{frame} {10000 if kind == 10 else number} {kind} {HEIGHT} {WIDTH} {mask}")
    return lines


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for number, name in enumerate(("MOTS20-02", "MOTS20-05")):
        (tmp_path / "gt" / name / "gt").mkdir(parents=True)
        (tmp_path / "gt" / name / "seqinfo.ini").write_text(f"[Sequence]\nseqLength={LENGTH}\n")
        (tmp_path / "gt" / name / "gt" / "gt.txt").write_text("\n".join(scene(number, 0.0)) + "\n")
        (tmp_path / "results" / "ours").mkdir(parents=True, exist_ok=True)
        (tmp_path / "results" / "ours" / f"{name}.txt").write_text("\n".join(scene(number + 5, 0.15)) + "\n")
    return tmp_path


def theirs(folder: Path) -> dict[str, dict[str, Any]]:
    config: dict[str, Any] = {
        "GT_FOLDER": str(folder / "gt"),
        "TRACKERS_FOLDER": str(folder / "results"),
        "TRACKERS_TO_EVAL": ["ours"],
    }
    config |= {"SKIP_SPLIT_FOL": True, "TRACKER_SUB_FOLDER": "", "PRINT_CONFIG": False}
    config |= {"SEQ_INFO": dict.fromkeys(("MOTS20-02", "MOTS20-05"), LENGTH)}
    with contextlib.redirect_stdout(io.StringIO()):
        dataset = trackeval.datasets.MOTSChallenge(config)
        quiet = {"PRINT_CONFIG": False}
        metrics = [trackeval.metrics.HOTA(), trackeval.metrics.CLEAR(quiet), trackeval.metrics.Identity(quiet)]
        found: dict[str, dict[str, Any]] = {}
        for metric in metrics:
            each = {}
            for name in config["SEQ_INFO"]:
                raw = dataset.get_raw_seq_data("ours", name)
                each[name] = metric.eval_sequence(dataset.get_preprocessed_seq_data(raw, "pedestrian"))
            found[metric.get_name()] = {**each, "combined": metric.combine_sequences(each)}
    return found


def test_scores_are_those_of_trackeval(files: Path) -> None:
    assert is_mots(files / "gt")
    evaluation, warnings = evaluate_mots(load_mots(files / "gt"), files / "results" / "ours")
    expected = theirs(files)
    assert not warnings
    for name, scores in {**evaluation.sequences, "combined": evaluation.combined}.items():
        hota, clear, identity = (expected[kind][name] for kind in ("HOTA", "CLEAR", "Identity"))
        figures = [100 * np.mean(hota[key]) for key in ("HOTA", "DetA", "AssA")]
        figures += [100 * clear["MOTA"], 100 * identity["IDF1"], clear["IDSW"]]
        assert list(map(float, astuple(scores))) == list(map(float, figures))
    assert 20 < evaluation.combined.hota < 95


def test_the_command_knows_them_by_their_text(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(files / "gt"), str(files / "results" / "ours"), "--sequences", "MOTS20-02"]) == 0
    assert "MOTS20-02" in capsys.readouterr().out


def test_a_missing_file_is_told_and_a_missing_folder_refused(files: Path) -> None:
    (files / "results" / "ours" / "MOTS20-02.txt").unlink()
    evaluation, warnings = evaluate_mots(load_mots(files / "gt"), files / "results" / "ours")
    assert "scored as no tracks" in warnings[0]
    assert evaluation.sequences["MOTS20-02"].deta == 0
    with pytest.raises(InputError, match=r"expected MOTS20-02\.txt in it"):
        evaluate_mots(load_mots(files / "gt"), files / "gt")
    with pytest.raises(InputError, match="has no sequence 'other'"):
        load_mots(files / "gt", ["other"])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1 1 2 60 90", "has 5 columns, not 6"),
        ("x 1 2 60 90 PS", "frame is 'x'"),
        ("0 1 2 60 90 ch1Y2", "frame 0 cannot be|do not fill"),
        ("1 1 2 60 90 ch1Y2", "do not fill"),
        ("99 1 2 4 4 @", "has frame 99, and MOTS20-02 has 25|do not fill"),
    ],
)
def test_damage_is_told_with_its_line(files: Path, line: str, words: str) -> None:
    path = files / "results" / "ours" / "MOTS20-02.txt"
    path.write_text(f"{line}\n")
    with pytest.raises(InputError, match=rf"MOTS20-02\.txt:1: .*({words})"):
        evaluate_mots(load_mots(files / "gt", ["MOTS20-02"]), path)


def test_masks_that_overlap_are_refused_as_by_trackeval(files: Path) -> None:
    path = files / "results" / "ours" / "MOTS20-02.txt"
    first = path.read_text().splitlines()[0].split()
    path.write_text(" ".join(first) + "\n" + " ".join([first[0], "77", *first[2:]]) + "\n")
    with pytest.raises(InputError, match=r"txt:2: its mask overlaps that of line 1"):
        evaluate_mots(load_mots(files / "gt", ["MOTS20-02"]), path)
    path.write_text(" ".join(first) + "\n" + " ".join(first) + "\n")
    with pytest.raises(InputError, match=r"txt:2: track \d+ is in frame 1 twice"):
        evaluate_mots(load_mots(files / "gt", ["MOTS20-02"]), path)


def test_as_a_format_each_pixel_belongs_to_who_stands_in_front(tmp_path: Path) -> None:
    masks = [Mask.pack(np.ones((20, 10), bool), 10, 10), Mask.pack(np.ones((20, 10), bool), 15, 20)]
    tracks = [
        AnnotatedTrack(number, "person", np.array([1]), np.array([mask.rectangle], float), columns={"masks": [mask]})
        for number, mask in enumerate(masks, 1)
    ]
    video = Annotations("a", "", WIDTH, HEIGHT, Fraction(25), 1, ["person"], tracks)
    mots.write(video, tmp_path / "a.txt")
    found = format_of(tmp_path / "a.txt")
    assert found is not None
    assert found.name == "mots"
    (after,) = mots.read(tmp_path / "a.txt")
    first, second = (track.columns["masks"][0] for track in after.tracks)
    assert second == masks[1]
    np.testing.assert_array_equal(
        first.on_frame(HEIGHT, WIDTH), masks[0].on_frame(HEIGHT, WIDTH) & ~masks[1].on_frame(HEIGHT, WIDTH)
    )


def test_what_has_no_mask_is_its_box(tmp_path: Path) -> None:
    before = _video()
    mots.write(before, tmp_path / "a.txt")
    (after,) = mots.read(tmp_path / "a.txt")
    assert [track.track_id for track in after.tracks] == [track.track_id for track in before.tracks]
    assert after.tracks[0].label == "car"
    inside = np.clip(before.tracks[0].boxes, 0, [before.width, before.height] * 2)
    np.testing.assert_allclose(after.tracks[0].boxes, inside, atol=1.0)
