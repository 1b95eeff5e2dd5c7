"""The detection network: a grid of cells over pictures of any size, each of which says what it sees."""

from __future__ import annotations

import copy

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")

import torch
from torch import nn
from torchvision.transforms.functional import normalize

from tests.training.pictures import answering_network, small_network
from training.networks.detection import Centre, Normalise
from training.networks.grid import Answers, Grid, make_grid
from training.networks.heads import PRIOR, SharedHead, rescale


def test_the_cells_are_centred_in_their_strides() -> None:
    grid = make_grid(64, 96)
    expected = [
        (stride * (column + 0.5), stride * (row + 0.5), stride)
        for stride in (8, 16, 32)
        for row in range(64 // stride)
        for column in range(96 // stride)
    ]
    assert torch.cat([grid.centres, grid.strides[:, None]], dim=1).tolist() == [list(cell) for cell in expected]


@pytest.mark.parametrize("backbone", ["lenet5", "resnet18", "mobilenet_v3_small"])
@pytest.mark.parametrize("size", [(32, 32), (64, 160), (128, 96)])
def test_there_is_an_answer_for_every_cell_of_any_frame(backbone: str, size: tuple[int, int]) -> None:
    network = small_network(backbone, classes=3)
    with torch.no_grad():
        answers = network(torch.rand(2, 3, *size) * 255)
    cells = len(make_grid(*size).centres)
    assert cells == size[0] * size[1] * 21 // 1024
    assert answers.logits.shape == (2, cells, 3)
    assert answers.boxes.shape == (2, cells, 4)


def test_an_untrained_network_believes_in_nothing_and_boxes_surround_their_cells() -> None:
    network = small_network()
    grid = make_grid(96, 128)
    with torch.no_grad():
        answers = network(torch.rand(1, 3, 96, 128) * 255)
    assert answers.logits.sigmoid().median().item() == pytest.approx(PRIOR, rel=0.2)
    sides = answers.boxes[0, :, 2:] - answers.boxes[0, :, :2]
    assert (sides / grid.strides[:, None]).median().item() == pytest.approx(4, rel=0.2)
    assert (answers.boxes[0, :, :2] < grid.centres).all()
    assert (answers.boxes[0, :, 2:] > grid.centres).all()


def test_a_box_is_four_distances_from_its_cell_in_strides() -> None:
    network, grid = small_network(), make_grid(64, 96)
    output = network.head.outputs()[0]
    assert output.bias is not None
    with torch.no_grad():
        output.weight.zero_()
        output.bias[-4:] = torch.tensor([1.0, 2, 3, 4]).log()
        boxes = network(torch.zeros(1, 3, 64, 96)).boxes[0]
    for box, (x, y), stride in zip(boxes.tolist(), grid.centres.tolist(), grid.strides.tolist(), strict=True):
        expected = [x - stride, y - 2 * stride, x + 3 * stride, y + 4 * stride]
        assert box == pytest.approx(expected, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("along", ["width", "height"])
def test_a_picture_moved_by_a_stride_gives_the_same_answers_moved(along: str) -> None:
    network = answering_network("mobilenet_v2")
    far, length = 768, 1792  # pixels: farther than any answer sees, so that the border's zeros do not matter
    generator = torch.Generator().manual_seed(0)
    strip = torch.rand(1, 3, 32, length + 32, generator=generator) * 255
    pictures = [strip[..., 32:], strip[..., :-32]]
    if along == "height":
        pictures = [picture.transpose(2, 3) for picture in pictures]
    with torch.no_grad():
        first, moved = (network(picture) for picture in pictures)
    axis = 0 if along == "width" else 1
    grid = make_grid(*pictures[0].shape[2:])
    place = {
        (*centre, stride): n
        for n, (centre, stride) in enumerate(zip(grid.centres.tolist(), grid.strides.tolist(), strict=True))
    }
    pairs = []
    for (x, y, stride), cell in place.items():
        there = (x + 32, y, stride) if axis == 0 else (x, y + 32, stride)
        if far < (x, y)[axis] < length - far - 32:
            pairs.append((cell, place[there]))
    here, then = (torch.tensor(column) for column in zip(*pairs, strict=True))
    shift = torch.zeros(4)
    shift[[axis, axis + 2]] = 32.0
    assert (first.logits[0, here] - moved.logits[0, then]).abs().max() < 1e-3
    assert (first.boxes[0, here] + shift - moved.boxes[0, then]).abs().max() < 1e-2
    assert first.logits[0, here].std(dim=0).min() > 0.1, "the answers do differ from cell to cell"


def test_pictures_are_normalised_as_torchvision_does_it() -> None:
    pictures = torch.rand(2, 3, 8, 8) * 255
    expected = normalize(pictures.flip(1) / 255, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    assert torch.allclose(Normalise()(pictures), expected, atol=1e-5)


@pytest.mark.parametrize("backbone", ["lenet5", "mobilenet_v2", "yolox_nano"])
def test_absorbing_the_normalisation_changes_no_answer(backbone: str) -> None:
    network = answering_network(backbone)
    lean = copy.deepcopy(network)
    lean.absorb_normalisation()
    assert isinstance(lean.normalise, nn.Identity if backbone == "yolox_nano" else Centre), "no pass that adds nothing"
    pictures = torch.rand(1, 3, 64, 96) * 255
    with torch.no_grad():
        expected, answers = network(pictures), lean(pictures)
    relative = 1e-4 if backbone == "yolox_nano" else 0.0  # untrained, it answers in thousands
    torch.testing.assert_close(answers.logits, expected.logits, rtol=relative, atol=1e-3)
    torch.testing.assert_close(answers.boxes, expected.boxes, rtol=relative, atol=1e-3 * 32)


def test_each_level_has_a_scale_and_statistics_of_its_own() -> None:
    head = small_network().head
    assert isinstance(head, SharedHead)
    maps, grid = [torch.randn(1, 96, side, side) for side in (8, 4, 2)], make_grid(64, 64)
    with torch.no_grad():
        before = head(maps, grid)
        head.scales[1] = 2.0
        after = head(maps, grid)
    distances, other = _distances(before, grid), _distances(after, grid)
    same = torch.isclose(distances, other).all(dim=1)
    assert same.tolist() == [True] * 64 + [False] * 16 + [True] * 4
    assert torch.equal(before.logits, after.logits)
    assert torch.allclose(other[64:80].log(), 2 * distances[64:80].log(), atol=1e-5)


def _distances(answers: Answers, grid: Grid) -> torch.Tensor:
    """How far the sides of the first picture's boxes are from their cells, in strides."""
    boxes, centres = answers.boxes[0], grid.centres
    return torch.cat([centres - boxes[:, :2], boxes[:, 2:] - centres], dim=1) / grid.strides[:, None]


@pytest.mark.parametrize("backbone", ["mobilenet_v3_small", "yolox_nano"])
def test_each_class_has_a_scale_of_its_own(backbone: str) -> None:
    network = small_network(backbone, classes=2)
    picture = torch.rand(1, 3, 64, 64) * 255
    with torch.no_grad():
        before = network(picture)
        rescale(network.head, torch.tensor([2.0, 0.5]), torch.tensor([1.0, -1.0]))
        after = network(picture)
    expected = before.logits * torch.tensor([2.0, 0.5]) + torch.tensor([1.0, -1.0])
    assert torch.allclose(after.logits, expected, atol=1e-4)
    assert torch.equal(after.boxes, before.boxes)
