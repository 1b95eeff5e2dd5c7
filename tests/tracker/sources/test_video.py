"""Video files as people have them: interlaced, in many colours, turned, cut, damaged, and with odd times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition

from detectors import InputError
from detectors.base import Frame, Image
from tests import scenes
from tests.conftest import MakeVideo
from tracker import track
from tracker.sources import open_source, stream
from tracker.sources.frame_times import FrameTimes
from tracker.writers.h264 import VideoFormat
from tracker.writers.video import VideoWriter

MATRICES = {"601": (5, 0.299, 0.114), "709": (1, 0.2126, 0.0722), "2020": (9, 0.2627, 0.0593)}  # number, red, blue
COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (128, 128, 128), (200, 120, 40)]  # RGB
PATCH = 32  # pixels
INTERLACED = {"flags": "+ildct+ilme", "x264-params": "tff=1", "g": "12"}
LOSSLESS = {"qp": "0", "preset": "ultrafast"}


def encode(
    path: Path,
    pictures: Iterable[av.VideoFrame],
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    rate: int = 25,
    times: Sequence[float] | None = None,
    **properties: Any,
) -> Path:
    """Write pictures to a file; properties are those of the encoder."""
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV has no {codec}")
    frames = list(pictures)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, frames[0].format.name
        stream.codec_context.time_base = Fraction(1, rate) if times is None else Fraction(1, 1000)
        for name, value in properties.items():
            setattr(stream.codec_context, name, value)
        for index, frame in enumerate(frames):
            frame.time_base = stream.codec_context.time_base
            frame.pts = index if times is None else round(1000 * times[index])
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def rendered(count: int, pixel_format: str = "yuv420p") -> list[av.VideoFrame]:
    return [as_frame(picture, pixel_format) for picture in scenes.render(scenes.CROSSING, count)]


def as_frame(picture: Image, pixel_format: str = "yuv420p") -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format=pixel_format)


def moving_bar(fields: int) -> list[Image]:
    """Pictures ``(96, 128, 3)`` of a bar on grey that moves by 3 pixels a field."""
    pictures = []
    for index in range(fields):
        picture = np.full((96, 128, 3), 90, np.uint8)
        picture[:, 10 + 3 * index : 34 + 3 * index] = 220
        pictures.append(picture)
    return pictures


def woven(fields: Sequence[Image]) -> list[Image]:
    """Interlaced pictures: even rows from one field, odd ones from the next."""
    pictures = []
    for top, bottom in zip(fields[::2], fields[1::2], strict=True):
        picture = top.copy()
        picture[1::2] = bottom[1::2]
        pictures.append(picture)
    return pictures


def combing(picture: Image) -> float:
    """How much neighbouring rows differ, in grey levels: the bar is the same in every row."""
    return float(np.abs(np.diff(picture[8:-8, :, 1].astype(int), axis=0)).mean())


def read(path: Path, start: float = 0.0) -> list[Frame]:
    source = open_source(path)
    source.start = start
    return list(source.frames)


def is_sought_as_read(path: Path, start: float) -> int:
    """Check that reading from `start` on gives what reading all does; returns the number of the first frame."""
    whole, part = read(path), read(path, start)
    assert [frame.index for frame in part] == [frame.index for frame in whole[part[0].index - 1 :]]
    for one, other in zip(part, whole[part[0].index - 1 :], strict=True):
        assert one.time == other.time
        assert np.array_equal(one.image, other.image)
    return part[0].index


def test_interlaced_video_is_deinterlaced(tmp_path: Path) -> None:
    pictures = woven(moving_bar(24))
    path = encode(tmp_path / "a.mp4", map(as_frame, pictures), options=INTERLACED)
    source = open_source(path)
    frames = list(source.frames)
    assert [frame.time for frame in frames] == pytest.approx([index / 25 for index in range(12)])
    assert not source.warnings
    assert min(combing(picture) for picture in pictures) > 5
    assert max(combing(frame.image) for frame in frames) < 1
    for frame, picture in zip(frames, pictures, strict=True):  # the rows of one field stay as they are
        kept = [np.abs(frame.image[field::2].astype(int) - picture[field::2]).mean() for field in (0, 1)]
        assert min(kept) < 4


def test_only_what_is_interlaced_is_deinterlaced(tmp_path: Path) -> None:
    smooth, combed = moving_bar(30)[::2], woven(moving_bar(30))
    progressive = encode(tmp_path / "a.h264", map(as_frame, smooth), options={"bf": "0"})
    interlaced = encode(tmp_path / "b.h264", map(as_frame, combed), options=INTERLACED | {"bf": "0"})
    mixed = tmp_path / "mixed.h264"
    mixed.write_bytes(progressive.read_bytes() + interlaced.read_bytes() + progressive.read_bytes())
    parts = [read(path) for path in (progressive, interlaced, progressive)]
    frames = read(mixed)
    assert len(frames) == 45
    for frame, expected in zip(frames[:15] + frames[30:], parts[0] + parts[2], strict=True):
        assert np.array_equal(frame.image, expected.image)
    assert max(combing(frame.image) for frame in frames[15:30]) < 1


def test_a_picture_of_one_field_is_left_as_it_is(tmp_path: Path) -> None:
    lines = np.zeros((96, 128, 3), np.uint8)
    lines[::2] = 200
    options = {"x265-params": "interlace=tff:log-level=none", "crf": "10"}
    path = encode(tmp_path / "a.ts", [as_frame(lines) for _ in range(4)], "libx265", options)
    with av.open(str(path)) as container:
        assert all(picture.interlaced_frame for picture in container.decode(video=0))
    assert min(combing(frame.image) for frame in read(path)) > 150


def test_raw_dv_has_its_rate_and_no_complaint(tmp_path: Path) -> None:
    pictures = [as_frame(np.full((576, 720, 3), 40 * index, np.uint8)) for index in range(4)]
    source = open_source(encode(tmp_path / "a.dv", pictures, "dvvideo"))
    assert [frame.time for frame in source.frames] == pytest.approx([0, 0.04, 0.08, 0.12])
    assert source.frame_rate == 25
    assert not source.warnings


def test_music_with_a_cover_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    with av.open(str(path), "w") as container:
        sound: Any = container.add_stream("libmp3lame", rate=48000)
        cover: Any = container.add_stream("mjpeg")
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        picture = as_frame(np.zeros((48, 64, 3), np.uint8), "yuvj420p")
        picture.pts = 0
        container.mux(cover.encode(picture) + cover.encode(None))
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.int16), format="s16", layout="mono")
        silence.sample_rate, silence.pts = 48000, 0
        container.mux(sound.encode(silence) + sound.encode(None))
    with pytest.raises(InputError, match="is not a video"):
        open_source(path)


def test_a_single_interlaced_picture_is_a_video(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mkv", map(as_frame, woven(moving_bar(2))), options=INTERLACED)
    assert [frame.image.shape for frame in read(path)] == [(96, 128, 3)]


@pytest.mark.parametrize(("codec", "options"), [("libx264", INTERLACED), ("mpeg2video", {"flags": "+ildct", "g": "1"})])
def test_interlaced_video_is_sought_as_read(tmp_path: Path, codec: str, options: dict[str, str]) -> None:
    fields = [np.roll(picture, index, axis=0) for index, picture in enumerate(scenes.render(scenes.CROSSING, 140))]
    path = encode(tmp_path / "a.ts", map(as_frame, woven(fields)), codec, options)
    assert is_sought_as_read(path, 2.4) == 60


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm"])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le"])
def test_av1_is_read(tmp_path: Path, name: str, pixel_format: str) -> None:
    options = {"preset": "12", "crf": "20"}
    path = encode(tmp_path / name, rendered(8, pixel_format), "libsvtav1", options)
    frames = read(path)
    assert len(frames) == 8
    for frame, picture in zip(frames, scenes.render(scenes.CROSSING, 8), strict=True):
        assert np.abs(frame.image.astype(int) - picture).mean() < 6


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("depth", [8, 10])
@pytest.mark.parametrize("matrix", MATRICES)
def test_colours_are_those_of_the_tags(tmp_path: Path, matrix: str, depth: int, full: bool) -> None:
    number, red, blue = MATRICES[matrix]
    picture = patches(red, blue, depth, full)
    path = encode(tmp_path / "a.mp4", [picture] * 3, options=LOSSLESS, colorspace=number, color_range=2 if full else 1)
    assert_colours(read(path)[2].image)


def test_a_matrix_that_cannot_be_converted_is_the_nearest_one(tmp_path: Path) -> None:
    picture = patches(*MATRICES["2020"][1:], 8, False)
    path = encode(tmp_path / "a.mp4", [picture] * 3, options=LOSSLESS, colorspace=10, color_range=1)
    assert_colours(read(path)[2].image)


def test_colours_without_tags_are_those_of_bt_601(tmp_path: Path) -> None:
    for depth in (8, 10):
        path = encode(tmp_path / f"{depth}.mkv", [patches(0.299, 0.114, depth, False)] * 3, options=LOSSLESS)
        assert_colours(read(path)[2].image)


def test_colours_of_interlaced_video_are_those_of_the_tags(tmp_path: Path) -> None:
    picture = patches(0.2126, 0.0722, 8, False)
    path = encode(tmp_path / "a.mp4", [picture] * 3, options=INTERLACED | {"crf": "1"}, colorspace=1, color_range=1)
    assert_colours(read(path)[2].image)


@pytest.mark.parametrize("matrix", MATRICES)
def test_a_stream_is_read_like_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, matrix: str) -> None:
    monkeypatch.setattr(stream, "LONGEST_BACKLOG", 0.0)
    options = INTERLACED | {"bf": "0"}
    tags: dict[str, Any] = {
        "colorspace": MATRICES[matrix][0],
        "color_range": 1,
        "sample_aspect_ratio": Fraction(64, 45),
    }
    path = encode(tmp_path / "a.ts", map(as_frame, woven(moving_bar(24))), options=options, **tags)
    connection, frames = stream.Stream(str(path)), read(path)
    for frame in frames[:-1]:  # the last one may never be sent
        image = connection.read()
        assert np.array_equal(image, frame.image)
        assert combing(image) < 1
    assert connection.pixel_aspect == Fraction(64, 45)
    connection.close()


def patches(red: float, blue: float, depth: int, full: bool) -> av.VideoFrame:
    """A row of patches in `COLOURS`, 4:2:0, by the formulas of ITU-R BT.601, 709 and 2020."""
    rgb = np.array(COLOURS) / 255
    luma = rgb @ [red, 1 - red - blue, blue]
    chroma = [(rgb[:, 2] - luma) / (2 * (1 - blue)), (rgb[:, 0] - luma) / (2 * (1 - red))]
    scale, low, middle = 2 ** (depth - 8), 0 if full else 16, 128
    y = (low + (255 if full else 219) * luma) * scale
    most = 2**depth - 1
    planes = [y, *((middle + (255 if full else 224) * plane) * scale for plane in chroma)]
    whole = [np.round(plane).clip(0, most).astype(np.uint8 if depth == 8 else np.uint16) for plane in planes]
    rows = [np.tile(whole[0].repeat(PATCH), (2 * PATCH, 1))]
    rows += [np.tile(plane.repeat(PATCH // 2), (PATCH, 1)) for plane in whole[1:]]
    frame = av.VideoFrame(PATCH * len(COLOURS), 2 * PATCH, "yuv420p" if depth == 8 else "yuv420p10le")
    for plane, values in zip(frame.planes, rows, strict=True):
        padded = np.zeros((plane.height, plane.line_size), np.uint8)
        padded[:, : values.shape[1] * values.itemsize] = np.ascontiguousarray(values).view(np.uint8)
        plane.update(padded.tobytes())
    return frame


def assert_colours(image: Image) -> None:
    for index, colour in enumerate(COLOURS):
        shown = image[PATCH // 2, PATCH * index + PATCH // 2][::-1].astype(int)
        assert np.abs(shown - colour).max() <= 3, (colour, shown)


Turn = Callable[[Image], Image]
TURNS: dict[str, tuple[tuple[int, int, int, int], Turn]] = {
    "quarter": ((0, 1, -1, 0), lambda image: np.rot90(image, -1)),
    "half": ((-1, 0, 0, -1), lambda image: np.rot90(image, 2)),
    "three quarters": ((0, -1, 1, 0), np.rot90),
    "mirrored": ((-1, 0, 0, 1), np.fliplr),
    "upside down": ((1, 0, 0, -1), np.flipud),
    "mirrored and turned": ((0, 1, 1, 0), lambda image: image.transpose(1, 0, 2)),
}


def turn(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Write a display matrix into the track header of an mp4 (ISO 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (value << 16 for value in matrix)
    data[at : at + 36] = b"".join(
        (value & 0xFFFFFFFF).to_bytes(4, "big") for value in (a, b, 0, c, d, 0, 0, 0, 1 << 30)
    )
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", TURNS)
def test_pictures_come_as_the_display_matrix_says(tmp_path: Path, name: str) -> None:
    path = encode(tmp_path / "a.mp4", rendered(5))
    expected = read(path)[4].image
    matrix, apply = TURNS[name]
    source = open_source(turn(path, matrix))
    image = list(source.frames)[4].image
    assert np.array_equal(image, apply(expected))
    assert (source.height, source.width) == image.shape[:2]
    assert image.flags.c_contiguous


def test_the_pixel_aspect_is_kept_in_what_is_written(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", rendered(5), sample_aspect_ratio=Fraction(64, 45))
    assert open_source(path).pixel_aspect == Fraction(64, 45)
    for _ in track(path, detector="motion", output=tmp_path / "out.mp4"):
        pass
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(64, 45)
    assert open_source(turn(path, (0, 1, -1, 0))).pixel_aspect == Fraction(45, 64)


def test_square_pixels_are_written_as_ever(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", VideoFormat(Fraction(25), Fraction(1, 25))) as writer:
        writer.write(np.zeros((48, 64, 3), np.uint8), 0.0)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].sample_aspect_ratio in (None, 1)


def hide_beginning(whole: Path, cut: Path, seconds: Fraction) -> Path:
    """Write an mp4 whose edit list begins `seconds` later, with the same packets."""
    with av.open(str(whole)) as container, av.open(str(cut), "w") as out:
        stream = out.add_stream_from_template(container.streams.video[0])
        for packet in container.demux(video=0):
            if packet.dts is None or packet.pts is None or packet.time_base is None:
                continue
            hidden = round(seconds / packet.time_base)
            packet.pts, packet.dts, packet.stream = packet.pts - hidden, packet.dts - hidden, stream
            out.mux(packet)
    return cut


def test_what_an_edit_list_hides_is_not_counted(tmp_path: Path) -> None:
    whole = encode(tmp_path / "whole.mp4", rendered(100), options={"g": "30", "bf": "2"})
    cut = hide_beginning(whole, tmp_path / "cut.mp4", Fraction(1, 2))  # from the middle of a group of pictures
    source = open_source(cut)
    frames = list(source.frames)
    assert source.frame_count == len(frames) == 87
    assert frames[0].time == pytest.approx(0.0)
    assert not source.warnings
    assert is_sought_as_read(cut, 3.0) > 1


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
@pytest.mark.parametrize("between", [0, 1, 2])
def test_times_in_avi_begin_at_zero(tmp_path: Path, codec: str, between: int) -> None:
    path = encode(tmp_path / "a.avi", rendered(40), codec, {"bf": str(between), "g": "12"})
    assert [frame.time for frame in read(path)] == pytest.approx([index / 25 for index in range(40)])


def test_negative_times_are_counted_from_the_first(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.nut", rendered(20), times=[index / 25 - 0.4 for index in range(20)])
    assert [frame.time for frame in read(path)] == pytest.approx([index / 25 for index in range(20)])


def test_times_that_jump_back_go_on(tmp_path: Path) -> None:
    part = encode(tmp_path / "part.ts", rendered(30), options={"bf": "0"})
    path = tmp_path / "two.ts"
    path.write_bytes(2 * part.read_bytes())
    assert [frame.time for frame in read(path)] == pytest.approx([index / 25 for index in range(60)])


def test_times_that_jump_ahead_are_kept(tmp_path: Path) -> None:
    times = [index / 25 + (30 if index >= 10 else 0) for index in range(20)]
    assert [frame.time for frame in read(encode(tmp_path / "a.mkv", rendered(20), times=times))] == pytest.approx(times)


@pytest.mark.parametrize("rate", [1200, 2500, 5000, 10_000])
def test_more_frames_than_time_stamps_keep_their_times(tmp_path: Path, rate: int) -> None:
    path = encode(tmp_path / "fast.mkv", rendered(60), rate=rate)  # which counts milliseconds
    source = open_source(path)
    assert source.frame_rate >= 1000  # the file does not tell, but 25 would be wrong by far
    times = [frame.time for frame in source.frames]
    assert len(times) == 60
    assert all(after > before for before, after in pairwise(times))
    assert times == pytest.approx([index / rate for index in range(60)], abs=1.5e-3)


def test_frames_without_time_stamps_are_counted_on() -> None:
    times = FrameTimes(Fraction(1, 1000), 0, 0.04)
    assert [times.next(stamp) for stamp in (None, None, 80, None, 70, 200)] == pytest.approx(
        [0, 0.04, 0.08, 0.12, 0.16, 0.2]
    )


@pytest.mark.parametrize("codec", ["libx264", "mjpeg"])
def test_what_is_behind_undecodable_pictures_is_read(tmp_path: Path, codec: str) -> None:
    pixel_format = "yuv420p" if codec == "libx264" else "yuvj420p"
    path = encode(tmp_path / "a.mkv", rendered(200, pixel_format), codec, {"g": "10", "bf": "0"})
    with av.open(str(path)) as container:
        places = [(bytes(packet), packet.size) for packet in container.demux(video=0) if packet.size]
    data = path.read_bytes()
    for content, size in (places[103], places[120]):
        data = data.replace(content, bytes(size), 1)
    path.write_bytes(data)
    source = open_source(path)
    frames = list(source.frames)
    assert 190 <= len(frames) <= 198
    assert frames[-1].time == pytest.approx(199 / 25)
    assert source.warnings == [f"{path}: {200 - len(frames)} of 200 frames could not be decoded (the file is damaged)"]


@pytest.mark.parametrize("name", ["a.mkv", "a.ts", "a.mp4"])
def test_a_file_that_is_still_being_written_is_read_so_far(tmp_path: Path, name: str) -> None:
    options = {"movflags": "empty_moov+default_base_moof", "frag_duration": "100000"} if name == "a.mp4" else {}
    path, frames = tmp_path / name, rendered(100)
    with av.open(str(path), "w", container_options={"flush_packets": "1", **options}) as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"tune": "zerolatency", "g": "10"})
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        for index, frame in enumerate(frames):
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        source = open_source(path)
        times = [frame.time for frame in source.frames]
    assert 70 <= len(times) <= 100
    assert times == pytest.approx([index / 25 for index in range(len(times))])
    assert not source.warnings


def test_pictures_of_another_size_are_scaled_to_the_first(tmp_path: Path) -> None:
    small = [frame.reformat(width=160, height=120) for frame in rendered(9)]
    parts = [encode(tmp_path / "a.h264", rendered(9)), encode(tmp_path / "b.h264", small)]
    path = tmp_path / "both.h264"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert [frame.image.shape for frame in read(path)] == [(scenes.HEIGHT, scenes.WIDTH, 3)] * 18


def test_decoding_on_several_threads_gives_the_same(make_video: MakeVideo, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_video("a.mp4", [index / 25 for index in range(40)])
    alone = read(path)
    monkeypatch.setattr("tracker.sources.video_decoder.available_cores", lambda: 8)
    for one, other in zip(alone, read(path), strict=True):
        assert (one.index, one.time) == (other.index, other.time)
        assert np.array_equal(one.image, other.image)
