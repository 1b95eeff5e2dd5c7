"""The annotated video: read back with other programs, full disks, odd sizes, colours."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from detectors import InputError
from tests import scenes
from tracker.writers.h264 import VideoFormat
from tracker.writers.mot import MotWriter
from tracker.writers.video import VideoWriter


def write_video(path: Path, times: list[float], size: tuple[int, int] = (320, 240), audio: Path | None = None) -> None:
    with VideoWriter(path, VideoFormat(Fraction(25), Fraction(1, 1000)), audio) as writer:
        for picture, time in zip(scenes.render(scenes.CROSSING, len(times)), times, strict=True):
            writer.write(picture[: size[1], : size[0]], time)


def boxes_of(path: Path) -> list[str]:
    """Names of an mp4's outermost boxes, in order."""
    data, at, names = path.read_bytes(), 0, []
    while at < len(data):
        names.append(data[at + 4 : at + 8].decode("latin-1"))
        at += int.from_bytes(data[at : at + 4], "big") or len(data)
    return names


def test_video_is_h264_yuv420p_with_its_index_in_front(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    times = [0.0, 0.04, 0.2, 0.21, 0.5, 1.1, 1.14]
    write_video(path, times)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        decoded = [float(frame.pts * stream.time_base) for frame in container.decode(stream)]
    assert decoded == pytest.approx(times, abs=1e-9)
    names = boxes_of(path)
    assert names.index("moov") < names.index("mdat")
    assert "moof" not in names
    assert not list(tmp_path.glob(".*"))


def test_video_shows_the_pictures_in_their_colours(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    colours = [(200, 30, 30), (30, 180, 30), (40, 40, 220), (128, 128, 128)]
    with VideoWriter(path, VideoFormat(Fraction(25), Fraction(1, 25))) as writer:
        for index, colour in enumerate(colours):
            writer.write(np.full((120, 160, 3), colour, np.uint8), index / 25)
    with av.open(str(path)) as container:
        for frame, colour in zip(container.decode(video=0), colours, strict=True):
            shown = frame.to_ndarray(format="bgr24")[60, 80].astype(int)
            assert np.abs(shown - colour).max() <= 6


@pytest.mark.parametrize("size", [(321 - 2, 240), (320, 239), (161, 97)])
def test_odd_sizes_grow_by_one_row_or_column(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "out.mp4"
    write_video(path, [0.0, 0.04, 0.08], size)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height) == (size[0] + size[0] % 2, size[1] + size[1] % 2)


def test_an_unexpected_error_in_the_encoding_thread_is_told_and_hangs_nothing(tmp_path: Path) -> None:
    def write() -> None:
        with VideoWriter(tmp_path / "out.mp4", VideoFormat(Fraction(25), Fraction(1, 25)), depth=1) as writer:
            for index in range(20):
                writer.write(np.zeros((24, 32, 3 if index < 3 else 7), np.uint8), index / 25)

    with pytest.raises(InputError, match=r"out\.mp4: cannot be written"):
        write()


def test_where_nothing_could_be_encoded_no_file_stays(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "out.mp4", VideoFormat(Fraction(25), Fraction(1, 25)))
    writer.write(np.zeros((24, 32, 7), np.uint8), 0.0)
    with pytest.raises(InputError, match=r"out\.mp4: cannot be written"):
        writer.close()
    assert list(tmp_path.iterdir()) == []


def test_names_with_a_colon_are_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        write_video(Path("12:30:00.mp4"), [0.0, 0.04])
    except InputError:
        pytest.skip("this file system takes no colons")
    assert (tmp_path / "12:30:00.mp4").stat().st_size > 500


def test_video_file_plays_before_it_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    writer = VideoWriter(path, VideoFormat(Fraction(25), Fraction(1, 25)), depth=1)
    try:
        for index, picture in enumerate(scenes.render(scenes.CROSSING, 110)):
            writer.write(picture, index / 25)
        snapshot = tmp_path / "killed.mp4"
        snapshot.write_bytes(path.read_bytes())
    finally:
        writer.close()
    with av.open(str(snapshot)) as container:
        decoded = sum(1 for _ in container.decode(video=0))
    assert decoded >= 110 - 50  # all but the last two seconds


def test_no_frames_leave_no_file(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "out.mp4", VideoFormat(Fraction(25), Fraction(1, 25))), MotWriter(tmp_path / "out.txt"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_clear_error_and_leaves_a_file_that_plays(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="limits on file sizes are a Unix thing")
    signal = pytest.importorskip("signal")
    limits, before = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    path = tmp_path / "out.mp4"
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, limits[1]))
    try:
        with pytest.raises(InputError, match=r"out\.mp4: cannot be written"):
            write_video(path, [index / 25 for index in range(110)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).width == 320
    assert _last_box_ends(path) == path.stat().st_size


def _last_box_ends(path: Path) -> int:
    """Where the last of the outermost boxes says that it ends."""
    data, end = path.read_bytes(), 0
    while end < len(data):
        end += int.from_bytes(data[end : end + 4], "big")
    return end
