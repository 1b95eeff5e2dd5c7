"""A teacher's labels: what is read, what the human ones keep, and what a score comes to mean."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")

from detectors import InputError
from detectors.base import Detections
from tests.training.pictures import NAMES, label
from training.data.dataset import Dataset
from training.data.pseudo_labels import read_labels, with_teacher

BOX = [10.0, 10.0, 40.0, 60.0]


def told(boxes: list[list[float]], scores: list[float], class_ids: list[int]) -> Detections:
    return Detections(np.array(boxes, dtype=np.float64).reshape(-1, 4), np.array(scores), np.array(class_ids))


def test_the_teacher_speaks_where_nobody_looked_and_there_alone() -> None:
    image = label([BOX], [0], labelled=(True, False), path=Path("a.png"))
    found = told([[50, 5, 90, 50], BOX, [0, 0, 20, 20], [60, 60, 90, 90]], [0.9, 0.8, 0.3, 0.05], [0, 1, 1, 1])
    taught = with_teacher(Dataset(NAMES, (image,)), {"a.png": found}).images[0]
    assert taught.class_ids.tolist() == [0, 1, 1]  # its "blue" is not heard, its weakest is background
    assert taught.difficult.tolist() == [False, False, True]
    assert taught.scores.tolist() == pytest.approx([1, 0.8, 0.3])
    assert taught.labelled.all()
    assert taught.boxes.tolist() == [BOX, BOX, [0, 0, 20, 20]]


def test_boxes_are_cut_to_the_picture_and_unseen_pictures_stay() -> None:
    seen, unseen = (label([], labelled=(False, False), path=Path(name)) for name in ("a.png", "b.png"))
    found = told([[-10, 50, 30, 200], [200, 200, 300, 300]], [0.9, 0.9], [0, 0])
    taught = with_teacher(Dataset(NAMES, (seen, unseen)), {"a.png": found})
    assert taught.images[0].boxes.tolist() == [[0, 50, 30, 96]]
    assert taught.images[1] is unseen
    with pytest.raises(InputError, match="has labels for none of the pictures"):
        with_teacher(Dataset(NAMES, (unseen,)), {"a.png": found})


def test_scores_come_to_mean_what_the_human_labels_say() -> None:
    """A teacher that is right far more often than its scores say is believed more."""
    rng = np.random.default_rng(0)
    images, labels = [], {}
    for number in range(120):
        name = f"{number}.png"
        right = rng.random() < 0.9
        images.append(label([BOX] if right else [], labelled=(True, False), path=Path(name)))
        shift = [0.3, 0.45][int(right)] + 0.1 * rng.random()
        labels[name] = told([BOX, BOX], [shift, 0.45], [0, 1])
    before = told([], [], [])
    images += [label([], labelled=(True, False), path=Path(f"no{n}.png")) for n in range(60)]
    labels |= {f"no{n}.png": told([BOX], [0.2 + 0.1 * rng.random()], [0]) for n in range(60)}
    taught = with_teacher(Dataset(NAMES, tuple(images)), labels)
    chances = {float(score) for image in taught.images for score in image.scores[image.class_ids == 1]}
    assert len(chances) == 1
    assert chances.pop() > 0.7
    assert not len(before)


def test_json_lines_and_coco_say_the_same(tmp_path: Path) -> None:
    lines = [
        {"file": "images/a.png", "boxes": [BOX, BOX, BOX], "scores": [0.5, 0.25, 0.1], "classes": [1, "blue", "bird"]},
        {"file": "b.png", "w": 9, "h": 9, "boxes": [], "scores": [], "classes": []},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    bbox = [10, 10, 30, 50]
    document = {
        "categories": [{"id": 3, "name": "red"}, {"id": 5, "name": "blue"}, {"id": 9, "name": "bird"}],
        "images": [{"id": 1, "file_name": "images/a.png"}, {"id": 2, "file_name": "b.png"}],
        "annotations": [
            {"image_id": 1, "category_id": category, "bbox": bbox, "score": score}
            for category, score in ((3, 0.5), (5, 0.25), (9, 0.1))
        ],
    }
    (tmp_path / "a.json").write_text(json.dumps(document))
    for name in ("a.jsonl", "a.json"):
        labels = read_labels([tmp_path / name], NAMES)
        assert set(labels) == {"a.png", "b.png"}
        assert labels["a.png"].class_ids.tolist() == [1, 0]
        assert labels["a.png"].scores.tolist() == [0.5, 0.25]
        assert labels["a.png"].boxes.tolist() == [BOX, BOX]
        assert len(labels["b.png"]) == 0


def test_a_later_file_counts_and_a_box_without_a_score_is_certain(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"file": "a.png", "boxes": [BOX], "scores": [0.5], "classes": [0]}))
    document = {
        "categories": [{"id": 1, "name": "red"}],
        "images": [{"id": 1, "file_name": "a.png"}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [10, 10, 30, 50]}],
    }
    (tmp_path / "b.json").write_text(json.dumps(document))
    found = read_labels([tmp_path / "a.jsonl", tmp_path / "b.json"], NAMES)["a.png"]
    assert (found.scores.tolist(), found.class_ids.tolist()) == ([1.0], [1])


def line(*classes: object) -> str:
    count = len(classes)
    return json.dumps({"file": "a.png", "boxes": [BOX] * count, "scores": [0.5] * count, "classes": classes}) + "\n"


def test_capital_letters_of_classes_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(line("Red", "BLUE", "bird"))
    assert read_labels([tmp_path / "a.jsonl"], NAMES)["a.png"].class_ids.tolist() == [1, 0]
    assert read_labels([tmp_path / "a.jsonl"], ("red", "Red"))["a.png"].class_ids.tolist() == [1], "the same, if any"
    assert read_labels([tmp_path / "a.jsonl"], ("bIRD", "bird"))["a.png"].class_ids.tolist() == [1]
    assert read_labels([tmp_path / "a.jsonl"], ("Blue",))["a.png"].class_ids.tolist() == [0]


def test_a_teacher_of_other_classes_is_refused_and_one_that_saw_nothing_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(line("bird", 7) + line("cat", "dog", "bird"))
    with pytest.raises(InputError, match=r"a\.jsonl: knows no class .*, but bird, 7, cat \(.*: blue, red\)"):
        read_labels([tmp_path / "a.jsonl"], NAMES)
    (tmp_path / "b.jsonl").write_text(line())
    assert len(read_labels([tmp_path / "b.jsonl"], NAMES)["a.png"]) == 0
    document = {
        "categories": [{"id": 1, "name": "bird"}, {"id": 2, "name": "Red"}],
        "images": [{"id": 1, "file_name": "a.png"}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [10, 10, 30, 50]}],
    }
    (tmp_path / "a.json").write_text(json.dumps(document))
    assert len(read_labels([tmp_path / "a.json"], NAMES)["a.png"]) == 0
    document["categories"] = [{"id": 1, "name": "bird"}]
    (tmp_path / "a.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"a\.json: knows no class of the pictures, but bird"):
        read_labels([tmp_path / "a.json"], NAMES)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.jsonl", "{", r"a\.jsonl:1: is no picture's labels"),
        ("a.jsonl", '{"boxes": []}', r"a\.jsonl:1: is no picture's labels"),
        (
            "a.jsonl",
            '\n{"file": "a.png", "boxes": [[0, 0, 1, 1]], "scores": [], "classes": [0]}',
            r":2: cannot be used",
        ),
        ("a.jsonl", '{"file": "a.png", "boxes": [[0, 0, 1, 1]], "scores": [2], "classes": [0]}', "cannot be used"),
        ("a.jsonl", '{"file": "a.png", "boxes": [[0, 0, 1, 1]], "scores": [1], "classes": [[]]}', "cannot be used"),
        ("a.jsonl", "[" * 100_000, r"a\.jsonl:1: is no picture's labels: RecursionError"),
        ("a.json", "[" * 100_000, "is no COCO file: RecursionError"),
        ("a.json", "[]", "is no COCO file"),
        ("a.json", '{"images": [], "annotations": []}', "is no COCO file"),
        ("a.json", None, "cannot be read"),
    ],
)
def test_what_is_no_label_is_named(name: str, text: str | None, why: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=why):
        read_labels([tmp_path / name], NAMES)
