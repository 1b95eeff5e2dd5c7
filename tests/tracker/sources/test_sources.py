"""Every kind of source: frames, numbers, times, and what is said of bad ones."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from benchmarks.live.stream_kinds import MjpegServer
from detectors import Frame, InputError
from tests import scenes
from tests.conftest import MakeVideo
from tracker.sources import open_source
from tracker.sources.images import natural_key


def presentation_times(path: Path) -> list[float]:
    """Times of a file's frames from the first on, by another reader than the one under test."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        pts = sorted(packet.pts for packet in container.demux(stream) if packet.pts is not None)
        return [float((value - pts[0]) * stream.time_base) for value in pts]


def write_images(folder: Path, names: list[str], size: tuple[int, int] = (32, 24)) -> Path:
    folder.mkdir(exist_ok=True)
    for value, name in enumerate(names):
        cv2.imwrite(str(folder / name), np.full((size[1], size[0], 3), 20 + value, np.uint8))
    return folder


@pytest.mark.parametrize("name", ["plain.mp4", "plain.mkv", "plain.ts"])
def test_a_video_gives_every_frame_with_its_number_and_time(make_video: MakeVideo, name: str) -> None:
    path = make_video(name)
    source = open_source(path)
    frames = list(source.frames)
    assert [frame.index for frame in frames] == list(range(1, 21))
    assert [frame.time for frame in frames] == pytest.approx(presentation_times(path), abs=1e-9)
    assert (source.width, source.height, source.name) == (320, 240, "plain")
    assert not source.warnings


def test_variable_frame_rate_keeps_its_times(make_video: MakeVideo) -> None:
    times = [0.0, 0.04, 0.2, 0.21, 0.5, 1.1, 1.14]
    source = open_source(make_video("variable.mp4", times))
    assert [frame.time for frame in source.frames] == pytest.approx(times, abs=1e-6)


def test_a_stream_that_starts_late_starts_at_zero(make_video: MakeVideo) -> None:
    source = open_source(make_video("late.ts", [5 + index / 25 for index in range(10)]))
    assert [frame.time for frame in source.frames] == pytest.approx([index / 25 for index in range(10)], abs=1e-6)


def test_a_rotated_video_comes_upright(make_video: MakeVideo, tmp_path: Path) -> None:
    lying = make_video("lying.mp4")
    turned = tmp_path / "turned.mp4"
    data = bytearray(lying.read_bytes())
    # The display matrix of the track header (ISO 14496-12, 8.3.2), from "as it is" to "a quarter turn clockwise".
    at = data.index(b"tkhd") + 4 + 40
    matrix = [0, 1 << 16, 0, -(1 << 16) & 0xFFFFFFFF, 0, 0, 240 << 16, 0, 1 << 30]
    data[at : at + 36] = b"".join(value.to_bytes(4, "big") for value in matrix)
    turned.write_bytes(data)
    upright = open_source(turned)
    assert (upright.width, upright.height) == (240, 320)
    expected = cv2.rotate(next(open_source(lying).frames).image, cv2.ROTATE_90_CLOCKWISE)
    assert np.array_equal(next(upright.frames).image, expected)


def test_a_truncated_video_gives_what_decodes_and_a_warning(make_video: MakeVideo, tmp_path: Path) -> None:
    whole = make_video("whole.mp4", [index / 25 for index in range(100)], options={"movflags": "faststart"})
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    source = open_source(cut)
    count = sum(1 for _ in source.frames)
    assert 10 < count < 90
    assert len(source.warnings) == 1
    assert "cut.mp4" in source.warnings[0]


def test_frames_that_are_lost_in_the_middle_are_told(make_video: MakeVideo, tmp_path: Path) -> None:
    whole = make_video("whole.mp4", [index / 25 for index in range(100)])
    with av.open(str(whole)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.pos is not None and packet.size]
    data = bytearray(whole.read_bytes())
    for packet in packets[40:46]:
        assert packet.pos is not None
        data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    hurt = tmp_path / "hurt.mp4"
    hurt.write_bytes(data)
    source = open_source(hurt)
    count = sum(1 for _ in source.frames)
    assert 90 <= count < 98
    assert source.warnings == [f"{hurt}: only {count} of 100 frames could be decoded (the file is damaged)"]


