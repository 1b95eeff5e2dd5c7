from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Detections, Floats, Frame
from detectors.errors import InputError
from detectors.runtime import open_session
from tests import onnx_models
from tests.onnx_models import embedder
from tracker import Tracker, track
from tracker.appearance import embedder as embedder_module
from tracker.appearance.embedder import BUNDLED_MODEL, PEOPLE, OnnxEmbedder, can_embed, load_embedder
from tracker.run.detection import DetectionStage
from tracker.run.embedding import EmbeddingStage
from tracker.run.measurements import Measurements
from tracker.run.pipeline import track_frames
from tracker.run.tracking import TrackingStage

DIMENSION = 5
WEIGHTS = np.random.default_rng(7).normal(size=(3, DIMENSION))
WIDTH, HEIGHT = 80, 60


def patchwork(seed: int = 0) -> Frame:
    """A frame of plain patches of 20 x 20 pixels, each of another colour."""
    colours = np.random.default_rng(seed).integers(0, 256, (HEIGHT // 20, WIDTH // 20, 3), dtype=np.uint8)
    return Frame(colours.repeat(20, axis=0).repeat(20, axis=1), 1, 0.0)


def refusal(path: Path) -> str:
    """What the user reads; always one line that names the file."""
    with pytest.raises(InputError) as caught:
        OnnxEmbedder(path, device="cpu")
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 1
    return message


@pytest.fixture
def embed(tmp_path: Path) -> OnnxEmbedder:
    return OnnxEmbedder(embedder(tmp_path / "colour.onnx", WEIGHTS), device="cpu")


@pytest.fixture(scope="module")
def embed_any(tmp_path_factory: pytest.TempPathFactory) -> OnnxEmbedder:
    return OnnxEmbedder(embedder(tmp_path_factory.mktemp("embedder") / "colour.onnx", WEIGHTS), device="cpu")


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 12))
@settings(deadline=None, max_examples=40)
def test_a_vector_has_unit_length_where_the_box_shows_something_and_none_elsewhere(
    embed_any: OnnxEmbedder, seed: int, count: int
) -> None:
    rng = np.random.default_rng(seed)
    corner = rng.integers(-60, 120, (count, 2))
    boxes = np.concatenate([corner, corner + rng.integers(0, 50, (count, 2))], axis=1).astype(np.float64)
    low, high = np.maximum(boxes[:, :2], 0), np.minimum(boxes[:, 2:], [WIDTH, HEIGHT])
    shows = (high > low).all(axis=1)

    vectors = embed_any(patchwork(seed), boxes)

    assert vectors.shape == (count, DIMENSION)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), shows.astype(float), atol=1e-6)


def test_the_model_sees_rgb_normalised_as_for_imagenet(tmp_path: Path) -> None:
    embed = OnnxEmbedder(embedder(tmp_path / "colour.onnx", np.eye(3)), device="cpu")
    blue, green, red = 10, 100, 250
    frame = Frame(np.full((20, 20, 3), (blue, green, red), np.uint8), 1, 0.0)

    (vector,) = embed(frame, np.array([[2.0, 2, 18, 18]]))

    seen = np.array([(red / 255 - 0.485) / 0.229, (green / 255 - 0.456) / 0.224, (blue / 255 - 0.406) / 0.225])
    np.testing.assert_allclose(vector, seen / np.linalg.norm(seen), atol=1e-5)


def test_each_row_describes_its_own_box(embed: OnnxEmbedder) -> None:
    frame = patchwork()
    # The second and the fourth show nothing: the rows behind them must not move up.
    boxes = np.array([[0.0, 0, 20, 20], [90, 0, 99, 20], [40, 20, 60, 40], [5, 5, 5, 9], [60, 40, 80, 60]])

    together = embed(frame, boxes)

    for row, box in enumerate(boxes):
        np.testing.assert_allclose(together[row], embed(frame, box[None])[0], atol=1e-6)
    shown = together[[0, 2, 4]]
    assert (shown @ shown.T)[~np.eye(3, dtype=bool)].max() < 0.999  # else the rows could be swapped unseen


@pytest.mark.parametrize("batch", [1, 4])
def test_models_of_any_batch_agree(tmp_path: Path, embed: OnnxEmbedder, batch: int) -> None:
    fixed = OnnxEmbedder(embedder(tmp_path / "fixed.onnx", WEIGHTS, batch), device="cpu")
    rng = np.random.default_rng(3)
    corner = rng.uniform(0, 40, (10, 2))

    for count in (1, 4, 5, 10):
        boxes = np.concatenate([corner, corner + rng.uniform(5, 20, (10, 2))], axis=1)[:count]
        np.testing.assert_allclose(fixed(patchwork(), boxes), embed(patchwork(), boxes), atol=1e-6)


