"""Scores are TrackEval's own, to the last digits, and bad rows are named."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import trackeval
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Floats
from detectors.errors import InputError
from detectors.extras import install_extra
from tracker.evaluation.evaluate import Evaluation, Scores, evaluate, read_results
from tracker.evaluation.ground_truth import GroundTruth, load_ground_truth, make_ground_truth

LENGTH = 30
PERFECT = Scores(100, 100, 100, 100, 100, 0)


def as_scores(found: Mapping[str, Any]) -> Scores:
    """Our six figures of what TrackEval found for a sequence."""
    of = found["pedestrian"]
    hota, deta, assa = (100 * float(of["HOTA"][name].mean()) for name in ("HOTA", "DetA", "AssA"))
    mota, idf1 = 100 * float(of["CLEAR"]["MOTA"]), 100 * float(of["Identity"]["IDF1"])
    return Scores(hota, deta, assa, mota, idf1, int(of["CLEAR"]["IDSW"]))


def by_trackeval(folder: Path, results: Path, benchmark: str, names: list[str]) -> Evaluation:
    """What TrackEval's own MotChallenge2DBox and Evaluator say. folder: has the sequences; results: NAME.txt."""
    config = trackeval.Evaluator.get_default_eval_config()
    quiet = ("PRINT_CONFIG", "PRINT_RESULTS", "TIME_PROGRESS", "PLOT_CURVES", "OUTPUT_SUMMARY", "OUTPUT_DETAILED")
    config.update(dict.fromkeys(quiet, False), LOG_ON_ERROR=None)
    data = trackeval.datasets.MotChallenge2DBox.get_default_dataset_config()
    data.update(GT_FOLDER=str(folder), TRACKERS_FOLDER=str(results.parent), TRACKER_SUB_FOLDER="", PRINT_CONFIG=False)
    data.update(BENCHMARK=benchmark, SKIP_SPLIT_FOL=True, SEQ_INFO=dict.fromkeys(names))
    data.update(TRACKERS_TO_EVAL=[results.name])
    silent = {"PRINT_CONFIG": False}
    metrics = [trackeval.metrics.HOTA(), trackeval.metrics.CLEAR(silent), trackeval.metrics.Identity(dict(silent))]
    found, _ = trackeval.Evaluator(config).evaluate([trackeval.datasets.MotChallenge2DBox(data)], metrics)
    scored = found["MotChallenge2DBox"][results.name]
    return Evaluation(as_scores(scored["COMBINED_SEQ"]), {name: as_scores(scored[name]) for name in names})


def assert_same(ours: Evaluation, theirs: Evaluation) -> None:
    assert ours.sequences.keys() == theirs.sequences.keys()
    pairs = [(ours.combined, theirs.combined), *((ours.sequences[n], theirs.sequences[n]) for n in ours.sequences)]
    for mine, other in pairs:
        assert vars(mine) == pytest.approx(vars(other), abs=1e-6)
        assert isinstance(mine.idsw, int)


def crowd(rng: np.random.Generator, objects: int = 9) -> Floats:
    """Rows frame,id,x,y,w,h ``(N, 6)`` of objects that walk about, meet, and are there for some frames only."""
    rows = list[list[float]]()
    for track_id in range(3, 3 + objects):
        place, speed, size = rng.uniform(0, 120, 2), rng.normal(0, 3, 2), rng.uniform(25, 60, 2)
        for frame in range(*np.sort(rng.integers(1, LENGTH + 1, 2))):
            rows.append([frame, track_id, *(place + frame * speed), *size])
    return np.round(rows, 2)


def mistaken(rng: np.random.Generator, truth: Floats) -> Floats:
    """Results as a tracker makes them of those objects: misses, noise, changed identities, boxes in excess."""
    found = truth[rng.random(len(truth)) < 0.85, :6]
    found[:, 2:6] += rng.normal(0, 3, (len(found), 4))
    found[:, 1] += 100 * (found[:, 0] > rng.integers(5, 25, 200)[found[:, 1].astype(int)])
    extra = np.column_stack([rng.integers(1, LENGTH + 1, 25), np.arange(500, 525), rng.uniform(5, 90, (25, 4))])
    return rng.permutation(np.concatenate([found, extra]))


