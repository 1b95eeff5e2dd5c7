"""Whole runs that hide objects: nobody is shown in any picture that comes out, and sound and times stay."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.privacy.uncovered_frames import count_uncovered, uncovered
from detectors import InputError
from detectors.base import Detections, Image
from tests.conftest import MakeVideo
from tracker.privacy.cover import cover_of
from tracker.privacy.hide import hide
from tracker.privacy.policy import Manner
from tracker.run.track import track
from tracker.sources import open_source


class Patch:
    """Finds the noisy patch of `scene` in nine of ten frames."""

    class_names = {0: "person"}  # noqa: RUF012
    name = "patch"

    def __init__(self) -> None:
        self.frame = 0

    def __call__(self, picture: Image) -> Detections:
        self.frame += 1
        columns = np.flatnonzero(picture[:, :, 0].astype(int).std(axis=0) > 20)
        if not len(columns) or self.frame % 10 == 0:
            return Detections.empty()
        return Detections([[columns[0], 60, columns[-1] + 1, 180]], [0.9])  # type: ignore[arg-type]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A patch of noise, 60 x 120 pixels, that goes 3 pixels to the right each frame."""
    noise = np.random.default_rng(0).integers(0, 256, (120, 60, 3), dtype=np.uint8)
    noise = noise.repeat(4, axis=0).repeat(4, axis=1)[:120, :60]
    (tmp_path / "frames").mkdir()
    import cv2

    for frame in range(40):
        picture = np.full((240, 320, 3), 110, np.uint8)
        picture[60:180, 60 + 3 * frame : 120 + 3 * frame] = noise
        cv2.imwrite(str(tmp_path / "frames" / f"{frame:03}.png"), picture)
    return tmp_path / "frames"


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize("option", ["blur", "pixelate"])
def test_nobody_is_made_out_in_the_frames_and_the_file(clip: Path, tmp_path: Path, offline: bool, option: str) -> None:
    path = tmp_path / "out.mp4"
    options = {"detector": Patch(), "appearance": "none", "offline": offline, "draw": "none", "output": path}
    given = [frame.image for frame, _ in track(clip, **options, **{option: "person"})]
    written = [frame.image for frame in open_source(path).frames]
    assert len(given) == len(written) == 40
    for number, (one, other) in enumerate(zip(given, written, strict=True)):
        left = 60 + 3 * number
        for picture in (one, other):
            patch = picture[60:180, left : left + 60].astype(int)
            assert np.abs(np.diff(patch, axis=1)).mean() < 12, number
        assert (one[:40] == 110).all(), "nothing else changes"


def test_the_spared_are_shown_and_the_others_not(clip: Path) -> None:
    options = {"detector": Patch(), "appearance": "none", "offline": True, "blur": "all"}
    for more, shown in (({"except_": "1"}, True), ({"only": [1]}, False), ({"only": "2"}, True)):
        *_, (frame, tracks), _ = track(clip, **options, **more)
        assert tracks.track_ids.tolist() == [1]
        patch = frame.image[60:180, 174:234].astype(int)
        assert (np.abs(np.diff(patch, axis=1)).mean() > 12) == shown


def test_sound_and_times_stay(make_video: MakeVideo, tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.08, 0.2, 0.24, 0.4, 0.44]
    source, path = make_video("a.mp4", times, sound="aac"), tmp_path / "out.mp4"
    list(track(source, detector="motion", appearance="none", blur="all", output=path))
    with av.open(str(path)) as output, av.open(str(source)) as original:
        packets = [[bytes(p) for p in each.demux(each.streams.audio[0]) if p.size] for each in (output, original)]
    assert packets[0] == packets[1]
    assert [frame.time for frame in open_source(path).frames] == pytest.approx(times, abs=1e-3)


def test_classes_that_the_detector_lacks_are_told_before_a_file_is_touched(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--blur dog: patch does not know it"):
        next(track(clip, detector=Patch(), blur="dog", output=tmp_path / "out.mp4"))
    assert not (tmp_path / "out.mp4").exists()


def test_the_benchmark_tells_covered_from_uncovered(crossing: Path) -> None:
    found = count_uncovered(crossing, "all", offline=False, detector="motion")
    assert found.before > 0.9 * found.boxes > 0
    assert found.shown == 0
    picture = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    box, after = np.array([60.0, 40, 120, 200]), picture.copy()
    hide(after, [cover_of(Manner("blur", head=True), box)])
    assert uncovered(picture[:, :, 0], after[:, :, 0], box), "a face alone"
    assert not uncovered(picture[:, :, 0], after[:, :, 0], np.array([60.0, 40, 120, 75]))
