"""`keeptrack eval` as users meet it: files, the table, the JSON, and every way to get them wrong."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from tests.conftest import ROOT
from tests.tracker.commands.test_cli import run
from tracker.commands.evaluate import make_table
from tracker.evaluation.evaluate import Evaluation, Scores

TRUTH = "".join(f"{frame},1,{frame},0,40,90,1,1,1\n{frame},2,{frame},200,40,90,1,1,0.5\n" for frame in range(1, 6))


@pytest.fixture(autouse=True)
def _two_sequences_and_two_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """gt/A and gt/B; a/ has both right, b/ has one right and the other's identity changed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for sequence in "AB":
        folder = Path("gt", sequence)
        (folder / "gt").mkdir(parents=True)
        (folder / "gt" / "gt.txt").write_text(TRUTH)
        (folder / "seqinfo.ini").write_text("[Sequence]\nseqLength=5\n")
    (folder / "seqinfo.ini").unlink()
    for results, last in (("a", "5,1"), ("b", "5,3")):
        Path(results).mkdir()
        Path(results, "A.txt").write_text(TRUTH)
        Path(results, "B.txt").write_text(TRUTH.replace("5,1", last))


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("eval", "gt", "a", "b") == 0
    printed, told = capsys.readouterr()
    assert told == ""
    assert [line.rstrip() for line in printed.splitlines()] == [
        "        HOTA     DetA     AssA     MOTA     IDF1     IDSW",
        "─────────────────────────────────────────────────────────",
        "a     100.00   100.00   100.00   100.00   100.00        0",
        "  A   100.00   100.00   100.00   100.00   100.00        0",
        "  B   100.00   100.00   100.00   100.00   100.00        0",
        "",
        "b      95.92   100.00    92.00    95.00    95.00        1",
        "  A   100.00   100.00   100.00   100.00   100.00        0",
        "  B    91.65   100.00    84.00    90.00    90.00        1",
    ]


def rendered(evaluations: dict[str, Evaluation]) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=80, force_terminal=True, color_system="standard").print(make_table(evaluations))
    return file.getvalue().splitlines()


def test_the_best_of_each_column_is_bold() -> None:
    better, worse = Scores(50.001, 40, 60, -3, 7, 9), Scores(50.002, 30, 70, -4, 7, 8)
    evaluations = {"x": Evaluation(better, {"A": better}), "y": Evaluation(worse, {"A": worse})}
    lines = rendered(evaluations)
    bold = {
        line.split()[0]: [value.split("\x1b")[0].strip() for value in line.split("\x1b[1m")[1:]]
        for line in lines[2:]
        if line.strip()
    }
    assert [bold[name] for name in ("x", "y", "A")] == [
        ["50.00", "40.00", "-3.00", "7.00"],  # what looks equal is marked alike
        ["50.00", "70.00", "7.00", "8"],
        [],
    ]
    assert "\x1b[1m" not in "".join(rendered({"x": evaluations["x"]}))


def test_long_names_are_folded_and_figures_never_cut() -> None:
    scores = Scores(100, 100, 100, -12345.678, 100, 1234567)
    lines = rendered({"n" * 90: Evaluation(scores, {"[red]A[/]": scores})})
    assert max(map(len, lines)) <= 80
    assert "".join(lines).count("n") == 90
    assert "-12345.68" in lines[2]
    assert "1234567" in lines[2]
    assert "[red]A[/]" in "".join(lines)


def test_json_has_everything_in_full() -> None:
    assert run("eval", "gt", "a", "b", "--json", "scores.json") == 0
    scores = json.loads(Path("scores.json").read_text())["results"]
    assert list(scores) == ["a", "b"]
    assert list(scores["b"]) == ["combined", "sequences"]
    assert list(scores["b"]["sequences"]) == ["A", "B"]
    assert scores["b"]["combined"] == {
        "HOTA": pytest.approx(100 * np.sqrt(0.92)),
        "DetA": 100.0,
        "AssA": pytest.approx(92),
        "MOTA": 95.0,
        "IDF1": 95.0,
        "IDSW": 1,
    }
    assert scores["a"]["sequences"]["A"] == dict.fromkeys(["HOTA", "DetA", "AssA", "MOTA", "IDF1"], 100.0) | {"IDSW": 0}
    assert sorted(path.name for path in Path().iterdir()) == ["a", "b", "gt", "scores.json"]


def test_json_is_replaced_on_request_only(capsys: pytest.CaptureFixture[str]) -> None:
    Path("s.json").write_text("mine")
    assert run("eval", "gt", "a", "--json", "s.json") == 1
    assert capsys.readouterr().err == "error: s.json: exists already (add --overwrite, or choose another name)\n"
    assert Path("s.json").read_text() == "mine"
    assert run("eval", "gt", "--json", "s.json", "--overwrite", "a") == 0
    assert "HOTA" in Path("s.json").read_text()
    assert run("eval", "gt", "a", "--json", "a/A.txt", "--overwrite") == 1
    assert "is an input of this run" in capsys.readouterr().err
    assert Path("a/A.txt").read_text() == TRUTH