def write(path: Path, rows: npt.ArrayLike) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, np.asarray(rows), delimiter=",", fmt="%.10g")


def write_sequence(folder: Path, rows: npt.ArrayLike) -> None:
    write(folder / "gt" / "gt.txt", rows)
    (folder / "seqinfo.ini").write_text(f"[Sequence]\nname={folder.name}\nseqLength={LENGTH}\n")


@pytest.mark.parametrize("benchmark", ["MOT15", "MOT17", "MOT20"])
def test_scores_are_trackevals(tmp_path: Path, benchmark: str) -> None:
    rng = np.random.default_rng(5)
    names = [f"{benchmark}-{number:02d}" for number in range(4)]
    for number, name in enumerate(names):
        boxes = crowd(rng)
        flags = rng.random(len(boxes)) < 0.8
        classes = rng.choice([1, 1, 1, 2, 3, 6, 7, 8, 12], 20)[boxes[:, 1].astype(int)]
        columns = [rng.normal(0, 9, (len(boxes), 3))] if benchmark == "MOT15" else [classes, rng.random(len(boxes))]
        write_sequence(tmp_path / "gt" / name, rng.permutation(np.column_stack([boxes, flags, *columns])))
        found = mistaken(rng, boxes) if number else np.empty((0, 6))
        write(tmp_path / "tr" / "ours" / f"{name}.txt", np.column_stack([found, np.full((len(found), 4), -1)]))
    ground_truth = load_ground_truth(tmp_path / "gt", mot15_flags=True)
    ours = evaluate(ground_truth, read_results(tmp_path / "tr" / "ours", ground_truth)[0])
    assert_same(ours, by_trackeval(tmp_path / "gt", tmp_path / "tr" / "ours", benchmark, names))
    assert 10 < ours.combined.hota < 90
    assert ours.combined.idsw > 0


def test_distractors_excuse_results_in_their_own_benchmark_only() -> None:
    row = [1, 1, 0, 0, 50, 50, 1, 1, 1]
    for other_class, name, counts_against in [(7, "MOT17-01", 0), (6, "MOT17-01", 1), (6, "MOT20-01", 0)]:
        rows = [row, [1, 2, 200, 200, 50, 50, 0, other_class, 1]]
        truth = make_ground_truth(name, rows, 1)
        scores = evaluate([truth], {name: [[1, 4, 0, 0, 50, 50], [1, 5, 200, 200, 50, 50]]}).combined
        assert scores.mota == 100 - 100 * counts_against


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ([], 3),
        ([[1, 1, 0]], 2),
        ([[0.9, 1, 0], [3, 4, 1]], 2),
        ([[1, 1, 0], [-1, -1, -1], [-1, -1, -1]], 2),
        ([[1, 1, 0], [1, 3, 1], [1, 1, 1]], 1),
        ([[1, 1, 0], [5.5, 1, -1], [2.5, 1, -1], [0, 1, -1]], 3),
    ],
)
def test_the_number_of_columns_tells_what_counts(columns: list[list[float]], found: int) -> None:
    boxes = [[1, track_id, 60 * track_id, 0, 50, 50] for track_id in range(3)]
    truth = make_ground_truth("A", np.column_stack([boxes, *columns]), 1)
    assert truth.considered.sum() == found
    assert not truth.warnings
    flags_count = make_ground_truth("A", np.column_stack([boxes, *columns]), 1, mot15_flags=True)
    assert flags_count.considered.sum() == (2 if len(columns) == 4 else found)


