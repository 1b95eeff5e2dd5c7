"""SSD of TensorFlow's zoo without post-processing: ``(1, N, 4)`` encodings and ``(1, N, 1 + C)`` logits of N anchors.

The encodings are ty, tx, th, tw, of offsets and logarithms in shares of an anchor, times 10, 10, 5, 5 (Liu et al.,
2016, section 2.2; the API's faster_rcnn_box_coder). The file does not hold the anchors: they are those of the API's
ssd_anchor_generator with six maps, scales from 0.2 to 0.95 and the aspects 1, 2, 1/2, 3, 1/3. Column 0 is the
background.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from detectors.base import Floats
from detectors.families.base import Answer, Array, Candidates, Family, best_classes
from detectors.families.cells import sides
from detectors.families.evidence import are_shares, probabilities
from detectors.families.preprocessing import Preprocessing

FINEST = 16  # stride of the first map; each further one has half the cells
SCALES = (*np.linspace(0.2, 0.95, 6), 1.0)
ASPECTS = (1.0, 2.0, 1 / 2, 3.0, 1 / 3)
FACTORS = np.array([10.0, 10.0, 5.0, 5.0])


def anchors(height: int, width: int) -> Floats:
    """Centre y, centre x, height, width ``(N, 4)`` of all anchors in shares of the input, map by map, row by row."""
    rows, columns = sides(height, width, FINEST, up=True)
    maps = []
    for level, shapes in enumerate(_shapes()):
        if level:
            rows, columns = -(-rows // 2), -(-columns // 2)
        y, x = np.mgrid[:rows, :columns] + 0.5
        centres = np.stack([y.ravel() / rows, x.ravel() / columns], axis=1).repeat(len(shapes), axis=0)
        maps.append(np.concatenate([centres, np.tile(shapes, (rows * columns, 1))], axis=1))
    return np.concatenate(maps)


def _shapes() -> list[Floats]:
    """Heights and widths ``(K, 2)`` of the anchors of a cell of each map."""
    lowest = [(0.1, 1.0), (SCALES[0], 2.0), (SCALES[0], 0.5)]
    others = [
        [*((scale, aspect) for aspect in ASPECTS), (float(np.sqrt(scale * larger)), 1.0)]
        for scale, larger in pairwise(SCALES[1:])
    ]
    return [
        np.array([(scale / np.sqrt(aspect), scale * np.sqrt(aspect)) for scale, aspect in kinds])
        for kinds in (lowest, *others)
    ]


def _pair(answer: Answer) -> tuple[Array, Array] | None:
    """Encodings ``(N, 4)`` and logits ``(N, 1 + C)``, in whichever order; None where they are not these."""
    pair = sorted((array[0] for array in answer.arrays if array.ndim == 3), key=lambda table: int(table.shape[1]))
    if len(pair) != 2 or len(answer.outputs) != 2 or pair[0].shape[1] != 4:
        return None
    if not answer.family and are_shares(pair[0]):
        return None
    count = len(anchors(answer.height, answer.width))
    return (pair[0], pair[1]) if len(pair[0]) == len(pair[1]) == count else None


def decode(answer: Answer, conf: float) -> Candidates:
    """The anchors whose best class scores at least `conf`."""
    pair = _pair(answer)
    assert pair is not None
    strong, found = best_classes(pair[0], probabilities(pair[1])[:, 1:], conf)
    boxes = decoded(found.boxes, anchors(answer.height, answer.width)[strong]) * answer.size
    return Candidates(boxes, found.scores, found.class_ids + 1)


def decoded(encodings: Floats, around: Floats) -> Floats:
    """xyxy boxes ``(N, 4)`` in shares, of encodings ``(N, 4)`` and their anchors ``(N, 4)``."""
    offsets = encodings / FACTORS
    centres = around[:, :2] + offsets[:, :2] * around[:, 2:]
    half = around[:, 2:] * np.exp(np.minimum(offsets[:, 2:], 10)) / 2
    return np.asarray(np.concatenate([centres - half, centres + half], axis=1)[:, [1, 0, 3, 2]])


def class_count(answer: Answer) -> int:
    """The columns of the logits, the background too: ids are counted from it."""
    pair = _pair(answer)
    assert pair is not None
    return int(pair[1].shape[1])


FAMILY = Family(
    "ssd",
    "SSD of TensorFlow's, without NMS",
    recognises=lambda answer: _pair(answer) is not None,
    decode=decode,
    preprocessing=lambda _: Preprocessing("stretch", mean=(127.5, 127.5, 127.5), std=(127.5, 127.5, 127.5)),
    class_count=class_count,
    background=True,
)