def test_one_sequence_takes_a_file() -> None:
    assert run("eval", "gt/A", "a/A.txt", "--json", "1.json") == 0
    assert run("eval", "gt", "a/A.txt", "--sequences", "A", "--json", "2.json") == 0
    assert Path("1.json").read_text() == Path("2.json").read_text()
    assert list(json.loads(Path("1.json").read_text())["results"]) == ["A"]


def test_results_of_one_name_are_told_apart() -> None:
    Path("more").mkdir()
    Path("a").rename("more/b")
    assert run("eval", "gt", "b", "more/b", "--json", "s.json") == 0
    assert list(json.loads(Path("s.json").read_text())["results"]) == ["b", str(Path("more/b"))]


def test_a_missing_result_is_told_and_scored_as_no_tracks(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a/B.txt").unlink()
    Path("b/B.txt").write_text("")
    assert run("eval", "gt", "a", "b", "--json", "s.json") == 0
    assert capsys.readouterr().err == f"warning: {Path('a/B.txt')}: no such file; scored as no tracks\n"
    a, b = json.loads(Path("s.json").read_text())["results"].values()
    assert a == b
    assert a["sequences"]["B"]["MOTA"] == 0
    assert a["combined"]["MOTA"] == 50


def test_the_rows_of_other_classes_alone_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("gt/A/gt/gt.txt").write_text(TRUTH.replace("90,1,1,", "90,1,3,"))
    assert run("eval", "gt", "a") == 0
    assert "gt.txt: no row counts: of nine columns, rows of class 1 with flag 1 do (leave" in capsys.readouterr().err


def test_flags_in_ten_columns_count_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    Path("gt/A/gt/gt.txt").write_text("".join(f"{row},-1\n" for row in TRUTH.replace("90,1,", "90,0,").split()))
    assert run("eval", "gt/A", "a") == 0
    assert capsys.readouterr().out.count("100.00") == 10
    assert run("eval", "gt/A", "a", "--mot15-flags") == 0
    assert "gt.txt: no row counts: the flag, the seventh column, is 0 everywhere\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1,1,0,0,9\n", "1: the row has 5 columns, expected at least 6 (frame,id,x,y,w,h) ("),
        ("1|1|0|0|9|9\n", "1: the row has 1 column, expected at least 6 (frame,id,x,y,w,h) (separate all values in "),
        ("1,1,0,0,9,9\n2 1 0 0 9 9\n", "2: the row has 1 column, expected 6, like the first row ("),
        ("1,1,0,0,9,9,1\n\n2,1,0,0,9,9\n", "3: the row has 6 columns, expected 7, like the first row ("),
        ("frame,id,x1,y1,x2,y2\n", "1: the columns have a 'x2', and boxes are x, y, width, height ("),
        ("1,1,0,0,9,9\nframe,id,x,y,w,h\n", "2: 'frame' is not a finite number ("),
        ("1,1,0,0,9,9\n2,1,0,inf,9,9\n", "2: 'inf' is not a finite number ("),
        ("1,1,0,0,,9\n", "1: '' is not a finite number ("),
        ("1,1.5,0,0,9,9\n", "1: id 1.5 is not a whole number ("),
        ("1,1e17,0,0,9,9\n", "1: id 1e+17 is too large ("),
        ("1,2,0,0,9,9\n1,-1,0,0,9,9\n", "2: id -1 is negative (every row needs an id; track detections first)"),
        ("1,1,0,0,9,9\n2,1,0,0,9,9\n\n1,1,3,3,9,9\n", "4: id 1 is in frame 1 already ("),
        ("0,1,0,0,9,9\n", "1: frame 0 is below 1 (frames count from 1)"),
        ("1.5,1,0,0,9,9\n", "1: frame 1.5 is not a whole number ("),
        ("1,1,0,0,9,-9\n", "1: the box has a negative size ("),
        ("1,1,1e200,0,9,9\n", "1: the box is too far away ("),
        ("1e15,1,0,0,9,9\n", "1: frame 1e+15 is too large ("),
    ],
)
@pytest.mark.parametrize("place", ["a/B.txt", "gt/B/gt/gt.txt"])
def test_bad_rows_are_named(capsys: pytest.CaptureFixture[str], rows: str, message: str, place: str) -> None:
    Path(place).write_text(rows)
    assert run("eval", "gt", "a", "--json", "s.json") == 1
    told = capsys.readouterr().err
    assert told.startswith(f"error: {Path(place)}:{message}")
    assert told.endswith(")\n")
    assert told.count("\n") == 1
    assert not Path("s.json").exists()