@pytest.fixture
def scorer(shared: Path) -> ModuleType:
    """The scorer that comes with the data, as a module."""
    spec = importlib.util.spec_from_file_location("score", shared.parent / "bin" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_noisy(results: Path, root: Path, names: list[str]) -> None:
    """Results made of the ground truth in `root`, of rows that do not count too."""
    rng = np.random.default_rng(11)
    for name in names:
        rows = np.loadtxt(root / name / "gt" / "gt.txt", delimiter=",")
        found = rows[rng.random(len(rows)) < 0.8, :7]
        found[:, 2:6] += rng.normal(0, 3, (len(found), 4))
        found[:, 4:6] = found[:, 4:6].clip(1)
        found[rng.random(len(found)) < 0.02, 1] += 1000
        write(results / f"{name}.txt", found)


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # score.py's
@pytest.mark.parametrize("root", ["mot17-half", "sequences"])
def test_scores_of_real_sequences_are_the_scorers(shared: Path, tmp_path: Path, scorer: ModuleType, root: str) -> None:
    ground_truth = load_ground_truth(shared / root)
    names = [truth.name for truth in ground_truth]
    write_noisy(tmp_path, shared / root, names)
    ours = evaluate(ground_truth, read_results(tmp_path, ground_truth)[0])
    told = scorer.score(shared / root, [str(tmp_path)], names)[str(tmp_path)]
    assert_same(ours, Evaluation(as_scores(told["COMBINED_SEQ"]), {name: as_scores(told[name]) for name in names}))


def test_flags_of_mot15_can_count_as_in_its_own_benchmark(shared: Path, tmp_path: Path) -> None:
    root, results = shared / "sequences", tmp_path / "tr" / "noisy"
    names = ["KITTI-17", "PETS09-S2L1", "TUD-Campus", "TUD-Stadtmitte"]  # the files of ten columns
    write_noisy(results, root, names)
    ground_truth = load_ground_truth(root, names, mot15_flags=True)
    ours = evaluate(ground_truth, read_results(results, ground_truth)[0])
    assert_same(ours, by_trackeval(root, results, "MOT15", names))
    for truth, without in zip(load_ground_truth(root, names), ground_truth, strict=True):
        left_out = truth.considered.sum() - without.considered.sum()
        assert (left_out > 0) == (truth.name in ("KITTI-17", "PETS09-S2L1"))


@st.composite
def scenes(draw: st.DrawFn) -> Floats:
    """Rows of objects in lanes of their own, on whole pixels, each with gaps."""
    ids = draw(st.lists(st.integers(0, 2**40), min_size=1, max_size=4, unique=True))
    rows = list[list[int]]()
    for lane, track_id in enumerate(ids):
        frames = draw(st.lists(st.integers(1, 8), min_size=1, unique=True))
        rows += [[frame, track_id, 3 * frame, 100 * lane, draw(st.integers(10, 30)), 50] for frame in frames]
    return np.array(rows, dtype=float)


def guesses(rows: Floats, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    found = rows[rng.random(len(rows)) < 0.8]
    found[:, 2] += rng.integers(0, 12, len(found))
    found[:, 1] = 10 * np.unique(found[:, 1], return_inverse=True)[1] + (found[:, 0] > rng.integers(1, 9))
    return found


@given(scenes(), st.data())
def test_perfect_results_get_everything(rows: Floats, data: st.DataObject) -> None:
    truth = make_ground_truth("A", rows, 8)
    order = data.draw(st.permutations(range(len(rows))))
    found = evaluate([truth], {"A": rows[order]})
    assert vars(found.combined) == pytest.approx(vars(PERFECT))
    assert found.sequences == {"A": found.combined}


@given(scenes(), st.integers(0, 99), st.integers(1, 10**9), st.integers(-500, 500), st.integers(0, 5))
@settings(max_examples=60)
def test_names_places_and_times_do_not_matter(rows: Floats, seed: int, name: int, move: int, wait: int) -> None:
    found = guesses(rows, seed)
    before = evaluate([make_ground_truth("A", rows, 8)], {"A": found}).combined
    change = np.array([wait, 0, move, -move, 0, 0])
    renamed = (found + change) * [1, -1, 1, 1, 1, 1] + [0, name + found[:, 1].max(initial=0), 0, 0, 0, 0]
    after = evaluate([make_ground_truth("A", rows + change, 8 + wait)], {"A": renamed}).combined
    assert vars(after) == pytest.approx(vars(before))
    assert 0 <= before.hota <= 100
    assert before.mota <= 100


@given(scenes(), scenes())
def test_a_sequence_alone_scores_as_in_company(rows: Floats, others: Floats) -> None:
    truths = [make_ground_truth("A", rows, 8), make_ground_truth("B", others, 8)]
    results = {"A": guesses(rows, 1), "B": guesses(others, 2)}
    together = evaluate(truths, results)
    for truth in truths:
        alone = evaluate([truth], {truth.name: results[truth.name]})
        assert alone.combined == alone.sequences[truth.name] == together.sequences[truth.name]


def test_no_results_score_nothing() -> None:
    truth = make_ground_truth("A", [[1, 1, 0, 0, 9, 9]], 3)
    assert evaluate([truth], {}).combined == Scores(0, 0, 0, 0, 0, 0)
    for rows in (np.empty(0), np.empty((0, 10))):
        assert evaluate([truth], {"A": rows}).combined == Scores(0, 0, 0, 0, 0, 0)


def test_empty_ground_truth_is_told_and_scored() -> None:
    truth = make_ground_truth("A", np.empty((0, 9)), 3)
    assert truth.warnings == ("ground truth of A, row: no row counts: the file is empty",)
    assert evaluate([truth], {"A": [[1, 1, 0, 0, 9, 9]]}).sequences["A"].hota == 0


@pytest.fixture
def truth() -> GroundTruth:
    return make_ground_truth("A", [[1, 1, 0, 0, 9, 9]], 3)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1, 1, 0, 0, 9]], r"results of A: the rows have the shape \(1, 5\) \(expected \(N, 6 or more\)"),
        ([1, 1, 0, 0, 9, 9], r"results of A: the rows have the shape \(6,\)"),
        ([[1, 1, 0, 0, 9, np.nan]], "results of A, row:1: not all values are finite"),
        ([[1, 1, 0, 0, 9, 9], [1, 1, 5, 5, 9, 9]], "results of A, row:2: id 1 is in frame 1 already"),
        ([[4, 1, 0, 0, 9, 9]], "results of A, row:1: frame 4 is beyond the last one, 3 "),
    ],
)
def test_arrays_that_cannot_be_scored_are_refused(truth: GroundTruth, rows: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluate([truth], {"A": rows})


def test_sequences_and_results_have_to_fit_each_other(truth: GroundTruth) -> None:
    with pytest.raises(InputError, match=r"B: has results but no ground truth \(expected A\)"):
        evaluate([truth], {"B": []})
    for wrong in ([], [truth, truth]):
        with pytest.raises(InputError, match="give each sequence once"):
            evaluate(wrong, {})


def test_trackeval_says_nothing(truth: GroundTruth, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate([truth], {})
    assert capsys.readouterr() == ("", "")


def test_without_trackeval_one_line_says_so(truth: GroundTruth, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "trackeval"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "trackeval", None)
    with pytest.raises(InputError) as caught:
        evaluate([truth], {})
    assert str(caught.value) == f"trackeval: is not installed ({install_extra('eval')})"


def test_a_trackeval_too_old_for_numpy_is_named(truth: GroundTruth, monkeypatch: pytest.MonkeyPatch) -> None:
    def removed(*_: object) -> None:
        np.float  # type: ignore[attr-defined]  # noqa: B018  # what its early releases call

    monkeypatch.setattr(trackeval.metrics.HOTA, "eval_sequence", removed)
    with pytest.raises(InputError, match=r"^trackeval: is too old for NumPy .* install --upgrade"):
        evaluate([truth], {})
