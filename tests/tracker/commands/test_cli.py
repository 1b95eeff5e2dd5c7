"""The command line as users meet it: whole runs, files, exit status, messages."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

from tests import onnx_models, scenes
from tests.conftest import ROOT, MakeVideo
from tracker.association.presets import PRESETS
from tracker.commands.cli import explain_import_error, main
from tracker.durations import seconds

GOLDEN = ROOT / "tests" / "golden"
DETECTIONS = GOLDEN / "crossing.det.txt"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str | Path) -> int:
    """Exit status of a command line, run in this process; signals are handled as before again afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as stop:
        return int(stop.code or 0)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def frame_times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [float(frame.pts * stream.time_base) for frame in container.decode(stream)]


def classes_in(path: Path) -> set[str]:
    return {track["class"] for line in path.read_text().splitlines() for track in json.loads(line)["tracks"]}


@pytest.mark.parametrize("preset", PRESETS)
def test_results_are_the_golden_ones(crossing: Path, preset: str) -> None:
    motion = ("--detections", DETECTIONS, "--tracker", preset, "--appearance", "none")  # networks round as they please
    assert run(crossing, *motion, "-o", "none", "--mot", "out.txt") == 0
    assert Path("out.txt").read_text() == (GOLDEN / f"crossing.{preset}.txt").read_text()


def test_jsonl_is_the_golden_one(crossing: Path) -> None:
    motion = ("--detections", DETECTIONS, "--appearance", "none")
    assert run(crossing, *motion, "-o", "none", "--jsonl", "out.jsonl") == 0
    assert Path("out.jsonl").read_text() == (GOLDEN / "crossing.keeptrack.jsonl").read_text()