def test_frames_have_to_be_in_the_sequence(capsys: pytest.CaptureFixture[str]) -> None:
    for sequence, remedy in (("A", "seqinfo.ini says so)"), ("B", "gt.txt ends there; seqLength in ")):
        Path("a", f"{sequence}.txt").write_text("6,1,0,0,9,9\n")
        assert run("eval", f"gt/{sequence}", "a") == 1
        told = capsys.readouterr().err
        assert f"{sequence}.txt:1: frame 6 is beyond the last one, 5 (" in told
        assert remedy in told
    Path("gt/A/gt/gt.txt").write_text("6,1,0,0,9,9\n")
    assert run("eval", "gt/A", "b") == 1
    assert "gt.txt:1: frame 6 is beyond the last one, 5 (" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("info", "why"),
    [
        ("seqLength=5", "cannot be understood: File contains no section headers"),
        ("[Sequence]\n", "cannot be understood: 'seqLength' is missing ([Sequence] needs seqLength)"),
        ("[Other]\n", "cannot be understood: 'Sequence' is missing"),
        ("[Sequence]\nseqLength=0", "seqLength must be from 1 to"),
        ("[Sequence]\nseqLength=99999999999", "seqLength must be from 1 to"),
        ("[Sequence]\nseqLength=%five", "invalid literal"),
    ],
)
def test_seqinfo_has_to_be_understood(capsys: pytest.CaptureFixture[str], info: str, why: str) -> None:
    Path("gt/A/seqinfo.ini").write_text(info)
    assert run("eval", "gt", "a") == 1
    told = capsys.readouterr().err
    assert told.startswith(f"error: {Path('gt/A/seqinfo.ini')}: ")
    assert why in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["nowhere", "a"],
            "nowhere: no such folder (give the folder of the ground truth: expected NAME/gt/gt.txt, or ",
        ),
        (["a/A.txt", "a"], "a/A.txt: is not a folder ("),
        (["a", "a"], "a: has no ground truth (expected NAME/gt/gt.txt"),
        (["gt", "nowhere"], "nowhere: no such file or folder (give results: a folder of NAME.txt"),
        (["gt", "gt"], "gt: has no results of these sequences (expected A.txt and 1 more in it)"),
        (["gt/A", "gt"], "gt: has no results of these sequences (expected A.txt in it)"),
        (["gt", "a/A.txt"], "a/A.txt: is a file, but 2 sequences are evaluated (give a folder of NAME.txt, or choose"),
        (["gt", "a", "a"], "a: is given twice (give each of the results once)"),
        (["gt", "a", "--sequences", "A,C"], "gt: has no sequence 'C' with gt/gt.txt (it has A, B)"),
        (["gt", "a", "--sequences", ","], "gt: no sequence is chosen ("),
        (["gt", "a", "--json", "no/s.json"], "no/s.json: the folder no does not exist ("),
        (["n" * 300, "a"], f"{'n' * 300}: cannot be used: File name too long ("),
    ],
)
def test_wrong_places_are_named(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert run("eval", *arguments) == 1
    printed, told = capsys.readouterr()
    assert printed == ""
    assert told.startswith(f"error: {message}")
    assert told.count("\n") == 1


def test_class_numbers_are_motchallenges(capsys: pytest.CaptureFixture[str]) -> None:
    Path("gt/A/gt/gt.txt").write_text("1,1,0,0,9,9,1,1,1\n1,2,0,0,9,9,1,80,1\n")
    assert run("eval", "gt", "a") == 1
    assert "gt.txt:2: class 80 is none of MOTChallenge's, 1 to 13 (" in capsys.readouterr().err


def test_text_has_to_be_text(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a/A.txt").write_bytes(b"\xff\xfe\x00")
    assert run("eval", "gt", "a") == 1
    assert capsys.readouterr().err.startswith(f"error: {Path('a/A.txt')}: cannot be read: it is not text (")


@pytest.mark.parametrize("arguments", [[], ["gt"], ["gt", "a", "--nonsense"]])
def test_wrong_arguments_are_told_in_a_line(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert run("eval", *arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert told.endswith(" (see keeptrack eval --help)\n")
    assert told.count("\n") == 1


def test_help_mentions_the_command_and_explains_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    assert "keeptrack eval GT_ROOT RESULTS..." in capsys.readouterr().out
    assert run("eval", "--help") == 0
    assert "RESULTS" in capsys.readouterr().out


def test_a_source_called_eval_can_still_be_tracked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("./eval", "-o", "none") == 1
    assert capsys.readouterr().err.startswith("error: eval: no such file (")


def test_it_is_a_command_of_the_package_and_loads_no_models() -> None:
    program = (
        "import sys; from tracker.commands.cli import main; status = main(sys.argv[1:]);"
        "print(*{name.split('.')[0] for name in sys.modules}); sys.exit(status)"
    )
    command = [sys.executable, "-c", program, "eval", str(Path("gt").resolve()), str(Path("a").resolve())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert not {"torch", "onnxruntime", "av"} & set(done.stdout.splitlines()[-1].split())


def test_scores_are_all_shown() -> None:
    assert len(astuple(Scores(1, 2, 3, 4, 5, 6))) == len(make_table({}).columns) - 1
