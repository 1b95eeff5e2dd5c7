"""The speed of a car in car-detection.mp4, calibrated by its own length and width, beside what its length tells.

usage: python -m benchmarks.answers.car CLIP --detector MODEL

car.json has the horizon, where the sides of the red car's path meet, and two lengths of that car, a Toyota Corolla of
2009: 1.76 m across and 4.54 m along. How fast it was is also told by how long it took to pass a row of the picture: its
front and its rear, by eye. The front's upper edge, some 0.7 m above the ground, is seen as if it were farther on by
about 0.9 m, so the truth lies between the length without and with that.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.tables import print_circumstances, print_table
from detectors import InputError
from tracker.run.track import track

CALIBRATION = Path(__file__).parent / "car.json"
LENGTH, RAISED = 4.54, 0.93  # metres
PASSAGE = 16.08, 17.67  # seconds at which the red car's front and rear pass row 206
LEAST = 8  # frames with a speed


def speeds(clip: Path, detector: str) -> list[list[str]]:
    """A row for each track: when, and its median speed and error."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "car.jsonl"
        for _ in track(clip, detector=detector, calibrate=CALIBRATION, jsonl=lines):
            pass
        frames = [json.loads(line) for line in lines.read_text().splitlines()]
    found: dict[int, list[tuple[float, float, float]]] = {}
    for frame in frames:
        for each in frame["tracks"]:
            if "kmh" in each and "metres" in each:
                found.setdefault(each["id"], []).append((frame["time"], each["kmh"], each["kmh_error"]))
    rows = []
    for track_id, numbers in found.items():
        if len(numbers) >= LEAST:
            times, kmh, errors = np.array(numbers).T
            middle = f"{np.median(kmh):.1f}", f"{np.median(errors):.1f}", f"{kmh.min():.1f} to {kmh.max():.1f}"
            rows.append([str(track_id), f"{times[0]:.1f} to {times[-1]:.1f} s", *middle, by_length(times)])
    return rows


def by_length(times: np.ndarray) -> str:
    """What the red car's length tells, if a track was there when it passed."""
    front, rear = PASSAGE
    if not times[0] < rear < times[-1]:
        return ""
    low, high = (3.6 * metres / (rear - front) for metres in (LENGTH, LENGTH + RAISED))
    return f"{low:.1f} to {high:.1f}"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path, metavar="CLIP")
    parser.add_argument("--detector", default="motion", metavar="MODEL")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    arguments = parser.parse_args()
    print_circumstances()
    try:
        rows = speeds(arguments.clip, arguments.detector)
    except InputError as error:
        sys.exit(f"error: {error}")
    headings = ("track", "when", "km/h, median", "error told", "range", "by its length, km/h")
    print_table("cars", headings, [rows], arguments.markdown)


if __name__ == "__main__":
    main()
