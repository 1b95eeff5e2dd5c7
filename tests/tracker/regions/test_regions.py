"""What regions people give, on the command line and in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors import InputError, limits
from tracker.regions.load import load_regions
from tracker.regions.regions import Regions, touches_picture

SIZE = (300, 200)


def load(size: tuple[int, int] = SIZE, **options: Any) -> Regions:
    return load_regions(size, **options)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a word": ({"line": "door:1,2,three,4"}, "--line door:1,2,three,4: 'three' is not a number"),
    "nothing": ({"roi": ""}, "--roi : '' is not a number"),
    "odd": ({"zone": "hall:1,2,3,4,5,6,7"}, "--zone hall:1,2,3,4,5,6,7: has 7 numbers: an x without its y"),
    "two points": ({"roi": "0,0,10,10"}, "--roi 0,0,10,10: has 2 points, and a polygon has three or more"),
    "three for a line": ({"line": "door:0,0,1,1,2,2"}, "a line has two points, not 3"),
    "no length": ({"line": "door:5,5,5,5"}, "--line door:5,5,5,5: both points are the same"),
    "no area": ({"zone": "hall:0,0,10,10,20,20"}, "--zone hall:0,0,10,10,20,20: encloses nothing"),
    "one point thrice": ({"mask": "5,5,5,5,5,5"}, "--mask 5,5,5,5,5,5: encloses nothing"),
    "bow tie": ({"mask": "0,0,10,0,0,10,10,10"}, "--mask 0,0,10,0,0,10,10,10: crosses itself"),
    "nan": ({"roi": "0,0,nan,0,0,10"}, "nan is no place in a picture"),
    "far": ({"roi": "0,0,1e300,0,0,10"}, "1e+300 is no place in a picture"),
    "no name": ({"line": "0,0,10,10"}, "--line 0,0,10,10: has no name"),
    "blank name": ({"zone": " :0,0,10,0,0,10"}, "has no name (give at least three points: name:x1"),
    "twice": ({"line": ["a:0,0,10,10", "a:0,0,20,20"]}, "--line a: the name is given twice"),
    "anchor": ({"anchor": "head"}, "--anchor head: no such point of a box (choose one of: foot, centre)"),
    "many": ({"roi": ",".join(["1,2"] * 1001)}, "has 1001 points (give at most 1000)"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_regions_are_named(case: str) -> None:
    options, message = BAD[case]
    with pytest.raises(InputError) as caught:
        load(**options)
    assert message in str(caught.value)


BAD_FILES = {
    "broken": ("{", "regions.json: is no JSON that can be used: "),
    "no object": ("[]", "regions.json: is no JSON object"),
    "deep": ("[" * 100000, "regions.json: is no JSON that can be used: "),
    "unknown": (
        '{"line": {}}',
        "regions.json: 'line': is not known (known are: roi, mask, lines, zones, anchor, calibration)",
    ),
    "twice": ('{"lines": {"a": 1, "a": 2}}', "'a' is given twice"),
    "no list": ('{"roi": {"a": 1}}', "regions.json: roi: is no list of polygons"),
    "one polygon": ('{"roi": [[0, 0], [9, 0], [9, 9]]}', "regions.json: roi 1: 0 is no point"),
    "no names": ('{"lines": [[[0, 0], [9, 0]]]}', "regions.json: lines: has no names"),
    "blank": ('{"zones": {" ": []}}', "regions.json: zones: one has no name"),
    "text": ('{"lines": {"a": [["0", 0], [1, 1]]}}', "regions.json: lines 'a': [\"0\", 0] is no point"),
    "null": ('{"lines": {"a": null}}', "regions.json: lines 'a': null is no point"),
    "true": ('{"mask": [[[true, 0], [1, 1], [0, 5]]]}', "regions.json: mask 1: [true, 0] is no point"),
    "huge": ('{"lines": {"a": [[1' + "0" * 400 + ", 0], [1, 1]]}}", "a number is too large"),
    "bow tie": ('{"zones": {"z": [[0, 0], [9, 0], [0, 9], [9, 9]]}}', "regions.json: zones 'z': crosses itself"),
    "anchor": ('{"anchor": ["foot"]}', "regions.json: anchor ['foot']: no such point of a box"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_are_named(case: str, tmp_path: Path) -> None:
    text, message = BAD_FILES[case]
    (tmp_path / "regions.json").write_text(text)
    with pytest.raises(InputError) as caught:
        load(path=tmp_path / "regions.json")
    assert message in str(caught.value)


def test_a_file_and_options_are_taken_together(tmp_path: Path) -> None:
    path = tmp_path / "regions.json"
    triangle = [[0, 0], [10, 0], [0, 10.5]]
    content = {"roi": [triangle], "lines": {"Tür": [[1, 2], [3, 4]]}, "zones": {"hall": triangle}, "anchor": "centre"}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8-sig")
    both = load(path=path, roi="0,0,5,0,0,5", line="a:b:5,6,7,8", zone=["x:0,0,5,0,0,5"])
    assert [polygon.tolist() for polygon in both.roi] == [triangle, [[0, 0], [5, 0], [0, 5]]]
    assert {name: line.tolist() for name, line in both.lines.items()} == {
        "Tür": [[1, 2], [3, 4]],
        "a:b": [[5, 6], [7, 8]],
    }
    assert (list(both.zones), both.anchor, bool(both)) == (["hall", "x"], "centre", True)
    assert load(path=path, anchor="foot").anchor == "foot"
    with pytest.raises(InputError, match="--zone hall: the name is given twice"):
        load(path=path, zone="hall:0,0,5,0,0,5")
    with pytest.raises(InputError, match="cannot be read"):
        load(path=tmp_path)


def test_more_regions_than_a_run_can_look_at_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "regions.json"
    path.write_text(json.dumps({"lines": {f"line {at}": [[0, 0], [9, 9]] for at in range(limits.PLACES)}}))
    assert len(load_regions((64, 48), path)) == limits.PLACES
    with pytest.raises(InputError, match=r"regions\.json: 1001 lines, zones and polygons \(give at most 1000\)"):
        load_regions((64, 48), path, mask=["0,0,9,0,9,9"])


def test_what_lies_outside_the_picture_is_a_warning() -> None:
    shown = load(
        roi=["0,0,300,0,300,200,0,200", "-500,-500,900,-500,900,900,-500,900"],
        line=["in:5,5,300,200", "over:5,5,400,5", "out:301,0,301,90", "past:-60,150,150,360", "across:-10,50,310,50"],
    )
    assert list(shown.warnings()) == [
        "--roi -500,-500,900,-500,900,900,-500,900: reaches outside the picture (300x200)",
        "--line over: reaches outside the picture (300x200)",
        "--line out: lies wholly outside the picture (300x200)",
        "--line past: lies wholly outside the picture (300x200)",
        "--line across: reaches outside the picture (300x200)",
    ]
    assert list(load((0, 0), line="out:301,0,301,90").warnings()) == []
    assert not touches_picture(np.array([[400.0, 0], [500, 0], [450, 90]]), SIZE)


def test_boxes_are_looked_at_by_their_anchor() -> None:
    boxes = np.array([[10.0, 10, 30, 60], [100, 100, 140, 260], [200, 150, 240, 180]])
    assert load().box_filter is None
    assert load().anchors(boxes).tolist() == [[20, 60], [120, 199], [220, 180]]  # a point of the picture
    assert load(size=(0, 0)).anchors(boxes).tolist() == [[20, 60], [120, 260], [220, 180]]
    assert load(anchor="centre").anchors(boxes).tolist() == [[20, 35], [120, 180], [220, 165]]
    cases: list[tuple[dict[str, Any], list[bool]]] = [
        ({"roi": "0,50,150,50,150,200,0,200"}, [True, True, False]),
        ({"roi": ["0,50,50,50,50,80,0,80", "210,170,230,170,230,190,210,190"]}, [True, False, True]),
        ({"mask": "0,50,150,50,150,200,0,200"}, [False, False, True]),
        ({"roi": "0,0,150,0,150,199,0,199", "mask": "0,50,50,50,50,80,0,80"}, [False, True, False]),
    ]
    for options, wanted in cases:
        keeps = load(**options).box_filter
        assert keeps is not None
        assert keeps(boxes).tolist() == wanted
        assert keeps(boxes[:0]).tolist() == []
