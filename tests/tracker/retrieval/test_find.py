"""Who looks like that: vectors of tracks, galleries, ranks, and the command from videos to a page."""

from __future__ import annotations

import json
import re
import zipfile
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from detectors import Frame, InputError
from detectors.base import Floats
from tests.conftest import ROOT
from tests.tracker.commands.test_cli import run
from tests.tracker.retrieval.embedders import MeanColour, OtherColour
from tests.tracker.review.batches import record, video, walk
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.appearance.track_vectors import (
    VECTORS_FILE,
    TrackVectors,
    probe_of,
    read_vectors,
    write_vectors,
)
from tracker.retrieval.gallery import load_gallery
from tracker.retrieval.query import of_track
from tracker.retrieval.ranking import not_the_same, rank, similarities
from tracker.review.track_views import VIEWS, ViewEmbeddings, spread_views

DETECTIONS = ROOT / "tests" / "golden" / "crossing.det.txt"
COLOURS = "tests.tracker.retrieval.embedders:MeanColour"
RED, GREEN, BLUE = np.eye(3)


def unit(*numbers: float) -> Floats:
    return np.asarray(np.array(numbers) / np.linalg.norm(numbers))


def annotated(
    folder: Path, looks: dict[int, list[Floats]], spans: dict[int, tuple[int, int]], model: str = "m"
) -> Path:
    """A folder of results as annotate leaves it. looks: vectors of each track. spans: first and last frames."""
    record(folder, video(folder.name, [walk(track_id, [spans[track_id]]) for track_id in looks]))
    ids = [track_id for track_id, found in looks.items() for _ in found]
    vectors = np.array([vector for found in looks.values() for vector in found]).astype(np.float16)
    write_vectors(folder / VECTORS_FILE, TrackVectors(model, RED, np.array(ids), np.arange(len(ids)) + 1, vectors))
    return folder


@pytest.fixture
def two_videos(tmp_path: Path) -> Path:
    early, late = (1, 40), (50, 90)
    annotated(
        tmp_path / "gate", {1: [RED, unit(1, 0.2, 0)], 2: [GREEN], 3: [unit(1, 0.1, 0)]}, {1: early, 2: early, 3: late}
    )
    annotated(tmp_path / "hall", {1: [BLUE], 7: [unit(1, 0.15, 0)]}, {1: early, 7: early})
    return tmp_path


def test_the_most_alike_come_first_and_nobody_is_found_beside_itself(two_videos: Path) -> None:
    gallery = load_gallery([two_videos])
    query = of_track("gate:1", gallery)
    matches = rank(gallery, query.vectors, query.left_out, threshold=0.9)
    assert [(match.track.video, match.track.track_id) for match in matches] == [("hall", 7), ("gate", 3), ("hall", 1)]
    assert [match.same for match in matches] == [True, True, False]
    assert matches[0].similarity == pytest.approx(unit(1, 0.2, 0) @ unit(1, 0.15, 0), abs=1e-3)
    assert (matches[0].track.first, matches[0].track.last) == (0.0, 3.9)
    assert all(match.same is None for match in rank(gallery, query.vectors))
    with pytest.raises(InputError, match=r"gate:9: has no track 9 with a look \(there are 1, 2, 3\)"):
        of_track("gate:9", gallery)
    with pytest.raises(InputError, match=r"no:1: is no video of these \(there are gate, hall"):
        of_track("no:1", gallery)
    with pytest.raises(InputError, match="is neither a picture nor a track"):
        of_track("gate", gallery)


def test_alike_is_the_best_pair_of_views(two_videos: Path) -> None:
    gallery, rng = load_gallery([two_videos]), np.random.default_rng(0)
    query = rng.normal(size=(4, 3)).astype(np.float32)
    slow = [float((gallery.of(place) @ query.T).max()) for place in range(len(gallery.tracks))]
    assert np.allclose(similarities(gallery, (query / 10).astype(np.float32)), np.array(slow) / 10)
    assert not_the_same(gallery.tracks, 0).tolist() == [True, True, False, False, False]


