from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from detectors.base import Detections, Floats, Frame
from detectors.boxes import xyxy_to_tlwh
from detectors.errors import InputError
from detectors.replay import ReplayDetector
from tests.scenes import CROSSING, detection_lines, truth

GOOD = "1,-1,10,20,30,40,0.9"


def written(path: Path, *lines: str) -> Path:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def at(detector: ReplayDetector, index: int) -> Detections:
    return detector(Frame(np.empty((0, 0, 3), np.uint8), index, 0.0))


def refusal(path: Path) -> str:
    """What the user reads; always one line."""
    with pytest.raises(InputError) as caught:
        ReplayDetector(path)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def test_rows_come_out_as_xyxy_boxes_of_their_frame(tmp_path: Path) -> None:
    path = written(tmp_path / "det.txt", GOOD, "2,-1,0,0,5,5,0.5", "2,-1,-3.5,1,7,2.25,1")

    detector = ReplayDetector(path)

    np.testing.assert_array_equal(at(detector, 1).boxes, [[10, 20, 40, 60]])
    np.testing.assert_array_equal(at(detector, 2).boxes, [[0, 0, 5, 5], [-3.5, 1, 3.5, 3.25]])
    np.testing.assert_array_equal(at(detector, 2).scores, [0.5, 1])
    assert (detector.last_frame, detector.name, detector.suppressed) == (2, "det.txt", True)


def test_a_frame_without_rows_is_empty(tmp_path: Path) -> None:
    detector = ReplayDetector(written(tmp_path / "det.txt", GOOD, "4,-1,0,0,5,5,0.5"))

    assert [len(at(detector, index)) for index in range(7)] == [0, 1, 0, 0, 1, 0, 0]


def test_frames_may_be_asked_for_in_any_order_and_again(tmp_path: Path) -> None:
    detector = ReplayDetector(written(tmp_path / "det.txt", GOOD, "2,-1,0,0,5,5,0.5", "3,-1,1,1,5,5,0.5"))

    assert [at(detector, index).boxes[0, 0] for index in (3, 1, 2, 3)] == [1, 10, 0, 1]


@pytest.mark.parametrize("text", ["", "\n\n", "   \n"])
def test_a_file_without_rows_has_no_detections(tmp_path: Path, text: str) -> None:
    path = tmp_path / "det.txt"
    path.write_text(text)

    for rescale in (False, True):
        detector = ReplayDetector(path, rescale=rescale, conf=0.5)
        assert (len(at(detector, 1)), detector.last_frame) == (0, 0)


def test_blank_lines_spaces_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "det.txt"
    path.write_bytes(b"\r\n1, -1, 10, 20, 30, 40, 0.9\r\n\r\n2,-1,1,2,3,4,.5")

    detector = ReplayDetector(path)

    np.testing.assert_array_equal(at(detector, 1).boxes, [[10, 20, 40, 60]])
    np.testing.assert_array_equal(at(detector, 2).boxes, [[1, 2, 4, 6]])