def test_no_boxes_have_no_vectors(embed: OnnxEmbedder) -> None:
    assert embed(patchwork(), np.empty((0, 4))).shape == (0, DIMENSION)


def test_a_box_partly_outside_is_described_by_what_shows(embed: OnnxEmbedder) -> None:
    boxes = np.array([[-15.0, -30, 20, 20], [60, 40, 200, 90]])
    inside = np.array([[0.0, 0, 20, 20], [60, 40, WIDTH, HEIGHT]])

    np.testing.assert_array_equal(embed(patchwork(), boxes), embed(patchwork(), inside))


@pytest.mark.parametrize(
    "box",
    [
        pytest.param([-30, 0, -10, 20], id="left of the picture"),
        pytest.param([-30, 0, -0.5, 20], id="left by half a pixel"),
        pytest.param([80, 0, 90, 20], id="right of the picture"),
        pytest.param([0, 60, 20, 90], id="below the picture"),
        pytest.param([10, 10, 10, 30], id="no width"),
        pytest.param([10, 10, 30, 10], id="no height"),
        pytest.param([10.5, 10, 10.5, 30], id="no width, between two pixels"),
        pytest.param([10, 10.5, 30, 10.5], id="no height, between two pixels"),
    ],
)
def test_a_box_that_shows_nothing_has_a_row_of_zeros(embed: OnnxEmbedder, box: list[float]) -> None:
    vectors = embed(patchwork(), np.array([box, [0, 0, 20, 20]]))

    np.testing.assert_array_equal(vectors[0], np.zeros(DIMENSION))
    assert np.linalg.norm(vectors[1]) == pytest.approx(1)


def test_a_box_thinner_than_a_pixel_is_described(embed: OnnxEmbedder) -> None:
    thin, whole = embed(patchwork(), np.array([[10.2, 3, 10.4, 15], [0, 0, 20, 20]]))

    np.testing.assert_allclose(thin, whole, atol=1e-6)


def test_a_frame_without_a_picture_shows_nothing(embed: OnnxEmbedder) -> None:
    frame = Frame(np.empty((0, 0, 3), np.uint8), 1, 0.0)

    np.testing.assert_array_equal(embed(frame, np.array([[0.0, 0, 9, 9]])), np.zeros((1, DIMENSION)))


def test_a_vector_of_zeros_stays_one(tmp_path: Path) -> None:
    embed = OnnxEmbedder(embedder(tmp_path / "zero.onnx", np.zeros((3, DIMENSION))), device="cpu")

    np.testing.assert_array_equal(embed(patchwork(), np.array([[0.0, 0, 9, 9]])), np.zeros((1, DIMENSION)))


def test_the_frame_is_left_alone(embed: OnnxEmbedder) -> None:
    frame, boxes = patchwork(), np.array([[-5.0, 3, 30, 30]])

    embed(frame, boxes)

    np.testing.assert_array_equal(frame.image, patchwork().image)
    np.testing.assert_array_equal(boxes, [[-5, 3, 30, 30]])


def _weights(columns: int = DIMENSION) -> Floats:
    return np.ones((3, columns))


def _damaged(path: Path) -> None:
    whole = embedder(path, _weights()).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def _missing(path: Path) -> None:
    """Nothing is written."""


BAD_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (_missing, "no such model file"),
    "folder": (Path.mkdir, "no such model file"),
    "empty": (lambda path: path.write_bytes(b""), "no ONNX model"),
    "text": (lambda path: path.write_text("no model\n"), "no ONNX model"),
    "random bytes": (lambda path: path.write_bytes(np.random.default_rng(0).bytes(2000)), "no ONNX model"),
    "cut off": (_damaged, "no ONNX model"),
    "crops of any size": (lambda path: embedder(path, _weights(), size=("height", "width")), "not crops of one size"),
    "no picture": (
        lambda path: onnx_models.constant_model(path, np.zeros((1, 5)), (1, 64)),
        "takes inputs of the shapes",
    ),
    "grey crops": (
        lambda path: onnx_models.constant_model(path, np.zeros((1, 5)), (1, 1, 64, 64)),
        "takes inputs of the shapes",
    ),
    "two inputs": (onnx_models.two_inputs, "takes"),
    "no input": (onnx_models.no_input, "takes"),
    "detector": (lambda path: onnx_models.constant_model(path, np.zeros((1, 84, 84))), "does not answer with vectors"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_file_that_is_no_embedder_is_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    write, reason = BAD_FILES[kind]
    path = tmp_path / "bad.onnx"
    write(path)

    assert reason in refusal(path)


@pytest.mark.skipif("CUDAExecutionProvider" in ort.get_available_providers(), reason="there is CUDA here")
def test_where_cuda_is_not_there_the_cpu_computes_and_a_note_says_so(tmp_path: Path) -> None:
    loaded = OnnxEmbedder(embedder(tmp_path / "a.onnx", _weights()), device="cuda")

    assert loaded.notes[0].startswith("--device cuda: is not to be had here, so the CPU computes")


def test_none_loads_nothing() -> None:
    assert load_embedder("none") is None


@pytest.mark.parametrize("name", ["auto", "people"])
def test_the_embedded_model_describes_people_in_a_small_file(name: str) -> None:
    embed = load_embedder(name, device="cpu")
    assert embed is not None
    assert (embed.name, embed.class_names) == ("people", PEOPLE)
    assert BUNDLED_MODEL.stat().st_size < 3_000_000
    boxes = np.array([[0.0, 0, 20, 40], [20, 0, 40, 40], [0, 20, 20, 60], [0, 20, 20, 60], [90, 0, 99, 9]])
    vectors = embed(patchwork(), boxes)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 1, 1, 0], atol=1e-6)
    np.testing.assert_allclose(vectors[2], vectors[3], atol=1e-6)
    assert (vectors[:3] @ vectors[:3].T)[~np.eye(3, dtype=bool)].max() < 0.9