def test_no_cosine_is_above_1(two_videos: Path) -> None:
    gallery = load_gallery([two_videos])
    found = similarities(gallery, 1.0002 * gallery.of(0))  # halves of floats are off by as much
    assert found[0] == 1.0
    assert similarities(gallery, -1.0002 * gallery.of(1))[1] == -1.0


def test_views_are_spread_over_a_track_and_none_is_of_nothing() -> None:
    worths = np.concatenate([np.zeros(30), np.linspace(1, 2, 50)])
    rows = spread_views(worths)
    assert len(rows) == VIEWS - 3
    assert rows == sorted(rows)
    assert rows[-1] == 79
    assert spread_views(np.array([0.5])) == [0]
    assert spread_views(np.zeros(9)) == []


def test_tracks_are_embedded_as_their_frames_go_by(tmp_path: Path) -> None:
    frames = np.arange(1, 21)
    boxes = np.array([[10.0, 10, 40, 70]] * 20)
    tracks = [
        AnnotatedTrack(4, "cup", frames, boxes, np.ones(20)),
        AnnotatedTrack(2, "cup", frames, boxes + 60, np.ones(20)),
    ]
    annotations = Annotations("v", "v.mp4", 200, 160, Fraction(10), 20, ["cup"], tracks)
    image = np.full((160, 200, 3), 110, np.uint8)
    image[10:70, 10:40, 2] = 250
    image[70:130, 70:100, 0] = 250
    seen = ViewEmbeddings(annotations, MeanColour())
    assert len(list(seen.over(Frame(image, index, index / 10) for index in frames.tolist()))) == 20
    found = seen.result()
    assert found.track_ids.tolist() == [2] * VIEWS + [4] * VIEWS
    assert np.allclose(found.vectors[0], BLUE[::-1] * 0 + RED, atol=0.05)
    assert np.allclose(found.vectors[-1], BLUE, atol=0.05)
    write_vectors(tmp_path / VECTORS_FILE, found)
    first = (tmp_path / VECTORS_FILE).read_bytes()
    again = read_vectors(tmp_path / VECTORS_FILE)
    again.check_model(tmp_path, MeanColour())
    with pytest.raises(InputError, match="was made with another model called 'mean colour'"):
        again.check_model(tmp_path, OtherColour())
    write_vectors(tmp_path / VECTORS_FILE, again)
    assert (tmp_path / VECTORS_FILE).read_bytes() == first, "the same bytes"


