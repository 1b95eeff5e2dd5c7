"""The figures of segmentation: transposed convolutions, skips of an FCN, and people cut out of their boxes."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from drawing import ACCENT, CROWDED, INK, WARM, Figure, crowded, draw_boxes, frames, show
from matplotlib import pyplot

from detectors import Frame
from detectors.box_masks import BoxMasks
from detectors.boxes import nms
from detectors.masks import Mask, box_crops
from detectors.sliding import SlidingDetector, fit
from tracker.drawing.colours import colour_of
from tracker.drawing.masks import draw_mask
from training.evaluation.mask_sheet import of_classes
from training.evaluation.mean_iou import confusion, ious
from training.loop.transfer import load_weights, transfer_trunk
from training.losses.masks import segmentation_losses
from training.networks.backbones import load_trunk
from training.networks.fcn import FCN, FINEST
from training.networks.upsampling import Upsampling, bilinear_kernel


def transposed_convolution() -> Figure:
    """Cells of a coarse map, what a transposed convolution makes of each, and the sum: bilinear interpolation."""
    cells, factor = torch.tensor([1.0, 3.0, 2.0, 2.5, 0.5, 0.0]), 8
    layer = Upsampling(1, factor)
    row = bilinear_kernel(factor)[factor - 1]
    kernel = (row / row.max()).numpy()
    with torch.no_grad():
        answer = layer(cells.expand(1, 1, 3, -1))[0, 0, factor + factor // 2].numpy()
    figure, axes = pyplot.subplots(figsize=(8, 2.6), layout="constrained")
    pixels = np.arange(len(answer)) + 0.5
    for place, value in enumerate(cells.tolist()):
        first = factor * place - factor // 2
        inside = np.arange(2 * factor) + first
        shown = (inside >= 0) & (inside < len(answer))
        axes.fill_between(inside[shown] + 0.5, value * kernel[shown] * row.max().item(), color=ACCENT, alpha=0.22, lw=0)
        axes.plot(factor * (place + 0.5), value, "s", color=WARM, ms=7)
    axes.plot(pixels, answer, "o-", color=INK, ms=2.6, lw=0.8)
    axes.set(xlabel="pixels", yticks=[], xticks=range(0, len(answer) + 1, factor), xlim=(0, len(answer)))
    axes.set_title("squares: cells at stride 8; green: what each is spread over; dots: the sum")
    return figure


def labelled_people(frame: Frame, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A frame scaled and padded for a network ``(1, 3, H, W)``; its classes ``(1, H, W)``: people, cut out of boxes."""
    found = SlidingDetector(conf=0.4)(frame)
    found = found[found.class_ids == 0]
    people = np.zeros(frame.image.shape[:2], np.uint8)
    boxes = found.boxes[nms(found.boxes, found.scores, 0.7)]
    for (x1, y1, x2, y2), mask in zip(box_crops(boxes, *people.shape), BoxMasks()(frame.image, boxes), strict=True):
        people[y1:y2, x1:x2] |= mask
    canvas, scale = fit(frame.image, side)
    classes = np.zeros(canvas.shape[:2], np.uint8)
    size = round(people.shape[1] * scale), round(people.shape[0] * scale)
    classes[: size[1], : size[0]] = cv2.resize(people, size, interpolation=cv2.INTER_NEAREST)
    return torch.from_numpy(canvas).permute(2, 0, 1)[None].float(), torch.from_numpy(classes)[None]


def skips() -> Figure:
    """FCN-32s, -16s and -8s on the detector's trunk: each learns people from frames of the clip, and sees another."""
    some = [frame for frame in frames() if frame.index % 15 == 5 or frame.index == CROWDED]
    pairs = {frame.index: labelled_people(frame, 512) for frame in some}
    (picture, truth), start = pairs.pop(CROWDED), load_weights("sliding")
    height, width = truth.shape[1:]
    part = slice(height // 8, height * 3 // 4), slice(width * 2 // 5, width)
    shown = picture[0].permute(1, 2, 0).numpy().astype(np.uint8)
    figure, axes = pyplot.subplots(1, 4, figsize=(10, 2.3), layout="constrained")
    show(axes[0], of_classes(shown, truth[0].numpy())[part], "what it should see")
    for each, finest in zip(axes[1:], FINEST, strict=True):
        torch.manual_seed(0)
        network = FCN(start.plan.backbone, load_trunk(start.plan.backbone, None), 2, finest).eval()
        transfer_trunk(start, network.pyramid)
        learn_people(network, list(pairs.values()))
        with torch.no_grad():
            found = network(picture)[0].argmax(0).numpy().astype(np.uint8)
        iou = ious(confusion(found, truth[0].numpy(), 2))[1]
        show(each, of_classes(shown, found)[part], f"FCN-{finest}s: IoU {iou:.2f}")
    return figure


def learn_people(network: FCN, pairs: list[tuple[torch.Tensor, torch.Tensor]], steps: int = 240) -> None:
    """Train all but the trunk, whose maps are computed once."""
    with torch.no_grad():
        maps = [network.features(picture) for picture, _ in pairs]
    new = [*network.scores.parameters(), *network.enlarge.parameters()]
    optimizer = torch.optim.Adam(new, lr=1e-2)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 1e-2 * (1 - step / steps)
        at = step % len(pairs)
        pixels, dice = segmentation_losses(network.answer(maps[at]), pairs[at][1])
        optimizer.zero_grad()
        (pixels + dice).backward()
        optimizer.step()


def silhouettes() -> Figure:
    """People cut out of their boxes by the network inside the package."""
    frame = crowded()
    found = SlidingDetector(conf=0.4)(frame)
    found = found[found.class_ids == 0]
    boxes = found.boxes[nms(found.boxes, found.scores, 0.6)]
    drawn = frame.image.copy()
    for number, (crop, mask) in enumerate(
        zip(box_crops(boxes, *drawn.shape[:2]), BoxMasks()(drawn, boxes), strict=True)
    ):
        draw_mask(drawn, Mask.pack(mask, int(crop[0]), int(crop[1])), colour_of(number + 1), 2)
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 2.5), layout="constrained")
    part = slice(110, 320), slice(340, 768)
    for each, image, what in zip(axes, (frame.image, drawn), ("boxes", "what is inside"), strict=True):
        show(each, image[part], what)
        draw_boxes(each, boxes - (340, 110, 340, 110), "#3ddbb4", 1.1 if image is frame.image else 0.5)
        each.set(xlim=(0, 428), ylim=(210, 0))
    return figure