def test_columns_after_the_seventh_do_not_matter(tmp_path: Path) -> None:
    path = written(tmp_path / "det.txt", GOOD + ",-1,-1,-1", "2,-1,1,2,3,4,0.5,a,,nan")

    assert len(at(ReplayDetector(path), 2)) == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2,-1,nan,20,30,40,0.9", "'nan' is not a finite number"),
        ("2,-1,10,20,30,40,NaN", "'NaN' is not a finite number"),
        ("2,-1,10,inf,30,40,0.9", "'inf' is not a finite number"),
        ("2,-1,10,20,30,-inf,0.9", "'-inf' is not a finite number"),
        ("2,-1,10,20,1e999,40,0.9", "'1e999' is not a finite number"),
        ("inf,-1,10,20,30,40,0.9", "'inf' is not a finite number"),
        ("2,-1,10,twenty,30,40,0.9", "'twenty' is not a finite number"),
        ("2,-1,10,,30,40,0.9", "'' is not a finite number"),
        ("frame,id,x,y,w,h,score", "'frame' is not a finite number"),
        ("frame;id;x;y;w;h;score", "1 columns, expected 7"),
        ("2,-1,10,20,-30,40,0.9", "negative size"),
        ("2,-1,10,20,30,-0.5,0.9", "negative size"),
        ("0,-1,10,20,30,40,0.9", "frame 0 is not a number from 1 on"),
        ("-3,-1,10,20,30,40,0.9", "frame -3 is not a number from 1 on"),
        ("2.5,-1,10,20,30,40,0.9", "frame 2.5 is not a whole number"),
        ("1,-1,10,20,30,40,0.9", "frame 1 is out of order"),
        ("1e30,-1,10,20,30,40,0.9", "frame"),
        ("2,-1,1e308,20,1.7e308,40,0.9", "finite"),
        ("2,-1,10,20,30,40,1.01", "score 1.01 is outside [0, 1]"),
        ("2,-1,10,20,30,40,-0.1", "score -0.1 is outside [0, 1]"),
        ("2,-1,10,20,30,40,0.9,-1", "8 columns, expected 7, like the first row"),
        ("2,-1,10,20,30,40", "6 columns, expected 7, like the first row"),
        ("2 -1 10 20 30 40 0.9", "1 columns, expected 7, like the first row"),
        ("<html>", "1 columns, expected 7, like the first row"),
    ],
)
def test_a_bad_row_is_named_with_file_and_line(tmp_path: Path, row: str, reason: str) -> None:
    # Line 1 is blank and line 4 is the bad one, so that a count of rows cannot pass for a count of lines.
    path = written(tmp_path / "det.txt", "", "2,-1,10,20,30,40,0.9", GOOD.replace("1,", "2,", 1), row)

    message = refusal(path)

    assert message.startswith(f"{path}:4: ")
    assert reason in message


def test_the_first_of_several_bad_rows_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "det.txt", GOOD, "2,-1,0,0,-1,5,0.5", "3,-1,0,0,-1,5,0.5")

    assert refusal(path).startswith(f"{path}:2: ")


def test_too_few_columns_from_the_first_row_on(tmp_path: Path) -> None:
    path = written(tmp_path / "det.txt", "1,-1,10,20,30,40", "2,-1,10,20,30,40")

    message = refusal(path)

    assert message.startswith(f"{path}:1: ")
    assert "at least 7" in message


def test_scores_out_of_range_come_with_the_remedy(tmp_path: Path) -> None:
    assert "--rescale-scores" in refusal(written(tmp_path / "det.txt", "1,-1,10,20,30,40,37.3"))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path / "no.txt")

    assert message.startswith(f"{tmp_path / 'no.txt'}: no such file")


@pytest.mark.parametrize("content", [bytes(range(256)), b"\x89PNG\r\n\x1a\n" + b"\xff" * 64])
def test_a_binary_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "det.txt"
    path.write_bytes(content)

    message = refusal(path)

    assert message.startswith(f"{path}: ")
    assert "it is not text" in message


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).startswith(f"{tmp_path}: cannot be read")


def test_rescaling_maps_the_range_of_the_scores_to_0_to_1(tmp_path: Path) -> None:
    path = written(tmp_path / "det.txt", *(f"{n},-1,0,0,5,5,{score}" for n, score in enumerate([-2, 6, 0, 2], start=1)))

    detector = ReplayDetector(path, rescale=True)

    np.testing.assert_allclose([at(detector, n).scores[0] for n in (1, 2, 3, 4)], [0, 1, 0.25, 0.5])


def test_rescaling_equal_scores_makes_them_certain(tmp_path: Path) -> None:
    detector = ReplayDetector(written(tmp_path / "det.txt", "1,-1,0,0,5,5,9", "2,-1,0,0,5,5,9"), rescale=True)

    np.testing.assert_array_equal([at(detector, 1).scores, at(detector, 2).scores], [[1], [1]])


def test_conf_leaves_out_what_scores_below_it(tmp_path: Path) -> None:
    path = written(tmp_path / "det.txt", *(f"{n},-1,{n},0,5,5,{score}" for n, score in [(1, 0.2), (1, 0.5), (2, 0.4)]))

    detector = ReplayDetector(path, conf=0.5)

    np.testing.assert_array_equal(at(detector, 1).scores, [0.5])
    assert len(at(detector, 2)) == 0
    assert detector.last_frame == 2  # the file reaches that far, whatever is kept of it


def test_conf_counts_after_rescaling(tmp_path: Path) -> None:
    path = written(tmp_path / "det.txt", *(f"1,-1,0,0,5,5,{score}" for score in (10, 20, 30)))

    np.testing.assert_array_equal(at(ReplayDetector(path, rescale=True, conf=0.5), 1).scores, [2 / 3, 1])


