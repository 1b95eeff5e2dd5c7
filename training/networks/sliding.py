"""From a classifier that localises one object to a network that slides over frames of any size.

The way of Sermanet et al., "OverFeat" (2014), section 3.5, and Long et al., "Fully convolutional networks for semantic
segmentation" (2015), section 3.1: a dense layer on a map of h x w cells is a convolution with an h x w kernel, so the
same numbers, applied to a larger picture, give the answer for every window of it in one pass, and what neighbouring
windows share is computed once.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

LOCALISATION = 5  # outputs beside the class scores: a box and a confidence


class Localisation(NamedTuple):
    """What the network says of windows: class_logits ``(N, C, ...)``, boxes ``(N, 4, ...)``, confidence ``(N, ...)``.

    boxes: centre x, centre y, width, height as shares of the window. confidence: a logit. The last dimensions are a
    grid of windows, or none for a single one.
    """

    class_logits: torch.Tensor
    boxes: torch.Tensor
    confidence: torch.Tensor


class LocalisationNetwork(nn.Module):
    """A trunk, pooling over its whole map, and one dense layer: pictures ``(N, 3, S, S)`` -> ``(N, classes + 5)``.

    trunk: maps a picture to features ``(N, channels, h, w)``. window: S, the side of the pictures it is trained on.
    flat: pool nothing, and give the dense layer every cell of the map.
    """

    def __init__(self, trunk: nn.Module, channels: int, classes: int, window: int, flat: bool = False) -> None:
        super().__init__()
        self._frozen: list[nn.Module] = []
        self.trunk, self.classes, self.window = trunk, classes, window
        with torch.no_grad():
            self.cells = int(trunk.eval()(torch.zeros(1, 3, window, window)).shape[-1])
        self.pool = nn.Identity() if flat else nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(channels * (self.cells**2 if flat else 1), classes + LOCALISATION)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Outputs ``(N, classes + 5)``; `split` gives them names."""
        answers: torch.Tensor = self.head(torch.flatten(self.pool(self.trunk(pictures)), 1))
        return answers

    def set_trainable_layers(self, layers: int) -> None:
        """Train the head and the last `layers` parts of the trunk; 0 freezes the whole trunk.

        Frozen parts keep the averages of their batch normalisation too: they stay in evaluation mode.
        """
        parts = list(self.trunk.children())
        self._frozen = parts[: max(0, len(parts) - layers)]
        for part in parts:
            part.requires_grad_(all(part is not frozen for frozen in self._frozen))
        self.train(self.training)

    def train(self, mode: bool = True) -> LocalisationNetwork:
        """Switch to training or evaluation, all but the frozen parts."""
        super().train(mode)
        for part in self._frozen:
            part.eval()
        return self


def split(outputs: torch.Tensor, classes: int) -> Localisation:
    """Name the parts of outputs ``(N, classes + 5, ...)``; boxes are squashed into the window."""
    class_logits, boxes, confidence = torch.split(outputs, [classes, 4, 1], dim=1)
    return Localisation(class_logits, boxes.sigmoid(), confidence.squeeze(1))


def localisation_loss(
    outputs: torch.Tensor,
    class_ids: torch.Tensor,
    boxes: torch.Tensor,
    classification_weight: float = 0.8,
    box_weight: float = 0.2,
) -> torch.Tensor:
    """Multi-task loss of outputs ``(N, C + 5)``: weighted cross-entropy, box regression, and confidence.

    class_ids: ``(N,)``, -1 for a picture of background. boxes: ``(N, 4)`` centre x, centre y, width, height as shares
    of the picture; ignored for background. The confidence learns P(object) x IoU (Redmon et al., "You only look once",
    2016, section 2): 0 for background, else the IoU that the predicted box has now.
    """
    found = split(outputs, outputs.shape[1] - LOCALISATION)
    is_object = class_ids >= 0
    confidence_target = torch.zeros_like(found.confidence)
    loss = outputs.new_zeros(())
    if is_object.any():
        predicted, true = found.boxes[is_object], boxes[is_object]
        loss = loss + classification_weight * functional.cross_entropy(
            found.class_logits[is_object], class_ids[is_object]
        )
        loss = loss + box_weight * functional.smooth_l1_loss(predicted, true, beta=0.1)
        confidence_target[is_object] = box_iou_of_pairs(predicted.detach(), true)
    return loss + functional.binary_cross_entropy_with_logits(found.confidence, confidence_target)


def box_iou_of_pairs(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """IoU ``(N,)`` of the n-th boxes of two lists ``(N, 4)`` of centre x, centre y, width, height."""
    low = torch.maximum(a[:, :2] - a[:, 2:] / 2, b[:, :2] - b[:, 2:] / 2)
    high = torch.minimum(a[:, :2] + a[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2)
    overlap = (high - low).clamp(min=0).prod(dim=1)
    union = a[:, 2:].prod(dim=1) + b[:, 2:].prod(dim=1) - overlap
    return overlap / union.clamp(min=1e-9)


def to_fully_convolutional(network: LocalisationNetwork) -> nn.Sequential:
    """The same numbers as a network for pictures of any size: ``(N, 3, H, W)`` -> ``(N, classes + 5, rows, columns)``.

    On a picture of the window's size the grid is 1 x 1 and the answer the same; with a window of 224 pixels and a last
    map of 7 x 7, a picture of 448 gives 8 x 8. Cell (i, j) looks at the window that starts `stride` x (j, i) pixels in.
    """
    weights = network.head.weight.data
    flat = isinstance(network.pool, nn.Identity)
    size = network.cells if flat else 1
    pool = network.pool if flat else nn.AvgPool2d(network.cells, stride=1)
    dense = nn.Conv2d(weights.shape[1] // size**2, weights.shape[0], size)
    dense.weight.data.copy_(weights.view(weights.shape[0], -1, size, size))
    dense.bias.data.copy_(network.head.bias.data)  # type: ignore[union-attr]  # it has one
    return nn.Sequential(network.trunk, pool, dense).train(network.training)


@torch.no_grad()
def slide(network: LocalisationNetwork, picture: torch.Tensor, stride: int) -> torch.Tensor:
    """The naive way, slow and obviously right: every window of a picture ``(3, H, W)`` through the network by itself.

    Returns ``(classes + 5, rows, columns)``. Where the trunk has no padding this is what the fully convolutional
    network gives. With padding the two differ: a window alone is surrounded by zeros, in the frame by its neighbours.
    """
    rows = range(0, picture.shape[1] - network.window + 1, stride)
    columns = range(0, picture.shape[2] - network.window + 1, stride)
    side = network.window
    answers = [[network(picture[None, :, y : y + side, x : x + side])[0] for x in columns] for y in rows]
    return torch.stack([torch.stack(row, dim=1) for row in answers], dim=1)
