"""The files that a run leaves: read back by other programs' eyes."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from detectors import Frame, InputError
from tests import scenes
from tests.conftest import MakeVideo
from tracker.association.tracks import Tracks
from tracker.writers.audio import AudioTrack
from tracker.writers.h264 import VideoFormat
from tracker.writers.jsonl import JsonlWriter
from tracker.writers.mot import MotWriter
from tracker.writers.quality import rate_factor
from tracker.writers.stats import peak_rss_mb, write_stats
from tracker.writers.video import VideoWriter

NOTHING = np.empty((0, 0, 3), np.uint8)


def tracks_of(*rows: tuple[int, list[float], float, int]) -> Tracks:
    """Tracks of (id, box, score, class id)."""
    count = len(rows)
    return Tracks(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.float64).reshape(-1, 4),
        np.array([row[2] for row in rows], np.float64),
        np.array([row[3] for row in rows], np.int64),
        np.zeros(count),
        np.zeros(count),
    )


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


@pytest.mark.parametrize(("name", "codec", "kept"), [("a.mp4", "aac", True), ("a.avi", "pcm_s16le", False)])
def test_sound_is_copied_or_encoded(tmp_path: Path, make_video: MakeVideo, name: str, codec: str, kept: bool) -> None:
    times = [index / 25 for index in range(50)]
    source = make_video(name, times, sound=codec, codec="libx264" if kept else "mjpeg")
    path = tmp_path / "out.mp4"
    write_video(path, times, audio=source)
    with av.open(str(path)) as output, av.open(str(source)) as original:
        stream, before = output.streams.audio[0], original.streams.audio[0]
        assert stream.codec_context.name == "aac"
        assert float(stream.duration * stream.time_base) == pytest.approx(2.0, abs=0.15)
        if kept:
            written = [bytes(packet) for packet in output.demux(stream) if packet.size]
            assert written == [bytes(packet) for packet in original.demux(before) if packet.size and packet.pts >= 0]


def test_sound_of_a_part_starts_with_its_picture(tmp_path: Path, make_video: MakeVideo) -> None:
    source = make_video("a.mp4", [index / 25 for index in range(100)], sound="aac")
    path = tmp_path / "out.mp4"
    write_video(path, [2 + index / 25 for index in range(25)], audio=source)
    with av.open(str(path)) as output:
        video, sound = output.streams.video[0], output.streams.audio[0]
        assert video.start_time == 0
        assert float(sound.duration * sound.time_base) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(
    ("name", "sound", "written"),
    [
        ("a.mkv", "ac3", "ac3"),
        ("a.ts", "aac", "aac"),
        ("a.mkv", "flac", "flac"),
        ("a.mkv", "pcm_s16le", "aac"),
        ("a.mkv", "mp2", "aac"),
    ],
)
def test_sound_of_every_kind_stays_in_step(
    tmp_path: Path, make_video: MakeVideo, name: str, sound: str, written: str
) -> None:
    times = [index / 25 for index in range(50)]
    source = make_video(name, times, sound=sound)
    path = tmp_path / "out.mp4"
    write_video(path, times, audio=source)
    with av.open(str(path)) as output:
        stream = output.streams.audio[0]
        assert stream.codec_context.name == written
        heard = [float(packet.pts * stream.time_base) for packet in output.demux(stream) if packet.pts is not None]
    assert heard == sorted(heard)
    assert abs(heard[0]) < 0.05  # an encoder runs in for a frame or two of its own
    assert heard[-1] == pytest.approx(2.0, abs=0.12)
    with av.open(str(path)) as output:
        shown = [float(frame.pts * frame.time_base) for frame in output.decode(video=0)]
    assert shown == pytest.approx(times, abs=1e-9)


def test_sound_that_starts_late_starts_late(tmp_path: Path, make_video: MakeVideo) -> None:
    times = [index / 25 for index in range(50)]
    source, late = make_video("a.mp4", times, sound="aac"), tmp_path / "late.mp4"
    with av.open(str(source)) as before, av.open(str(late), "w") as after:
        streams = [after.add_stream_from_template(stream) for stream in before.streams]
        for packet in before.demux():
            if packet.dts is not None:
                if packet.stream.type == "audio":
                    packet.pts, packet.dts = packet.pts + 48000, packet.dts + 48000
                packet.stream = streams[packet.stream.index]
                after.mux(packet)
    write_video(tmp_path / "out.mp4", times, audio=late)
    with av.open(str(tmp_path / "out.mp4")) as output:
        stream = output.streams.audio[0]
        first = next(packet.pts for packet in output.demux(stream) if packet.pts is not None)
        assert float(first * stream.time_base) == pytest.approx(1.0, abs=0.1)


def test_sound_that_cannot_be_taken_is_a_warning(
    tmp_path: Path, make_video: MakeVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: AudioTrack, seconds: float) -> None:
        raise av.error.InvalidDataError(1, "damaged")

    monkeypatch.setattr(AudioTrack, "copy_until", fail)
    times = [index / 25 for index in range(30)]
    source = make_video("a.mp4", times, sound="aac")
    with VideoWriter(tmp_path / "out.mp4", VideoFormat(Fraction(25), Fraction(1, 1000)), source) as writer:
        for picture, time in zip(scenes.render(scenes.CROSSING, 30), times, strict=True):
            writer.write(picture, time)
    assert len(writer.warnings) == 1
    assert "a.mp4: the sound could not be taken along" in writer.warnings[0]
    with av.open(str(tmp_path / "out.mp4")) as output:
        assert sum(1 for _ in output.decode(video=0)) == 30


def test_an_unexpected_error_in_the_encoding_thread_is_told_and_hangs_nothing(tmp_path: Path) -> None:
    def write() -> None:
        with VideoWriter(tmp_path / "out.mp4", VideoFormat(Fraction(25), Fraction(1, 25)), depth=1) as writer:
            for index in range(20):
                writer.write(np.zeros((24, 32, 3 if index < 3 else 7), np.uint8), index / 25)

    with pytest.raises(InputError, match=r"out\.mp4: cannot be written"):
        write()


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


def test_mot_lines_are_left_top_width_height(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with MotWriter(path) as writer:
        writer.write(Frame(NOTHING, 1, 0.0), tracks_of())
        writer.write(Frame(NOTHING, 2, 0.1), tracks_of((3, [10, 20, 40, 80], 0.75, 0), (1, [0, 0, 5.5, 6.25], 1, 0)))
        assert path.read_text().splitlines() == [
            "2,3,10.00,20.00,30.00,60.00,0.7500,-1,-1,-1",
            "2,1,0.00,0.00,5.50,6.25,1.0000,-1,-1,-1",
        ], "readable while it is still open"


def test_jsonl_has_a_line_a_frame(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with JsonlWriter(path, {2: "Auto é"}) as writer:
        writer.write(Frame(NOTHING, 1, 0.0), tracks_of())
        writer.write(Frame(NOTHING, 2, 1 / 3), tracks_of((7, [1, 2, 3, 4], 0.5, 2), (8, [1, 2, 3, 4], 0.5, 5)))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert lines[0] == {"index": 1, "time": 0.0, "tracks": []}
    assert lines[1]["time"] == pytest.approx(1 / 3, abs=1e-6)
    assert lines[1]["tracks"] == [
        {"id": 7, "class": "Auto é", "score": 0.5, "box": [1.0, 2.0, 3.0, 4.0]},
        {"id": 8, "class": "5", "score": 0.5, "box": [1.0, 2.0, 3.0, 4.0]},
    ]


def test_a_full_device_is_named() -> None:
    device = Path("/dev/full")
    if not device.exists():
        pytest.skip("this system has no /dev/full")
    with MotWriter(device) as writer, pytest.raises(InputError, match="/dev/full: cannot be written: No space left"):
        writer.write(Frame(NOTHING, 1, 0.0), tracks_of((1, [0, 0, 1, 1], 1, 0)))


def test_stats_are_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    write_stats(path, {"frames": 3})
    assert json.loads(path.read_text()) == {"frames": 3}
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(InputError, match="cannot be written"):
        write_stats(tmp_path / "missing" / "stats.json", {})


def test_peak_memory_is_that_of_a_python_process() -> None:
    peak = peak_rss_mb()
    assert peak is None or 20 < peak < 50_000


@pytest.mark.parametrize(
    ("quality", "factor"), [("low", 28), ("medium", 22), ("high", 16), (0, 40), ("100", 10), (50.0, 25)]
)
def test_quality_in_words_and_numbers(quality: str | float, factor: float) -> None:
    assert rate_factor(quality) == pytest.approx(factor)


def test_better_quality_is_a_larger_file_nearer_to_the_picture(tmp_path: Path) -> None:
    sizes, errors = [], []
    pictures = list(scenes.render(scenes.CROSSING, 20))
    for quality in ("low", "medium", "high"):
        path = tmp_path / f"{quality}.mp4"
        with VideoWriter(path, VideoFormat(Fraction(25), Fraction(1, 25), crf=rate_factor(quality))) as writer:
            for index, picture in enumerate(pictures):
                writer.write(picture, index / 25)
        sizes.append(path.stat().st_size)
        with av.open(str(path)) as container:
            shown = [frame.to_ndarray(format="bgr24").astype(int) for frame in container.decode(video=0)]
        errors.append(np.mean([np.abs(a - b).mean() for a, b in zip(shown, pictures, strict=True)]))
    assert sizes[0] < sizes[1] < sizes[2]
    assert errors[0] > errors[1] > errors[2]
    assert errors[1] < 5  # grey levels of 255
