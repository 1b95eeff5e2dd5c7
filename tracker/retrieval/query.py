"""What is looked for: an object in a picture, or a track of a video."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from detectors import load_detector
from detectors.base import Bools, Floats, Frame, Image
from detectors.boxes import nms
from detectors.errors import InputError
from tracker.appearance.embedder import Embedder
from tracker.retrieval.gallery import Gallery, GalleryTrack, Vectors
from tracker.retrieval.ranking import not_the_same
from tracker.sources.images import read_image
from tracker.view.best_crops import cut_out

TRACK = re.compile(r"(.+):([0-9]{1,12})")
PICTURES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
SURE = 0.4  # score of a detection that is certainly one
OVERLAP = 0.6  # IoU up to which two detections are two objects


@dataclass(frozen=True, eq=False)
class Query:
    """vectors: ``(K, D)``. view: a JPEG as base64. track: what it is, None for a picture. left_out: tracks that it is
    not, None for none. note: what a person should know, "" for nothing. box: in the picture, xyxy pixels.
    """

    name: str
    vectors: Vectors
    view: str
    track: GalleryTrack | None = None
    left_out: Bools | None = None
    note: str = ""
    box: list[float] = field(default_factory=list)


def is_picture(text: str) -> bool:
    """Whether a query is a picture rather than a track."""
    return Path(text).suffix.lower() in PICTURES or Path(text).is_file()


def of_track(text: str, gallery: Gallery) -> Query:
    """The query VIDEO:ID. Raises InputError."""
    named = TRACK.fullmatch(text)
    if named is None:
        raise InputError(
            text, "is neither a picture nor a track", "give PICTURE, or VIDEO:ID with a video's name and a number"
        )
    place = gallery.find(named[1], int(named[2]))
    track = gallery.tracks[place]
    return Query(text, gallery.of(place), track.view, track, not_the_same(gallery.tracks, place))


def of_picture(path: Path, embedder: Embedder, box: Floats | None) -> Query:
    """The object in a picture. box: ``(4,)`` xyxy pixels of it; None for the largest person or vehicle, and where there
    is none, for the whole picture. Raises InputError.
    """
    image = _read(path)
    whole = np.array([0.0, 0.0, image.shape[1], image.shape[0]])
    note = ""
    if box is None:
        boxes = _objects(image, embedder)
        box = boxes[0] if len(boxes) else whole
        if len(boxes) > 1:
            note = f"{path}: the largest of {len(boxes)} is taken; --box X1,Y1,X2,Y2 chooses another"
    elif (box[:2] >= whole[2:]).any() or (box[2:] <= 0).any() or (box[2:] <= box[:2]).any():
        raise InputError(
            "--box", f"lies outside the picture ({image.shape[1]}x{image.shape[0]})", "give x1,y1,x2,y2 in pixels"
        )
    vectors = embedder(Frame(image, 1, 0.0), box[None]).astype(np.float32)
    view = cv2.imencode(".jpg", cut_out(image, box))[1].tobytes()
    return Query(
        str(path), vectors, base64.b64encode(view).decode(), note=note, box=[round(float(edge), 1) for edge in box]
    )


def _objects(image: Image, embedder: Embedder) -> Floats:
    """Boxes ``(N, 4)`` of the objects that the embedder knows, the largest first."""
    detector = load_detector()
    found = detector(Frame(image, 1, 0.0))
    if not detector.suppressed:
        found = found[nms(found.boxes, found.scores, OVERLAP, found.class_ids)]
    names = [detector.class_names.get(class_id, "") for class_id in found.class_ids.tolist()]
    known = [embedder.class_names is None or name in embedder.class_names for name in names]
    boxes = found.boxes[np.array(known, bool) & (found.scores >= SURE)]
    return np.asarray(boxes[np.argsort(-np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), kind="stable")])


def _read(path: Path) -> Image:
    image = read_image(path)
    if image is None:
        why = "is no picture that can be read" if path.is_file() else "no such file"
        raise InputError(path, why, "give a JPEG or PNG file")
    return image