def test_the_end_is_read_even_if_hardly_anything_is_left(make_video: MakeVideo, tmp_path: Path) -> None:
    whole = make_video("whole.mp4", [index / 25 for index in range(400)], codec="mjpeg")
    with av.open(str(whole)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.pos and packet.size]
    data = bytearray(whole.read_bytes())
    at, size = places[396]
    data[at : at + size] = bytes(size)
    hurt = tmp_path / "hurt.mp4"
    hurt.write_bytes(data)
    assert list(open_source(hurt).frames)[-1].time == pytest.approx(399 / 25)


def test_a_variable_rate_and_an_edit_list_are_no_damage(make_video: MakeVideo, tmp_path: Path) -> None:
    slow = open_source(make_video("slow.mp4", [0.0, 0.04, 0.4, 0.8, 1.2, 3.6]))
    assert (sum(1 for _ in slow.frames), slow.warnings) == (6, [])
    cut = tmp_path / "cut.mp4"  # from the middle of a group of pictures, of which a player shows the second half
    whole = make_video("whole.mp4", [index / 25 for index in range(100)])
    with av.open(str(whole)) as container, av.open(str(cut), "w") as out:
        stream = out.add_stream_from_template(container.streams.video[0])
        for packet in container.demux(video=0):
            if packet.dts is None or packet.pts is None or packet.time_base is None:
                continue
            hidden = round(2 / packet.time_base)
            packet.pts, packet.dts, packet.stream = packet.pts - hidden, packet.dts - hidden, stream
            out.mux(packet)
    source = open_source(cut)
    assert (sum(1 for _ in source.frames), source.warnings) == (50, [])


def test_dropped_frames_of_an_avi_are_no_damage(make_video: MakeVideo) -> None:
    source = open_source(make_video("gaps.avi", [0.0, 0.4, 0.8, 1.2, 1.6], codec="mjpeg"))
    assert sum(1 for _ in source.frames) == 5
    assert not source.warnings


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [("missing.mp4", None, "no such file"), ("empty.mp4", b"", "empty"), ("text.mp4", b"hello\n" * 99, "not a video")],
)
def test_what_is_no_video_is_named(tmp_path: Path, name: str, content: bytes | None, why: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=why) as caught:
        open_source(path)
    assert name in str(caught.value)


def test_a_sound_file_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1600), np.int16), format="s16", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
    with pytest.raises(InputError, match="not a video"):
        open_source(path)


def test_no_such_camera_is_said() -> None:
    with pytest.raises(InputError, match="camera 73: "):
        open_source(73)


def test_no_such_stream_is_said() -> None:
    with pytest.raises(InputError, match="refuses the connection") as caught:
        open_source("http://user:secret@127.0.0.1:9/stream.mjpg")
    assert "http://127.0.0.1:9/stream.mjpg" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_network_stream_gives_frames_until_it_ends() -> None:
    with MjpegServer(lambda: scenes.render(scenes.CROSSING, 30), 25) as server:
        source = open_source(server.url, reconnect=False)
        frames = list(source.frames)
    assert source.live
    assert source.path is None
    assert source.name.endswith("stream.mjpg")
    assert 5 <= len(frames) <= 30
    assert all(frame.image.shape == (scenes.HEIGHT, scenes.WIDTH, 3) for frame in frames)
    assert all(after.time > before.time for before, after in pairwise(frames))


def test_images_come_in_natural_order(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "clip", ["f1.png", "f2.png", "f10.png"])
    (folder / "notes.txt").write_text("not an image")
    source = open_source(folder, frame_rate=10)
    frames = list(source.frames)
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [20, 21, 22]
    assert [frame.time for frame in frames] == pytest.approx([0.0, 0.1, 0.2])
    assert (source.name, source.frame_count) == ("clip", 3)


def test_natural_order_takes_numbers_as_numbers() -> None:
    names = ["b2", "a10", "a9", "a", "10", "9", "a9b10", "a9b9"]
    ordered = [path.name for path in sorted(map(Path, names), key=natural_key)]
    assert ordered == ["9", "10", "a", "a9", "a9b9", "a9b10", "a10", "b2"]


