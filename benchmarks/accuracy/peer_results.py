"""What other trackers reach on sequences that many have measured themselves by.

"measured": run on the same detections with the shipped defaults, and scored with TrackEval, November 2026.
"published": their authors' figures. Motion only, unless a row says what else it had.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

MEASURED, PUBLISHED = "measured", "published"
WHEN = "November 2026"
YOLOX, YOLOV8N = "det/det.txt", "det/yolov8n.txt"  # where a sequence folder keeps the detections


@dataclass(frozen=True)
class Peer:
    """A tracker's figures in percent, and identity switches; None where they are not known.

    also: what it used beside motion. speed: association alone, frames a second, as it was told.
    """

    name: str
    hota: float
    deta: float | None = None
    assa: float | None = None
    mota: float | None = None
    idf1: float | None = None
    idsw: int | None = None
    also: str = ""
    source: str = MEASURED
    speed: str = ""


@dataclass(frozen=True)
class PeerTable:
    """Rows that can be compared: of the same sequences, from the same detections."""

    title: str
    sequences: frozenset[str]
    detections: str
    peers: tuple[Peer, ...]


def _names(pattern: str, numbers: str) -> frozenset[str]:
    return frozenset(pattern + number for number in numbers.split())


SMALL = frozenset({"TUD-Campus", "TUD-Stadtmitte", "KITTI-17"})
DANCERS = (
    "0004 0005 0007 0010 0014 0018 0019 0025 0026 0030 0034 0035 0041 0043 0047 0058 0063 0065 0073 0077 0079 0081"
)

BOARDS = (
    PeerTable(
        "MOT17 second half, 02 05 10 13, YOLOX-X",
        _names("MOT17-", "02 05 10 13"),
        YOLOX,
        (
            Peer("roboflow SORT", 46.6),
            Peer("OC-SORT", 50.9),
            Peer("roboflow C-BIoU", 52.2),
            Peer("ultralytics TrackTrack", 53.1),
            Peer("ultralytics ByteTrack, .6/.7/.9", 53.6),
        ),
    ),
    PeerTable(
        "MOT17 second half, all seven, YOLOX-X",
        _names("MOT17-", "02 04 05 09 10 11 13"),
        YOLOX,
        (
            Peer("roboflow SORT", 62.8, None, 63.6, 69.7, 71.4, 568, speed="380"),
            Peer("roboflow ByteTrack", 64.8, None, 65.2, 74.6, 74.8, 388, speed="380"),
            Peer("roboflow OC-SORT", 66.4, None, 69.0, 74.5, 78.0, 206),
            Peer("roboflow C-BIoU", 67.1, None, 68.1, 77.7, 78.5, 192),
            Peer("ultralytics ByteTrack", 65.8, None, 67.3, 74.7, 76.1, 434, speed="270-370"),
            Peer("ultralytics BoT-SORT", 66.4, None, 68.3, 74.6, 76.7, 419),
            Peer("ultralytics OC-SORT", 66.4, None, 68.0, 75.5, 77.4, 447),
            Peer("ultralytics ByteTrack, .6/.7/.9", 67.7, None, 69.4, 77.8, 79.7, 178),
            Peer("ultralytics TrackTrack", 68.05, None, 70.6, 77.0, 79.8, 192, speed="180"),
            Peer("BoT-SORT", 68.9, mota=78.3, idf1=81.2, also="camera", source=PUBLISHED),
            Peer("boxmot OccluBoost", 71.1, mota=78.5, idf1=85.3, also="camera, appearance", source=PUBLISHED),
        ),
    ),
    PeerTable(
        "DanceTrack, 0004 0019 0035 0063 0094, YOLOX-X",
        _names("dancetrack", "0004 0019 0035 0063 0094"),
        YOLOX,
        (
            Peer("ultralytics ByteTrack", 35.7),
            Peer("ultralytics BoT-SORT", 40.8),
            Peer("roboflow ByteTrack", 42.1),
            Peer("OC-SORT", 42.3),
            Peer("ultralytics TrackTrack", 45.2),
        ),
    ),
    PeerTable(
        "DanceTrack, all 25 of validation, YOLOX-X",
        _names("dancetrack", DANCERS + " 0090 0094 0097"),
        YOLOX,
        (
            Peer("ultralytics ByteTrack", 45.0),
            Peer("ultralytics BoT-SORT", 51.7),
            Peer("roboflow ByteTrack", 51.5),
            Peer("OC-SORT", 51.6),
            Peer("ultralytics TrackTrack", 55.6),
        ),
    ),
    PeerTable(
        "TUD-Campus, TUD-Stadtmitte, KITTI-17, YOLOv8n",
        SMALL,
        YOLOV8N,
        (
            Peer("roboflow ByteTrack", 38.6),
            Peer("ultralytics TrackTrack", 39.9),
            Peer("roboflow SORT", 45.3),
            Peer("norfair", 47.5),
            Peer("ultralytics ByteTrack", 54.0),
            Peer("boxmot ByteTrack", 54.9),
            Peer("deep_sort_realtime", 55.3, also="appearance"),
            Peer("boxmot BoostTrack", 50.1, also="camera, appearance"),
            Peer("boxmot OccluBoost", 37.2, also="camera, appearance"),
            Peer("boxmot BoT-SORT", 35.1, also="camera, appearance"),
        ),
    ),
)


def peer_tables_within(sequences: Collection[str], detections: str) -> list[PeerTable]:
    """The boards whose sequences are all among `sequences`, from the same detections; the largest first."""
    found = [board for board in BOARDS if board.detections == detections and board.sequences <= set(sequences)]
    return sorted(found, key=lambda board: -len(board.sequences))
