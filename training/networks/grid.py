"""The cells with which a detection network looks at a picture, and what it says of each."""

from __future__ import annotations

from typing import NamedTuple

import torch

from training.networks.pyramid import STRIDES


class Answers(NamedTuple):
    """What the network says of every cell of all levels, the finest level first, in rows.

    logits: ``(N, cells, C)``. boxes: ``(N, cells, 4)`` xyxy in pixels of the picture.
    """

    logits: torch.Tensor
    boxes: torch.Tensor


class Grid(NamedTuple):
    """The cells of all levels. centres: ``(cells, 2)`` x, y in pixels. strides: ``(cells,)`` in pixels."""

    centres: torch.Tensor
    strides: torch.Tensor


def make_grid(height: int, width: int, device: torch.device | None = None) -> Grid:
    """The cells that a picture of ``height`` x ``width``, both multiples of the largest stride, is looked at with."""
    centres, strides = [], []
    for stride in STRIDES:
        rows = (torch.arange(height // stride, device=device) + 0.5) * stride
        columns = (torch.arange(width // stride, device=device) + 0.5) * stride
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        centres.append(torch.stack([x.flatten(), y.flatten()], dim=1))
        strides.append(torch.full_like(centres[-1][:, 0], float(stride)))
    return Grid(torch.cat(centres), torch.cat(strides))