def test_damaged_vectors_are_one_line(two_videos: Path, tmp_path: Path) -> None:
    path = two_videos / "gate" / VECTORS_FILE
    good = path.read_bytes()
    for bad in (b"", b"PK\x03\x04", good[:-200], good[: len(good) // 2]):
        path.write_bytes(bad)
        with pytest.raises(InputError, match=r"appearance.npz: cannot be read as vectors of tracks"):
            load_gallery([two_videos])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.npy", b"0" * 100000)
    with pytest.raises(InputError, match="it is compressed"):
        load_gallery([two_videos])
    write_vectors(path, TrackVectors("m", RED, np.array([1, 2]), np.array([1]), np.zeros((2, 3), np.float16)))
    with pytest.raises(InputError, match="holds no vectors of tracks"):
        load_gallery([two_videos])
    write_vectors(path, TrackVectors("other", RED, np.array([1]), np.array([1]), np.zeros((1, 3), np.float16)))
    with pytest.raises(InputError, match=r"was made with another model \(m\) than the other videos \(other\)"):
        load_gallery([two_videos])
    write_vectors(path, TrackVectors("m", GREEN, np.array([1]), np.array([1]), np.zeros((1, 3), np.float16)))
    with pytest.raises(InputError, match=r"was made with another model \(m\) than the other videos \(m\)"):
        load_gallery([two_videos])
    with pytest.raises(InputError, match="is no folder"):
        load_gallery([tmp_path / "nowhere"])


def test_drafts_are_left_out_and_hidden_folders_above_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    annotated(tmp_path / ".hidden" / "out" / "gate", {1: [RED]}, {1: (1, 40)})
    annotated(tmp_path / ".hidden" / "out" / ".drafts" / "gate", {2: [RED]}, {2: (1, 40)})
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    found = load_gallery([Path("../.hidden/out")])
    assert [(track.video, track.track_id) for track in found.tracks] == [("gate", 1)]


class Images(HTMLParser):
    """Counts what a page shows."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_from_videos_to_a_page(crossing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    again = tmp_path / "<b>again & again.mp4"
    again.write_bytes(crossing.read_bytes())
    common = ("--detections", DETECTIONS, "--appearance", COLOURS, "--jobs", "1", "--quiet")
    assert run("annotate", crossing, again, "-o", "out", *common) == 0
    folders = sorted(path.parent.name for path in Path("out").glob(f"*/{VECTORS_FILE}"))
    assert len(folders) == 2
    assert run("find", "crossing:1", "out", "--json", "found.json", "--same", "0.95") == 0
    found = json.loads(Path("found.json").read_text())
    best = found["tracks"][0]
    assert best["video"] != "crossing", "the same person in the other video"
    assert best["id"] == 1
    assert best["similarity"] > 0.99
    assert best["probably_the_same"]
    page = Path("crossing-1.find.html").read_text()
    parser = Images()
    parser.feed(page)
    pictures = [attributes for tag, attributes in parser.tags if tag == "img"]
    assert len(pictures) == len(found["tracks"]) + 1
    assert "<b>again" not in page
    assert "default-src 'none'" in page
    assert not re.findall(r'(?:src|href)="https?:', page)
    assert run("find", "crossing:1", "out") == 1, "nothing is overwritten"
    assert run("find", "crossing:1", "out", "--overwrite", "--top", "1") == 0


def test_a_picture_is_looked_for(two_videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    probe = probe_of(MeanColour())
    for folder in ("gate", "hall"):
        found = read_vectors(two_videos / folder / VECTORS_FILE)
        known = TrackVectors("mean colour", probe, found.track_ids, found.frames, found.vectors)
        write_vectors(two_videos / folder / VECTORS_FILE, known)
    picture = np.full((200, 100, 3), 110, np.uint8)
    picture[:, :, 2] = 250  # BGR: red is the third
    cv2.imwrite(str(tmp_path / "who.png"), picture)
    options: tuple[Any, ...] = ("--appearance", COLOURS, "--box", "0,0,100,200", "-o", tmp_path / "p.html")
    assert run("find", tmp_path / "who.png", two_videos, *options, "--json", tmp_path / "f.json") == 0
    best = json.loads((tmp_path / "f.json").read_text())
    assert best["box"] == [0, 0, 100, 200]
    assert (best["tracks"][0]["video"], best["tracks"][0]["id"]) == ("hall", 1)
    assert "hall:1" in capsys.readouterr().out
    for arguments, message in (
        ((tmp_path / "no.png", two_videos), "no.png: no such file"),
        ((tmp_path / "who.png", two_videos, "--box", "1,2,3"), "is no box"),
        (
            (tmp_path / "who.png", two_videos, "--appearance", COLOURS, "--box", "500,0,600,9"),
            "lies outside the picture",
        ),
        (("gate:1", two_videos, "--box", "0,0,9,9"), "is about a picture"),
        (("gate:1", two_videos, "--top", "0"), "is not above 0"),
        (("gate:1", two_videos, "-o", tmp_path / "f.txt"), "f.txt: the page is written as HTML (name it f.html)"),
        ((tmp_path / "who.png", two_videos, "--appearance", "none"), "tells nobody from another"),
        ((tmp_path / "who.png", two_videos), "was made with the model 'mean colour', not 'people'"),
    ):
        assert run("find", "-o", tmp_path / "new.html", *arguments) == 1
        assert message in capsys.readouterr().err
