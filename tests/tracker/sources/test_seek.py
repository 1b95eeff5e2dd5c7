"""Reading that begins in the middle: the same frames, with the numbers, times and pictures that they have anyway."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from detectors.base import Frame, Image
from tests import scenes
from tracker import track
from tracker.motion.cuts import mark_cuts
from tracker.sources import Source, open_source, seek, video

FRAMES = 120
Make = Callable[..., Path]
EVEN = [index / 25 for index in range(FRAMES)]
UNEVEN = np.cumsum(np.tile([0.04, 0.02, 0.1, 0.04], FRAMES // 4)).round(3).tolist()
SLOWER = np.cumsum([0.02] * 60 + [0.25] * 60).round(3).tolist()
SHORT_GOP = {"g": "12", "bf": "2"}

CLIPS: dict[str, tuple[str, str, Sequence[float], dict[str, str]]] = {
    "b-frames": ("clip.mp4", "libx264", EVEN, SHORT_GOP),
    "open gop": ("clip.mp4", "libx264", EVEN, SHORT_GOP | {"x264-params": "open-gop=1:b-pyramid=normal"}),
    "open gop in matroska": ("clip.mkv", "libx264", EVEN, SHORT_GOP | {"x264-params": "open-gop=1"}),
    "uneven mp4": ("clip.mp4", "libx264", UNEVEN, SHORT_GOP),
    "uneven mkv": ("clip.mkv", "libx264", UNEVEN, SHORT_GOP),
    "ever slower": ("clip.mkv", "libx264", SLOWER, SHORT_GOP),
    "vp9": ("clip.webm", "libvpx-vp9", EVEN, {"g": "12", "cpu-used": "8", "deadline": "realtime"}),
    "transport stream": ("clip.ts", "libx264", EVEN, SHORT_GOP),
    "late": ("late.ts", "libx264", [5 + time for time in EVEN], SHORT_GOP),
    "mpeg-2": ("clip.ts", "mpeg2video", EVEN, SHORT_GOP),
    "mpeg-4 in avi": ("clip.avi", "mpeg4", EVEN, {"g": "12"}),
    "mpeg-4 in mp4": ("clip.mp4", "mpeg4", EVEN, SHORT_GOP),
}
IN_DOUBT: dict[str, tuple[str, str, Sequence[float], dict[str, str]]] = {
    "one key frame": ("clip.mp4", "libx264", EVEN, {"g": "999", "sc_threshold": "0"}),
    "no stamps": ("clip.h264", "libx264", EVEN, SHORT_GOP),
    "b-frames in avi": ("clip.avi", "mpeg4", EVEN, SHORT_GOP),
    "gaps in avi": ("clip.avi", "mjpeg", [index * 0.12 for index in range(FRAMES)], {}),
}


@pytest.fixture(scope="module")
def pictures() -> list[Image]:
    return list(scenes.render(scenes.CROSSING, FRAMES))


@pytest.fixture
def make(tmp_path: Path, pictures: list[Image]) -> Make:
    def encode(name: str, codec: str, times: Sequence[float], options: dict[str, str]) -> Path:
        with av.open(
            str(tmp_path / name), "w", options={"movflags": "faststart"} if "mp4" in name else {}
        ) as container:
            stream = container.add_stream(codec, rate=25, options=options)
            stream.width, stream.height = scenes.WIDTH, scenes.HEIGHT
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            fixed = codec in ("mjpeg", "mpeg4", "mpeg2video")
            stream.codec_context.time_base = Fraction(1, 25) if fixed else Fraction(1, 1000)
            for picture, time in zip(pictures, times, strict=True):
                frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
                frame.time_base = stream.codec_context.time_base
                frame.pts = round(time / frame.time_base)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return tmp_path / name

    return encode


def columns(frames: Sequence[Frame]) -> list[tuple[int, float, int]]:
    return [(frame.index, frame.time, hash(frame.image.tobytes())) for frame in frames]


def read_from(path: Path, start: float) -> list[Frame]:
    source = open_source(path)
    source.start = start
    return list(source.frames)


def sought_is_read(path: Path, at: Sequence[int]) -> list[int]:
    """Check that reading from these frames on gives what reading all does; returns the first number each time."""
    whole = columns(list(open_source(path).frames))
    begun = []
    for wanted in at:
        for start in (whole[wanted][1], whole[wanted][1] - 1e-4):
            got = columns(read_from(path, start))
            begun.append(got[0][0])
            assert got == whole[begun[-1] - 1 :]
            assert begun[-1] <= max(wanted, 1)  # the frame before it, too
    return begun


@pytest.mark.parametrize("kind", CLIPS)
def test_what_is_sought_is_what_is_read(make: Make, kind: str) -> None:
    path = make(*CLIPS[kind])
    assert len(list(open_source(path).frames)) == FRAMES
    begun = sought_is_read(path, [0, 1, 40, 59, 60, 61, 73, 85, 119])
    assert begun[-2:] == [119, 119]
    assert begun[:4] == [1] * 4
    assert sum(first > 1 for first in begun) >= 12


@pytest.mark.parametrize("kind", IN_DOUBT)
def test_in_doubt_all_is_read(make: Make, kind: str) -> None:
    path = make(*IN_DOUBT[kind])
    begun = sought_is_read(path, [1, 60, len(list(open_source(path).frames)) - 1])
    assert (set(begun) == {1}) == (path.suffix != ".avi")  # of which every key frame is known


def test_a_key_frame_that_shows_too_little_is_not_begun_at(make: Make, pictures: list[Image]) -> None:
    path = make("refresh.ts", "libx264", EVEN, {"g": "25", "bf": "0", "x264-params": "intra-refresh=1"})
    begun = sought_is_read(path, [50, 76, 80, 99, 101, 119])
    assert begun[2:6] == [1] * 4


def test_a_rotated_video_is_sought_upright(make: Make) -> None:
    path = make(*CLIPS["b-frames"])
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40  # the display matrix, as in the test of reading it
    matrix = [0, 1 << 16, 0, -(1 << 16) & 0xFFFFFFFF, 0, 0, 240 << 16, 0, 1 << 30]
    data[at : at + 36] = b"".join(value.to_bytes(4, "big") for value in matrix)
    path.write_bytes(data)
    assert sought_is_read(path, [80]) == [80, 80]
    assert read_from(path, EVEN[80])[0].image.shape == (scenes.WIDTH, scenes.HEIGHT, 3)


def test_a_truncated_video_is_sought_up_to_its_end(make: Make) -> None:
    path = make(*CLIPS["b-frames"])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    count = len(list(open_source(path).frames))
    assert 60 < count < FRAMES
    sought_is_read(path, [40, 70, count - 1])
    behind = read_from(path, 4.6)
    assert all(frame.time < 4.6 for frame in behind)


def test_damage_in_the_middle_does_not_change_what_comes_out(make: Make) -> None:
    path = make("clip.ts", "libx264", EVEN, SHORT_GOP)
    data = bytearray(path.read_bytes())
    gone = len(data) // 3 // 188 * 188
    del data[gone : gone + 188 * 4]  # packets that were lost on the way
    path.write_bytes(data)
    count = len(list(open_source(path).frames))
    assert set(sought_is_read(path, [count // 2, count - 20, count - 1])) == {1}


def test_a_shared_video_is_sought_as_read(shared: Path) -> None:
    at = np.random.default_rng(0).integers(150, 377, 3).tolist()
    assert min(sought_is_read(shared / "videos" / "car-detection.mp4", at)) > 1


def test_a_failed_seek_is_read_from_the_beginning(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(*CLIPS["b-frames"])
    whole = columns(list(open_source(path).frames))
    monkeypatch.setattr(video, "seek", lambda *given: seek.seek(*given) and None)
    assert columns(read_from(path, EVEN[80])) == whole


def test_pictures_of_a_folder_are_not_read_in_vain(tmp_path: Path) -> None:
    for index in range(30):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((24, 32, 3), index, np.uint8))
    whole = columns(list(open_source(tmp_path).frames))
    (tmp_path / "3.png").write_bytes(b"broken")
    for wanted in (10, 11, 29):
        source = open_source(tmp_path)
        source.start = whole[wanted][1]
        frames = columns(list(source.frames))
        assert frames == whole[frames[0][0] - 1 :]
        assert wanted - 1 <= frames[0][0] <= wanted
        assert not source.warnings
    source = open_source(tmp_path)
    source.start = 99.0
    assert list(source.frames) == []


def test_a_run_begins_where_it_is_told_to(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    path, read = make(*CLIPS["b-frames"]), list[int]()
    original = video.VideoFile.frames

    def watched(file: video.VideoFile, source: Source) -> Iterator[Frame]:
        for frame in original(file, source):
            read.append(frame.index)
            yield frame

    monkeypatch.setattr(video.VideoFile, "frames", watched)
    for offline in (False, True):
        read.clear()
        given = [frame for frame, _ in track(path, detector="motion", start=3.2, end=3.6, offline=offline)]
        assert [frame.index for frame in given] == list(range(81, 91))
        assert min(read) >= 79  # a step from the frame before tells whether there is a cut
        assert not any(frame.cut for frame in given)


def test_a_cut_right_where_reading_begins_is_told_as_ever(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    grounds = [cv2.resize(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8), (160, 120)) for _ in range(2)]
    for index in range(40):
        cv2.imwrite(str(tmp_path / f"{index}.png"), grounds[index // 20])
    for wanted, cuts in ((20, [21]), (25, []), (10, [21])):
        source = open_source(tmp_path, frame_rate=10)
        source.start = wanted / 10
        frames = [frame for frame in mark_cuts(source.frames) if frame.time >= wanted / 10]
        assert [frame.index for frame in frames if frame.cut] == cuts


@pytest.mark.parametrize("kind", ["b-frames", "uneven mkv", "vp9", "transport stream"])
def test_a_video_tells_how_long_it_is(make: Make, kind: str) -> None:
    name, codec, times, options = CLIPS[kind]
    assert video.announced_duration(make(name, codec, times, options)) == pytest.approx(times[-1], abs=0.15)


def test_whether_a_video_can_be_sought_is_told(make: Make, tmp_path: Path) -> None:
    assert video.can_seek(make(*CLIPS["b-frames"]), EVEN[80])
    assert not video.can_seek(tmp_path / "clip.mp4", EVEN[10])  # so near its beginning that it is not worth it
    assert not video.can_seek(make(*IN_DOUBT["no stamps"]), EVEN[80])
    (tmp_path / "text.mp4").write_text("no video")
    assert not video.can_seek(tmp_path / "text.mp4", 1.0)