def test_the_default_run_writes_a_video_named_after_the_source(
    crossing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(crossing, "--mot", "out.txt", "--stats", "out.json") == 0
    written = Path("crossing.tracked.mp4")
    assert frame_times(written) == pytest.approx(frame_times(crossing), abs=1e-6)
    stats = json.loads(Path("out.json").read_text())
    assert stats["frames"] == stats["detector_calls"] == scenes.CROSSING_FRAMES
    assert set(stats["stages"]) == {"read", "detect", "embed", "track", "draw", "write"}
    assert (stats["detector"], stats["tracker"]) == ("sliding", "keeptrack")
    assert stats["tracks"] <= 1  # drawings are no people
    assert stats["tracks"] == len({line.split(",")[1] for line in Path("out.txt").read_text().splitlines()})
    printed = capsys.readouterr()
    assert "sliding" in printed.out
    assert "crossing.tracked.mp4" in printed.out
    assert printed.err == ""


def test_moving_things_are_tracked_without_any_model(crossing: Path) -> None:
    assert run(crossing, "--detector", "motion", "-o", "none", "--mot", "out.txt", "--quiet") == 0
    rows = np.loadtxt("out.txt", delimiter=",")
    true = scenes.read_truth(ROOT / "videos" / "crossing.txt")
    hits = 0
    for frame, (_, boxes) in true.items():
        found = rows[rows[:, 0] == frame][:, 2:6]
        centres = found[:, :2] + found[:, 2:] / 2
        hits += sum(((centres > box[:2]) & (centres < box[2:])).all(axis=1).any() for box in boxes)
    assert hits / sum(len(boxes) for _, boxes in true.values()) > 0.5
    assert len(np.unique(rows[:, 1])) <= 10


def test_annotated_frames_differ_from_the_source_only_where_something_is_drawn(crossing: Path) -> None:
    assert run(crossing, "--detections", DETECTIONS, "-o", "out.mp4", "--quiet") == 0
    with av.open("out.mp4") as drawn, av.open(str(crossing)) as plain:
        pairs = zip(drawn.decode(video=0), plain.decode(video=0), strict=True)
        pictures = [(a.to_ndarray(format="bgr24"), b.to_ndarray(format="bgr24")) for a, b in pairs]
    after, before = (picture.astype(int) for picture in pictures[60])
    changed = (np.abs(after - before) > 60).any(axis=2)
    assert 0.005 < changed.mean() < 0.3
    assert not changed[200:, 280:].any()


def test_quiet_prints_nothing(crossing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(crossing, "--detections", DETECTIONS, "-o", "none", "--quiet") == 0
    assert capsys.readouterr() == ("", "")


def test_a_part_keeps_the_numbers_and_times_of_the_source(crossing: Path) -> None:
    options: list[str | Path] = [
        "--detections",
        DETECTIONS,
        "--start",
        "2",
        "--end",
        "4",
        "--jsonl",
        "out.jsonl",
        "-o",
        "out.mp4",
    ]
    assert run(crossing, *options, "--quiet") == 0
    lines = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert [line["index"] for line in lines] == list(range(26, 51))
    assert lines[0]["time"] == pytest.approx(2.0)
    assert frame_times(Path("out.mp4"))[0] == 0


def test_max_frames_stops(crossing: Path) -> None:
    assert run(crossing, "-o", "none", "--max-frames", "7", "--stats", "out.json", "--quiet") == 0
    assert json.loads(Path("out.json").read_text())["frames"] == 7


def test_a_sequence_without_images_is_tracked_from_its_detections() -> None:
    folder = Path("MOT-99")
    folder.mkdir()
    (folder / "seqinfo.ini").write_text("[Sequence]\nframeRate=25\nseqLength=110\nimWidth=320\nimHeight=240\n")
    assert run(folder, "--detections", DETECTIONS, "--mot", "out.txt", "--stats", "out.json") == 0
    assert not list(Path().glob("*.mp4"))
    assert json.loads(Path("out.json").read_text())["detector_calls"] == 0
    assert len(Path("out.txt").read_text().splitlines()) > 300


def test_a_model_and_classes_by_name_and_id(crossing: Path, tmp_path: Path) -> None:
    model = two_objects(tmp_path)
    assert run(crossing, "--detector", model, "-o", "none", "--jsonl", "all.jsonl", "--quiet") == 0
    assert classes_in(Path("all.jsonl")) == {"cat", "dog"}
    assert run(crossing, "--detector", model, "-o", "none", "--jsonl", "one.jsonl", "--classes", "dog", "--quiet") == 0
    assert classes_in(Path("one.jsonl")) == {"dog"}
    assert run(crossing, "--detector", model, "-o", "none", "--jsonl", "id.jsonl", "--classes", "0", "--quiet") == 0
    assert classes_in(Path("id.jsonl")) == {"cat"}


def test_cuts_end_identities(make_video: MakeVideo) -> None:
    clip = make_video("clip.mp4", [index / 25 for index in range(40)])
    with av.open(str(clip)) as container:
        pictures = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    folder = Path("shots")
    folder.mkdir()
    import cv2

    for index, picture in enumerate(pictures):
        upside_down = picture[::-1] if index >= 20 else picture
        shade = np.linspace(0, 255, picture.shape[1], dtype=np.float32)[None, :, None]
        shade = 255 - shade if index >= 20 else shade
        cv2.imwrite(str(folder / f"{index}.png"), (0.5 * upside_down + 0.5 * shade).astype(np.uint8))
    still = "".join(f"{frame},-1,100,100,40,80,0.9,-1,-1,-1\n" for frame in range(1, 41))
    Path("still.txt").write_text(still)
    assert run(folder, "--detections", "still.txt", "-o", "none", "--mot", "out.txt", "--quiet") == 0
    ids = {int(row.split(",")[0]): int(row.split(",")[1]) for row in Path("out.txt").read_text().splitlines()}
    assert {ids[frame] for frame in range(1, 21)} == {1}
    assert {ids[frame] for frame in range(21, 41)} == {2}


BAD = {
    "missing source": (["nowhere.mp4"], "nowhere.mp4: no such file"),
    "folder without images": (["folder"], "no images"),
    "missing output folder": (["clip.mp4", "-o", "nowhere/out.mp4"], "the folder nowhere does not exist"),
    "output is the input": (["clip.mp4", "-o", "clip.mp4", "--overwrite"], "is an input of this run"),
    "output is the detections": (
        ["clip.mp4", "-o", "none", "--detections", "det.txt", "--mot", "det.txt", "--overwrite"],
        "is an input of this run",
    ),
    "output is there": (["clip.mp4", "-o", "there.mp4"], "exists already (add --overwrite"),
    "output is no mp4": (["clip.mp4", "-o", "out.avi"], "name it out.mp4"),
    "corrupt model": (["clip.mp4", "--detector", "junk.onnx"], "junk.onnx: is no ONNX model"),
    "missing model": (["clip.mp4", "--detector", "nowhere.onnx"], "nowhere.onnx: no such model file"),
    "unknown detector": (["clip.mp4", "--detector", "magic"], "no such detector"),
    "unknown tracker": (["clip.mp4", "--tracker", "magic"], "choose one of: keeptrack"),
    "unknown class": (
        ["clip.mp4", "--classes", "dragon"],
        "--classes dragon: the detector sliding does not know it (it knows: person",
    ),
    "another word": (["clip.mp4", "--classes", "pedestrians"], "(did you mean person? it knows: person, "),
    "corrupt appearance": (["clip.mp4", "--appearance", "junk.onnx"], "junk.onnx: is no ONNX model"),
    "not a number": (["clip.mp4", "--detections", "nan.txt"], "nan.txt:2: 'nan' is not a finite number"),
    "negative size": (["clip.mp4", "--detections", "negative.txt"], "negative.txt:1: the box has a negative size"),
    "out of order": (["clip.mp4", "--detections", "order.txt"], "order.txt:2: frame 1 is out of order"),
    "score": (["clip.mp4", "--detections", "score.txt"], "score.txt:1: score 7.5 is outside [0, 1]"),
    "ragged": (["clip.mp4", "--detections", "ragged.txt"], "ragged.txt:2: the row has 7 columns"),
    "too many frames": (
        ["clip.mp4", "--detections", "long.txt"],
        "long.txt: has detections for frame 99, but clip.mp4",
    ),
    "camera": (["77"], "camera 77: "),
    "full disk": (
        ["clip.mp4", "--detector", "motion", "-o", "none", "--mot", "/dev/full"],
        "/dev/full: cannot be written",
    ),
    "quality": (["clip.mp4", "--quality", "best"], "--quality best: is neither low, medium, high nor a number from 0"),
    "too much quality": (["clip.mp4", "--quality", "101"], "--quality 101: is neither"),
    "no number": (["clip.mp4", "--quality", "nan"], "--quality nan: is neither"),
    "no class": (["clip.mp4", "--classes", " , "], "--classes: names no class"),
    "device": (["clip.mp4", "--device", "banana"], "--device banana: no such device"),
    "names of no file": (["clip.mp4", "--names", "coco"], "--names: is about an .onnx model, and none is used"),
    "no tiles": (
        ["clip.mp4", "--tiles", "1"],
        "--tiles 1: is neither a number from 2 to 8 nor auto",
    ),
    "tiles of nothing": (
        ["clip.mp4", "--tiles", "2", "--detections", "crossing.txt"],
        "--tiles and --detections: no detector looks at pictures (leave one of them out)",
    ),
    "tiles of motion": (
        ["clip.mp4", "--tiles", "auto", "--detector", "motion"],
        "--tiles: --detector motion sees",
    ),
    "no frame": (["clip.mp4", "--detect-every", "0"], "--detect-every 0: is neither a number of frames nor auto"),
    "a memory": (
        ["clip.mp4", "--memory", "long"],
        "--memory long: is no length of time (write it as 90s, 10min or 1h)",
    ),
    "a memory of none": (
        ["clip.mp4", "--memory", "10min", "--tracker", "sort"],
        "--memory 10min: --tracker sort recognises nobody who has left",
    ),
    "fewer than none": (["clip.mp4", "--detect-every=-1"], "--detect-every -1: is neither"),
    "how often": (["clip.mp4", "--detect-every", "foo"], "--detect-every foo: is neither"),
    "no number of frames": (["clip.mp4", "--detect-every", "9" * 5000], "is neither a number of frames nor auto"),
    "motion in few frames": (
        ["clip.mp4", "--detector", "motion", "--detect-every", "auto"],
        "--detect-every auto: --detector motion has to see every frame",
    ),
    "rate": (["clip.mp4", "--fps", "inf"], "--fps inf: is not between"),
    "two detectors": (["clip.mp4", "--detections", "det.txt", "--detector", "motion"], "only one can be used"),
    "scores of nothing": (["clip.mp4", "--rescale-scores"], "give --detections FILE"),
    "long name": (["x" * 300], "cannot be read: "),
    "standard output, twice": (["clip.mp4", "--mot", "-", "--jsonl", "-"], "asked for twice, by --mot and --jsonl"),
    "device as source": (["/dev/null"], "/dev/null: is a device or a pipe"),
    "part without frames": (["clip.mp4", "-o", "none", "--start", "1000"], "has no frames in that part"),
    "threshold": (["clip.mp4", "--conf", "3"], "--conf 3: is not between 0 and 1"),
    "more digits than a float has": (["clip.mp4", "--max-frames", "9" * 400], f"--max-frames {'9' * 20}...: is not"),
    "sequence without detections": (["sequence"], "no images to detect in (give --detections FILE)"),
}


def test_a_folder_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def gone() -> str:
        raise FileNotFoundError

    monkeypatch.setattr("os.getcwd", gone)
    assert run("/clip.mp4") == run("annotate", "/clips", "-o", "/out") == 1
    assert capsys.readouterr().err == "error: the current folder: is not there any more (go to another one: cd)\n" * 2


@pytest.fixture
def bad_files(make_video: MakeVideo) -> None:
    make_video("clip.mp4")
    row = "-1,10,10,20,40,0.9,-1,-1,-1\n"
    files = {
        "there.mp4": "precious",
        "junk.onnx": "junk",
        "det.txt": f"1,{row}",
        "nan.txt": f"1,{row}2,-1,nan,10,20,40,0.9,-1,-1,-1\n",
        "negative.txt": "1,-1,10,10,-20,40,0.9,-1,-1,-1\n",
        "order.txt": f"2,{row}1,{row}",
        "score.txt": "1,-1,10,10,20,40,7.5,-1,-1,-1\n",
        "ragged.txt": f"1,{row}2,-1,10,10,20,40,0.9\n",
        "long.txt": f"1,{row}99,{row}",
        "sequence/seqinfo.ini": "[Sequence]\nframeRate=25\nseqLength=5\n",
    }
    for name, text in files.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text)
    Path("folder").mkdir()


@pytest.mark.parametrize("case", BAD)
@pytest.mark.usefixtures("bad_files")
def test_bad_input_is_one_clear_line_and_touches_nothing(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, message = BAD[case]
    if "/dev/full" in arguments and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    assert run(*arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert message in error
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("arguments", [["a.mp4", "--nonsense"], ["a.mp4", "--conf", "high"], ["a.mp4", "--end", "x"]])
def test_wrong_arguments_are_one_line_and_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1


SEVERAL = {
    "videos": (["a.mp4", "b.mp4"], "a.mp4, b.mp4: 2 sources", "keeptrack annotate a.mp4 b.mp4 -o annotations does"),
    "many": (["a.mp4", "b c.mp4", "d.mp4", "e.mp4"], "a.mp4, b c.mp4, ...: 4", "annotate a.mp4 'b c.mp4' d.mp4 ... -o"),
    "options between": (["a.mp4", "--quiet", "b.mp4"], "2 sources", "keeptrack annotate a.mp4 b.mp4 -o annotations"),
    "images": (["f/1.jpg", "f/2.JPG"], "f/1.jpg, f/2.JPG: 2 sources", "quote the pattern, as in 'frames/*.jpg'"),
    "cameras": (["rtsp://u:secret@a/live", "u:secret@b"], "rtsp://a/live, ...@b: 2 sources", "rtsp://a/live"),
    "none": (["--quiet"], "SOURCE is missing", "see keeptrack --help"),
}


@pytest.mark.parametrize("case", SEVERAL)
def test_several_sources_are_told_what_to_do(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, what, remedy = SEVERAL[case]
    assert run(*arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {what}") or f": {what}" in error
    assert remedy in error
    assert error.count("\n") == 1
    assert "secret" not in error


def test_a_truncated_video_is_finished_with_a_warning(
    make_video: MakeVideo, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = make_video("whole.mp4", [index / 25 for index in range(100)], options={"movflags": "faststart"})
    Path("cut.mp4").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert run("cut.mp4", "--jsonl", "cut.jsonl") == 0
    assert len(frame_times(Path("cut.tracked.mp4"))) == len(Path("cut.jsonl").read_text().splitlines()) > 10
    assert capsys.readouterr().err.startswith("warning: cut.mp4: only ")


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGKILL", -9)])
@pytest.mark.skipif(sys.platform == "win32", reason="signals are a Unix thing")
def test_an_interrupted_run_leaves_files_that_play_and_parse(make_video: MakeVideo, name: str, status: int) -> None:
    long = make_video("long.mp4", [index / 25 for index in range(500)])
    command = [sys.executable, "-m", "tracker", long, "-o", "out.mp4", "--mot", "out.txt", "--jsonl", "out.jsonl"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([*map(str, command), "--quiet"], env=environment, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not (Path("out.jsonl").exists() and Path("out.jsonl").read_bytes().count(b"\n") > 120):
            assert process.poll() is None, "the run ended before it could be interrupted"
            assert time.monotonic() < deadline
        process.send_signal(getattr(signal, name))
        assert process.wait(timeout=60) == status
        assert process.stderr is not None
        assert process.stderr.read() == b""
    written = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert [line["index"] for line in written] == list(range(1, len(written) + 1))
    assert all(len(row.split(",")) == 10 for row in Path("out.txt").read_text().splitlines())
    playable = frame_times(Path("out.mp4"))
    if name == "SIGKILL":
        assert len(written) - 60 <= len(playable)
    else:
        assert len(written) - len(playable) in (0, 1)  # the signal may come between two files
        assert not list(Path().glob(".*part"))


@pytest.mark.skipif(sys.platform == "win32", reason="signals are a Unix thing")
def test_a_second_interruption_does_not_wait_for_files_to_be_closed() -> None:
    closing_for_ever = (
        "import sys\nfrom tracker.commands.interruption import Interrupted, Interruption\n"
        "interruption = Interruption()\n"
        "def say(text):\n    print(text, flush=True)\n    sys.stdin.read()\n"
        "try:\n    say('running')\nexcept Interrupted:\n    say('closing')\n"
    )
    command = [sys.executable, "-c", closing_for_ever]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for word in ("running", "closing"):
            assert process.stdout.readline().strip() == word
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130


def test_help_and_version_load_nothing_heavy() -> None:
    code = (
        "import sys\nfrom tracker.commands.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'cv2', 'av', 'onnxruntime', 'numpy', 'scipy', 'torch', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--detector" in done.stdout


def test_a_missing_libgl_is_explained_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')\n")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-m", "tracker", "a.mp4"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "pip install opencv-python-headless" in done.stderr
    assert "--force-reinstall rich" in explain_import_error(ImportError("no rich", name="rich"))


def test_times_are_seconds_or_clock_times() -> None:
    assert [seconds(text) for text in ("90", "1:30", "0:01:30.5")] == [90, 90, 90.5]
    for text in ("", "1:2:3:4", "-3", "nan", "soon"):
        with pytest.raises(ValueError, match=r".*"):
            seconds(text)


def two_objects(folder: Path) -> Path:
    """A model that finds the same two objects, of two classes, in every picture."""
    boxes = np.array([[10.0, 10, 30, 50], [40, 12, 60, 52]])
    cells = onnx_models.cell_count(64, 64)
    table = onnx_models.v8_table(boxes, np.array([0.9, 0.8]), [0, 1], 2, cells)[None]
    metadata = {"names": {0: "cat", 1: "dog"}, "task": "detect"}
    return onnx_models.constant_model(folder / "model.onnx", table, (1, 3, 64, 64), metadata)


def test_names_do_not_command_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "a\033[2J\033]0;title\007.mp4") == 1
    error = capsys.readouterr().err
    assert "a\\x1b[2J\\x1b]0;title\\x07.mp4: " in error
    assert error.removesuffix("\n").isprintable()


@pytest.mark.parametrize("error", [RecursionError("too deep"), MemoryError(), OverflowError("a\x1b[2Jb\n" + "x" * 999)])
def test_an_error_that_nobody_has_foreseen_is_one_line(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("tracker.commands.evaluate.is_mots", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert run("eval", tmp_path, tmp_path / "a.txt") == 1
    told = capsys.readouterr().err
    assert told.startswith(f"error: keeptrack: an error that it does not know, {type(error).__name__}")
    assert told.count("\n") == 1
    assert told.rstrip().isprintable()
    (written,) = tmp_path.glob("keeptrack-*.txt")
    assert str(written) in told
    assert "in fail" in written.read_text()
    with pytest.raises(type(error)):
        run("eval", tmp_path, tmp_path / "a.txt", "--debug")


@pytest.mark.parametrize("option", ["--detections", "--camera-motion", "--regions"])
def test_a_name_that_is_too_long_is_told(option: str, crossing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(crossing, option, "a" * 5000, "-o", "none", "--appearance", "none", "--max-frames", "1") == 1
    told = capsys.readouterr().err
    assert "File name too long" in told
    assert "does not know" not in told


def test_a_second_run_takes_another_name_unless_one_was_asked_for(crossing: Path) -> None:
    for name in ("crossing.tracked.mp4", "crossing.tracked-2.mp4", "crossing.tracked-3.mp4"):
        assert not Path(name).exists()
        assert run(crossing, "--detections", DETECTIONS, "--appearance", "none", "--quiet", "--max-frames", "3") == 0
        assert Path(name).is_file()
    assert run(crossing, "--detections", DETECTIONS, "-o", "crossing.tracked.mp4", "--quiet") == 1