def test_a_scene_comes_back_frame_by_frame(tmp_path: Path) -> None:
    detector = ReplayDetector(written(tmp_path / "det.txt", *detection_lines(CROSSING, 40)))

    for frame in range(1, 41):
        np.testing.assert_allclose(at(detector, frame).boxes, truth(CROSSING, frame)[1], atol=0.011)


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 30))
@settings(deadline=None, max_examples=25)
def test_what_is_written_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    frames = np.sort(rng.integers(1, 12, count))
    tlwh: Floats = rng.uniform(0, 500, (count, 4))
    scores = rng.random(count)
    lines = (
        ",".join(map(repr, [int(n), -1, *box, score]))
        for n, box, score in zip(frames, tlwh.tolist(), scores.tolist(), strict=True)
    )

    detector = ReplayDetector(written(tmp_path_factory.mktemp("replay") / "det.txt", *lines))

    for n in range(1, 13):
        np.testing.assert_allclose(xyxy_to_tlwh(at(detector, n).boxes), tlwh[frames == n], atol=1e-9)
        np.testing.assert_array_equal(at(detector, n).scores, scores[frames == n])


fields = st.sampled_from(["1"] * 6 + ["2", "3", " 4 ", "0", "-1", "1.5", "0.5", "nan", "inf", "", "x"])


@given(rows=st.lists(st.lists(fields, min_size=6, max_size=8) | st.lists(fields, min_size=7, max_size=7), max_size=4))
@settings(deadline=None, max_examples=150)
def test_any_text_is_either_read_or_refused(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    path = written(tmp_path_factory.mktemp("replay") / "det.txt", *(",".join(row) for row in rows))

    try:
        detector = ReplayDetector(path)
    except InputError:
        event("refused")
        assert refusal(path).startswith(f"{path}:")
    else:
        event("read")
        assert sum(len(at(detector, n)) for n in range(1, 5)) == len(rows)


def test_scores_at_the_ends_of_the_range_are_rescaled(tmp_path: Path) -> None:
    path = written(tmp_path / "det.txt", "1,-1,0,0,5,5,-1e308", "1,-1,9,0,5,5,0", "1,-1,19,0,5,5,1e308")
    detector = ReplayDetector(path, rescale=True)
    assert detector(Frame(np.zeros((1, 1, 3), np.uint8), 1, 0.0)).scores.tolist() == [0, 0.5, 1]


def test_percentages_are_read_as_such_asked_or_not(tmp_path: Path) -> None:
    path = written(tmp_path / "det.txt", "1,-1,0,0,5,5,95", "1,-1,20,0,5,5,60")
    for rescale in (False, True):
        detector = ReplayDetector(path, rescale)
        assert (at(detector, 1).scores.tolist(), detector.percentages) == ([0.95, 0.6], True)
    assert not ReplayDetector(written(path, GOOD)).percentages


def test_what_only_rounding_puts_above_1_is_1(tmp_path: Path) -> None:
    path = written(tmp_path / "det.txt", "1,-1,0,0,5,5,1.0000001192092896", "1,-1,20,0,5,5,-1e-9")
    assert at(ReplayDetector(path), 1).scores.tolist() == [1, 0]


def test_columns_separated_by_spaces_under_their_names(tmp_path: Path) -> None:
    path = written(tmp_path / "det.txt", "frame id x y w h score", GOOD.replace(",", " "), "2\t-1\t1\t2\t3\t4\t.5\t")
    assert at(ReplayDetector(path), 2).boxes.tolist() == [[1, 2, 4, 6]]


def test_boxes_of_a_larger_picture_lie_beyond_a_smaller_one(tmp_path: Path) -> None:
    rows = ("1,-1,10,20,30,40,0.9", "2,-1,600,20,30,40,0.9", "3,-1,10,420,30,40,0.9", "4,-1,-40,20,30,40,0.9")
    detector = ReplayDetector(written(tmp_path / "det.txt", *rows))
    assert detector.beyond(640, 480) == 0.25  # the one that has left
    assert detector.beyond(320, 240) == 0.75
    assert ReplayDetector(written(tmp_path / "none.txt", "")).beyond(320, 240) == 0