def test_the_embedded_model_finds_a_person_again_in_another_frame(shared: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra `train`")
    from benchmarks.accuracy.appearance import describe, separation
    from training.data.identities import load_crops

    crops = load_crops([shared / "sequences" / "TUD-Campus"])[::3]
    found = separation(crops, describe(OnnxEmbedder(device="cpu"), crops)[0])
    assert found.identities == 7
    assert found.auc > 0.95
    assert found.rank1 > 0.9


@pytest.mark.parametrize(
    ("names", "kinds", "shown"),
    [
        ({0: "person", 1: "car"}, PEOPLE, [True, False, True]),
        ({0: "car", 1: "person"}, PEOPLE, [False, True, True]),
        ({0: "object"}, PEOPLE, [False, True, True]),
        ({}, PEOPLE, [True, True, True]),
        ({0: "person", 1: "car"}, None, [True, True, True]),
    ],
)
def test_classes_are_described_that_the_model_is_for_or_whose_name_nobody_knows(
    names: dict[int, str], kinds: frozenset[str] | None, shown: list[bool]
) -> None:
    class Stub:
        name, class_names = "stub", kinds

        def __call__(self, frame: Frame, boxes: Floats) -> Floats:
            raise AssertionError("nothing is looked at to know this")

    assert can_embed(Stub(), names, np.array([0, 1, 7])).tolist() == shown


class Watched:
    """Says of every box where its left side is."""

    name = "watched"
    class_names: frozenset[str] | None = PEOPLE

    def __init__(self) -> None:
        self.seen: list[float] = []

    def __call__(self, frame: Frame, boxes: Floats) -> Floats:
        self.seen += boxes[:, 0].tolist()
        return np.column_stack([np.ones(len(boxes)), boxes[:, 0]]) / np.hypot(1, boxes[:, :1])


class Finds:
    """The same four objects in every frame: a person, a car, a weak person, and something."""

    name, suppressed, concurrent = "finds", True, False
    class_names: Mapping[int, str] = {0: "person", 2: "car"}

    def __call__(self, frame: Frame) -> Detections:
        boxes = np.array([[left, 0.0, left + 10, 20] for left in (0, 20, 40, 60)])
        return Detections(boxes, np.array([0.9, 0.9, 0.2, 0.9]), np.array([0, 2, 0, 5]))


def test_only_people_are_described_and_others_are_not_known() -> None:
    embed, frame, found = Watched(), patchwork(), Finds()(patchwork())
    measured = Measurements()
    ask = EmbeddingStage(embed, Finds.class_names).of(frame, found, measured)
    assert ask is not None
    vectors = ask(np.array([1, 3, 0]))
    assert (embed.seen, measured.embeddings) == ([60, 0], 2)
    np.testing.assert_allclose(vectors, [[0, 0], np.array([1, 60]) / np.hypot(1, 60), [1, 0]])


def tracking_with(embed: Watched) -> TrackingStage:
    return TrackingStage(Tracker(), EmbeddingStage(embed, Finds.class_names))


def test_who_stays_alone_is_looked_at_a_few_times_and_then_once_a_second() -> None:
    embed, measured = Watched(), Measurements()
    frames = [replace(patchwork(), index=index + 1, time=index / 30) for index in range(91)]
    list(track_frames(frames, DetectionStage(Finds()), tracking_with(embed), measured))
    until_known, refreshed = 3, 2  # it is known a frame or two after the start, so it is old twice in three seconds
    assert measured.embeddings == len(embed.seen) == 2 * (until_known + refreshed)
    assert set(embed.seen) == {0, 60}  # never the car, nor the weak one


def test_a_frame_without_a_picture_is_not_looked_at() -> None:
    embed = Watched()
    nothing = Frame(np.empty((0, 0, 3), np.uint8), 1, 0.0)
    list(track_frames([nothing], DetectionStage(Finds()), tracking_with(embed)))
    assert embed.seen == []


@pytest.mark.parametrize(("preset", "loaded"), [("keeptrack", 1), ("deepsort", 1), ("sort", 0), ("bytetrack", 0)])
def test_the_model_is_loaded_only_where_it_makes_a_difference(
    crossing: Path, monkeypatch: pytest.MonkeyPatch, preset: str, loaded: int
) -> None:
    opened: list[object] = []

    def noted(path: Path, device: str, threads: int) -> ort.InferenceSession:
        opened.append(path)
        return open_session(path, device, threads)

    monkeypatch.setattr(embedder_module, "open_session", noted)
    detections = Path(__file__).parents[2] / "golden" / "crossing.det.txt"
    list(track(crossing, detections=detections, tracker=preset, max_frames=2, device="cpu"))
    assert len(opened) == loaded


def test_a_sequence_without_images_loads_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("there is nothing to look at")

    monkeypatch.setattr(embedder_module, "open_session", refuse)
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\nframeRate=10\nseqLength=3\n")
    (tmp_path / "det.txt").write_text("1,-1,10,10,20,40,0.9\n2,-1,11,10,20,40,0.9\n")
    assert len(list(track(tmp_path, detections=tmp_path / "det.txt"))) == 3


def test_a_model_that_is_not_wanted_must_still_be_there(tmp_path: Path) -> None:
    assert load_embedder("auto", wanted=False) is None
    for name in ("osnet", str(tmp_path / "nowhere.onnx")):
        with pytest.raises(InputError):
            load_embedder(name, wanted=False)


def test_no_pixel_of_a_large_box_is_left_out(tmp_path: Path) -> None:
    embed = OnnxEmbedder(embedder(tmp_path / "colour.onnx", np.eye(3)), device="cpu")
    fine = np.zeros((160, 80, 3), np.uint8)
    fine[::5, ::5] = 255  # bilinear scaling by ten would look at some of the pixels only
    even = np.full((160, 80, 3), round(255 / 25), np.uint8)
    box = np.array([[0.0, 0, 80, 160]])
    vectors = [embed(Frame(image, 1, 0.0), box)[0] for image in (fine, even)]
    np.testing.assert_allclose(vectors[0], vectors[1], atol=0.01)


@given(count=st.integers(0, 40))
@settings(deadline=None, max_examples=15)
def test_many_boxes_are_described_as_one_by_one(embed_any: OnnxEmbedder, count: int) -> None:
    corner = np.random.default_rng(count).uniform(-20, 70, (count, 2))
    boxes = np.concatenate([corner, corner + 20], axis=1)
    one_by_one = [embed_any(patchwork(), box[None])[0] for box in boxes]
    np.testing.assert_allclose(embed_any(patchwork(), boxes), np.reshape(one_by_one, (count, DIMENSION)), atol=1e-6)


def test_the_path_of_a_model_loads_it(tmp_path: Path) -> None:
    loaded = load_embedder(embedder(tmp_path / "colour.onnx", WEIGHTS), device="cpu")

    assert loaded is not None
    assert loaded.name == "colour.onnx"
    assert loaded(patchwork(), np.array([[0.0, 0, 9, 9]])).shape == (1, DIMENSION)


@pytest.mark.parametrize("name", ["osnet", "model.pt", ""])
def test_an_unknown_name_lists_the_choices(name: str) -> None:
    with pytest.raises(InputError, match=r"auto, people, none, the path of an \.onnx file") as caught:
        load_embedder(name)

    assert str(caught.value).startswith(f"--appearance {name}: ")


def test_a_model_without_finite_answers_is_refused(tmp_path: Path) -> None:
    broken = embedder(tmp_path / "broken.onnx", np.full((3, DIMENSION), np.nan))
    assert "some values are not finite" in refusal(broken)


def test_an_answer_that_is_not_finite_counts_as_none(embed: OnnxEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = np.array([[0.0, 0, 20, 20], [20, 0, 40, 20]])
    right, answer = embed(patchwork(), boxes), embed._forward

    def overflow(crops: Floats) -> Floats:
        found = np.array(answer(crops))
        found[0, 1] = np.inf
        return found

    monkeypatch.setattr(embed, "_forward", overflow)
    found = embed(patchwork(), boxes)
    assert (found[0] == 0).all()
    assert found[1] == pytest.approx(right[1])
