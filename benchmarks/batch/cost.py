"""What an hour of video costs: processor time by detector and kind of video."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.batch.annotate_command import command, run, statuses
from benchmarks.tables import print_table
from detectors.cores import available_cores

COPIES = 2  # of a clip for each core, so that starting does not count much
PACE = 25  # frames a second of the video that is reckoned with


def rates(videos: Sequence[Path], folder: Path, detectors: Sequence[str], markdown: bool) -> bool:
    """Whole clips, a job for each core, with each detector in turn."""
    cores = available_cores()
    rows = []
    for number, video in enumerate(videos):
        clips = folder / str(number)
        clips.mkdir()
        for copy in range(COPIES * cores):
            shutil.copyfile(video, clips / f"{copy}{video.suffix}")
        for detector in detectors:
            out = folder / f"{number} {Path(detector).stem}"
            done = run(command([clips], out, "--jobs", str(cores), "--detector", detector))
            if done.status:
                print(done.said)
                return False
            frames = sum(entry.frames for entry in statuses(out))
            spent = done.seconds * done.cores / frames  # processor seconds a frame
            rows.append([video.stem, Path(detector).stem, f"{frames / done.seconds:.0f}", f"{spent * PACE:.2f}"])
    headings = [
        "clip",
        "detector",
        f"frames a second, {cores} cores",
        f"processor hours an hour, {PACE} frames a second",
    ]
    print_table("what it costs", headings, [rows], markdown)
    return True
