"""Views of crops: cut out as a detector might, another time or by another camera, and put into batches.

A batch is drawn so that its hardest pairs are hard: whoever is in it comes with others of the same scene.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch

from detectors.base import Floats, Image
from detectors.codec_messages import codec_messages
from detectors.errors import InputError
from detectors.runtime import open_session
from training.data.augment import Augmentation, recoloured
from training.data.crop_sampler import CropSampler
from training.data.identities import Crop
from training.data.prefetch import prefetch
from training.networks.detection import DEVIATION, MEAN
from training.networks.embedding import HEIGHT, WIDTH

MARGIN = 0.2  # of a box's side, kept around it for shifted views
TALLEST = 256  # pixels of a box as it is kept
TEACHER = "give a re-identification model: crops (N, 3, H, W) -> vectors (N, D)"


@dataclass(frozen=True)
class Variation:
    """How crops are varied.

    shift, stretch: how far a box is moved and scaled at most, share of its sides. colour: as in `Augmentation`.
    erase: share of views of which a rectangle is covered (Zhong et al., "Random erasing data augmentation", 2020).
    """

    shift: float = 0.08
    stretch: float = 0.10
    colour: float = 0.4
    blur: float = 0.1
    erase: float = 0.15


class Batch(NamedTuple):
    """What one step learns from.

    crops: ``(N, 3, H, W)`` RGB, normalised. identities, sources: ``(N,)``. teacher: ``(N, E)`` unit, or None.
    """

    crops: torch.Tensor
    identities: torch.Tensor
    sources: torch.Tensor
    teacher: torch.Tensor | None


class Cut(NamedTuple):
    """A crop in memory: an image ``(h, w, 3)`` BGR and where in it the box is, xyxy pixels ``(4,)``."""

    image: Image
    box: Floats


def read_cuts(crops: Sequence[Crop]) -> list[Cut]:
    """All crops with a margin around them. Raises InputError for a picture that cannot be read or shows no such box."""
    cuts: list[Cut | None] = [None] * len(crops)
    picture, path = None, None
    for index in sorted(range(len(crops)), key=lambda at: crops[at].picture):  # each picture is read once
        crop = crops[index]
        if crop.picture != path:
            with codec_messages():
                path, picture = crop.picture, cv2.imread(str(crop.picture), cv2.IMREAD_COLOR_BGR)
        if picture is None:
            raise InputError(crop.picture, "is not a picture that can be read", "mend or remove it")
        cuts[index] = _cut(np.asarray(picture, dtype=np.uint8), crop)
    return [cut for cut in cuts if cut is not None]


def _cut(picture: Image, crop: Crop) -> Cut:
    height, width = picture.shape[:2]
    box = np.array(crop.box or (0, 0, width, height), dtype=np.float64)
    size = np.tile(box[2:] - box[:2], 2)
    outer = box + MARGIN * size * [-1, -1, 1, 1]
    x1, y1 = np.clip(np.floor(outer[:2]), 0, [width, height]).astype(int)
    x2, y2 = np.clip(np.ceil(outer[2:]), 0, [width, height]).astype(int)
    if x2 - x1 < 2 or y2 - y1 < 2:
        raise InputError(crop.picture, f"is {width}x{height} and does not show the box {crop.box}", "mend its labels")
    part, box = picture[y1:y2, x1:x2], box - [x1, y1, x1, y1]
    smaller = min(1.0, TALLEST / size[1])
    if smaller < 1:
        whole = max(2, round((x2 - x1) * smaller)), max(2, round((y2 - y1) * smaller))
        box = box * np.tile([whole[0] / (x2 - x1), whole[1] / (y2 - y1)], 2)
        part = np.asarray(cv2.resize(part, whole, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return Cut(part.copy(), box)


def jitter(box: Floats, how: Variation, rng: np.random.Generator) -> Floats:
    """A box ``(4,)`` as a detector might have found it."""
    middle, size = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
    middle = middle + rng.uniform(-how.shift, how.shift, 2) * size
    size = size * np.exp(rng.uniform(-how.stretch, how.stretch, 2))
    return np.concatenate([middle - size / 2, middle + size / 2])


def render_crop(cut: Cut, box: Floats, height: int = HEIGHT, width: int = WIDTH, mirrored: bool = False) -> Image:
    """What a box of a cut shows ``(height, width, 3)``; beyond the picture its border goes on."""
    scale = np.array([width, height]) / (box[2:] - box[:2])
    shift = (scale - 1) / 2 - box[:2] * scale  # OpenCV counts from the middle of the first pixel
    matrix = np.array([[scale[0], 0, shift[0]], [0, scale[1], shift[1]]])
    seen = cv2.warpAffine(cut.image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    picture = np.asarray(seen, dtype=np.uint8)
    return np.asarray(picture[:, ::-1]) if mirrored else picture


def erased(picture: Image, rng: np.random.Generator) -> Image:
    """The picture with a rectangle of a plain colour over it, as if something stood in front."""
    height, width = picture.shape[:2]
    h, w = int(height * rng.uniform(0.15, 0.45)), int(width * rng.uniform(0.25, 0.8))
    y, x = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    covered = np.array(picture)
    covered[y : y + h, x : x + w] = rng.integers(0, 256, 3)
    return covered


def normalised(pictures: Sequence[Image]) -> np.ndarray:
    """Pictures ``(H, W, 3)`` BGR -> ``(N, 3, H, W)`` float32 RGB, normalised as for ImageNet."""
    stack = np.stack(pictures)[..., ::-1].astype(np.float32)
    return np.ascontiguousarray(
        ((stack - np.array(MEAN, np.float32)) / np.array(DEVIATION, np.float32)).transpose(0, 3, 1, 2)
    )


class Teacher:
    """A larger re-identification model, which says how alike crops are. Raises InputError when it is none."""

    def __init__(self, path: Path) -> None:
        self._session = open_session(path, "cpu", threads=1)
        inputs = self._session.get_inputs()
        shape = inputs[0].shape if len(inputs) == 1 else []
        if len(shape) != 4 or shape[1] != 3 or not all(isinstance(side, int) for side in shape[2:]):
            raise InputError(path, f"takes inputs of the shapes {[each.shape for each in inputs]}", TEACHER)
        self._input, self.height, self.width = inputs[0].name, int(shape[2]), int(shape[3])
        self._batch = shape[0] if isinstance(shape[0], int) else 1
        answer = self([np.zeros((self.height, self.width, 3), np.uint8)])
        if answer.ndim != 2:
            raise InputError(path, f"answers in the shape {answer.shape}, not with vectors", TEACHER)
        self.dimension = answer.shape[1]

    def __call__(self, pictures: Sequence[Image]) -> np.ndarray:
        """Unit vectors ``(N, E)`` of pictures ``(height, width, 3)`` BGR."""
        blank = np.zeros((self.height, self.width, 3), np.uint8)
        answers = []
        for start in range(0, len(pictures), self._batch):
            part = list(pictures[start : start + self._batch])
            filled = part + [blank] * (self._batch - len(part))
            answers.append(self._session.run(None, {self._input: normalised(filled)})[0][: len(part)])
        vectors = np.concatenate(answers)
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


class Views:
    """Endless batches of views of crops.

    views: how many different boxes of each crop are shown, so that the teacher looks at each only once; 0 for no end.
    Batch n of a seed is always the same, so a run that resumes goes on with the batches it would have had.
    """

    def __init__(
        self,
        crops: Sequence[Crop],
        seed: int,
        size: int,
        how: Variation,
        teacher: Teacher | None = None,
        views: int = 8,
    ) -> None:
        self.crops, self.seed, self.size, self.how = crops, seed, size, how
        self.teacher, self._views = teacher, views if teacher else 0
        self._cuts = read_cuts(crops)
        self._taught: dict[tuple[int, int], np.ndarray] = {}
        self._sampler = CropSampler(crops)

    def batches(self, first: int) -> Iterator[Batch]:
        """Batches from number `first` on, made ahead of time in a thread."""
        return prefetch(self.batch, first, "views")

    def batch(self, number: int) -> Batch:
        """Batch `number`."""
        rng = np.random.default_rng((self.seed, number))
        chosen = self._sampler.draw(self.size, rng)
        pictures, taught = [], []
        for at in chosen.tolist():
            view = int(rng.integers(self._views or 2**31))
            box, mirrored = self._view(at, view)
            picture = render_crop(self._cuts[at], box, mirrored=mirrored)
            pictures.append(self._varied(picture, rng))
            if self.teacher:
                taught.append(self._teach(self.teacher, at, view))
        crops = [self.crops[at] for at in chosen.tolist()]
        return Batch(
            torch.from_numpy(normalised(pictures)).contiguous(memory_format=torch.channels_last),
            torch.tensor([crop.identity for crop in crops]),
            torch.tensor([crop.source for crop in crops]),
            torch.from_numpy(np.stack(taught)).float() if taught else None,
        )

    def _view(self, at: int, view: int) -> tuple[Floats, bool]:
        rng = np.random.default_rng(
            (self.seed, self.crops[at].identity, view, self._sampler.turn[at])
        )  # whoever is held back
        return jitter(self._cuts[at].box, self.how, rng), bool(rng.random() < 0.5)

    def _varied(self, picture: Image, rng: np.random.Generator) -> Image:
        light = Augmentation(colour=self.how.colour, grey=0.0, blur=self.how.blur)
        picture = recoloured(picture, light, rng)
        return erased(picture, rng) if rng.random() < self.how.erase else picture

    def _teach(self, teacher: Teacher, at: int, view: int) -> np.ndarray:
        """What the teacher says of a view: of its own size, without the changes of colour."""
        if (at, view) not in self._taught:
            box, mirrored = self._view(at, view)
            picture = render_crop(self._cuts[at], box, teacher.height, teacher.width, mirrored)
            self._taught[at, view] = teacher([picture])[0].astype(np.float16)
        return self._taught[at, view]