def test_a_damaged_image_is_told_by_name(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "clip", ["1.jpg", "2.jpg", "3.jpg"])
    content = bytearray((folder / "2.jpg").read_bytes())
    (folder / "2.jpg").write_bytes(content[:-2] + bytes(40) + content[-2:])
    source = open_source(folder)
    assert len(list(source.frames)) == 3
    [warning] = source.warnings
    assert re.match(r".*2\.jpg: 1 of 3 images are damaged: Corrupt JPEG data", warning)


def test_a_pattern_selects_images(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "clip", ["left1.png", "left2.png", "right1.png"])
    assert open_source(str(folder / "left*.png")).frame_count == 2
    with pytest.raises(InputError, match="no image matches"):
        open_source(str(folder / "top*.png"))


def test_images_of_another_size_and_broken_ones_are_reported(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "clip", ["1.png", "2.png", "4.png"])
    cv2.imwrite(str(folder / "3.png"), np.zeros((48, 48, 3), np.uint8))
    (folder / "2.png").write_bytes(b"broken")
    source = open_source(folder)
    frames = list(source.frames)
    assert [frame.index for frame in frames] == [1, 3, 4]
    assert {frame.image.shape for frame in frames} == {(24, 32, 3)}
    assert len(source.warnings) == 2


def test_a_folder_without_images_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no images"):
        open_source(tmp_path)


def test_a_folder_and_a_pattern_of_videos_say_how_to_track_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("day one/a.mp4", "day one/deep/b.mkv", "day one/.trash/c.mp4", "two/only.mov"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    told = {
        "day one": r"day one: is a folder with 2 videos.*\(keeptrack annotate 'day one' -o annotations does all",
        "*/*.m*": r"matches 2 videos.*annotate '\*/\*.m\*' -o",
        "two": r"two: is a folder with 1 video.*\(keeptrack two/only.mov\)",
        "two/*": r"two/\*: matches 1 video.*\(keeptrack two/only.mov\)",
    }
    for source, message in told.items():
        with pytest.raises(InputError, match=message):
            open_source(source)


def test_images_beside_videos_are_tracked_with_a_warning(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "clip", ["1.png", "2.png"])
    (folder / "a.mp4").touch()
    source = open_source(folder)
    assert source.frame_count == 2
    assert source.warnings == [f"{folder}: its images are tracked, and not the 1 video beside them"]


def test_a_sequence_without_images_has_frames_and_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\nname=x\nframeRate=14\nseqLength=5\nimWidth=640\nimHeight=480\n")
    source = open_source(tmp_path)
    frames = list(source.frames)
    assert not source.has_images
    assert (source.width, source.height, source.frame_count) == (640, 480, 5)
    assert [frame.time for frame in frames] == pytest.approx([index / 14 for index in range(5)])
    assert all(frame.image.shape == (0, 0, 3) for frame in frames)


def test_a_sequence_with_images_takes_its_frame_rate_from_seqinfo(tmp_path: Path) -> None:
    write_images(tmp_path / "img1", ["000001.jpg", "000002.jpg"])
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\nframeRate=7\nseqLength=2\n")
    source = open_source(tmp_path)
    assert source.frame_rate == 7
    assert source.name == tmp_path.name
    assert [frame.image.shape for frame in source.frames] == [(24, 32, 3)] * 2


@pytest.mark.parametrize(
    "text", ["", "[Sequence]\nframeRate=0\nseqLength=3\n", "[Sequence]\nseqLength=3\n", "frameRate"]
)
def test_a_broken_seqinfo_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "seqinfo.ini").write_text(text)
    with pytest.raises(InputError, match=r"seqinfo\.ini: cannot be understood"):
        open_source(tmp_path)


def test_an_offset_in_matroska_is_no_damage(make_video: MakeVideo) -> None:
    source = open_source(make_video("late.mkv", [5 + index / 25 for index in range(20)]))
    assert sum(1 for _ in source.frames) == 20
    assert not source.warnings


def test_frames_are_not_shared_between_reads(make_video: MakeVideo) -> None:
    frames: list[Frame] = list(open_source(make_video("clip.mp4")).frames)
    assert len({frame.image.ctypes.data for frame in frames}) == len(frames)
