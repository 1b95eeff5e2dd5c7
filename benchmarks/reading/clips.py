"""Clips of many containers, codecs, scan types, pixel formats, colour spaces and rates, made by the ffmpeg program."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

from detectors.errors import InputError

FRAMES = 24
FIELDS = "tinterlace={},setfield={}"  # every other row of a picture is of a moment later
TOP_FIRST, BOTTOM_FIRST = FIELDS.format("interleave_top", "tff"), FIELDS.format("interleave_bottom", "bff")
INTERLACED = "-flags +ildct+ilme"
X264 = "-c:v libx264 -preset fast -crf 12 -g 12"
MPEG2 = "-c:v mpeg2video -q:v 2 -g 12"
X265 = "-c:v libx265 -preset fast -crf 10"
VP9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -crf 15 -b:v 0"


class Clip(NamedTuple):
    """A clip to make.

    note: what it stands for. encoding: ffmpeg's options behind its input. filters: its ``-vf``. size, rate: of the
    pictures that are drawn, twice as many a second where fields are woven. copied: options around ``-i`` with which it
    is made out of another one, without encoding it again.
    """

    name: str
    note: str
    encoding: str
    filters: str = ""
    size: str = "352x288"
    rate: str = "25"
    copied: str = ""


def tagged(matrix: str, full: bool = False, pixel_format: str = "yuv420p", converted: str = "") -> tuple[str, str]:
    """Options of the encoder and filters for pictures in a colour matrix. converted: its name for the filter."""
    span = "pc" if full else "tv"
    options = f"-pix_fmt {pixel_format} -colorspace {matrix} -color_range {span}"
    return options, f"scale=out_color_matrix={converted or matrix}:out_range={span}"


def _coloured(name: str, note: str, codec: str, tags: tuple[str, str]) -> Clip:
    return Clip(name, note, f"{codec} {tags[0]}", tags[1])


BT2020 = tagged("bt2020nc", pixel_format="yuv420p10le", converted="bt2020")
PAL, NTSC, QUARTER = "720x576", "720x480", "360x288"

CLIPS = (
    Clip("h264.mp4", "B-frames", f"{X264} -bf 3 -pix_fmt yuv420p"),
    Clip("h264_29.97.mov", "30000/1001 a second", f"{X264} -pix_fmt yuv420p", rate="30000/1001"),
    Clip("vfr.mkv", "variable rate", f"{X264} -pix_fmt yuv420p", "select='not(mod(n\\,5))+gt(mod(n\\,7)\\,3)'"),
    Clip("vfr.mp4", "variable rate", f"{X264} -pix_fmt yuv420p", "select='not(mod(n\\,5))+gt(mod(n\\,7)\\,3)'"),
    Clip("2500.mkv", "2,500 a second", f"{X264} -pix_fmt yuv420p", rate="2500"),
    Clip("slow.mp4", "one in two seconds", f"{X264} -pix_fmt yuv420p", rate="1/2"),
    Clip("h264.flv", "", f"{X264} -bf 2 -pix_fmt yuv420p"),
    Clip("h264.ts", "begins at 1.4 s", f"{X264} -bf 2 -pix_fmt yuv420p"),
    Clip("late.ts", "begins at 95,000 s", f"{X264} -bf 2 -pix_fmt yuv420p -output_ts_offset 95000"),
    Clip("h264.avi", "B-frames, no times", f"{X264} -bf 3 -pix_fmt yuv420p"),
    Clip("mpeg4.avi", "B-frames, no times", "-c:v mpeg4 -q:v 2 -bf 2 -g 12 -pix_fmt yuv420p"),
    Clip("cut.mp4", "an edit list hides frames", f"{X264} -bf 2 -pix_fmt yuv420p", copied="-ss 0.5 -i"),
    Clip("fragments.mp4", "fragmented", f"{X264} -pix_fmt yuv420p -movflags frag_keyframe+empty_moov"),
    Clip("raw.h264", "no container, no times", f"{X264} -bf 0 -pix_fmt yuv420p"),
    Clip("turned90.mp4", "rotation", f"{X264} -pix_fmt yuv420p", copied="-i -metadata:s:v:0 rotate=90"),
    Clip("turned180.mp4", "rotation", f"{X264} -pix_fmt yuv420p", copied="-i -metadata:s:v:0 rotate=180"),
    Clip("turned270.mp4", "rotation", f"{X264} -pix_fmt yuv420p", copied="-i -metadata:s:v:0 rotate=270"),
    Clip("wide.mp4", "pixel aspect 64:45", f"{X264} -pix_fmt yuv420p", "setsar=64/45", QUARTER),
    Clip("mbaff_tff.mp4", "interlaced, MBAFF", f"{X264} {INTERLACED} -pix_fmt yuv420p", TOP_FIRST, QUARTER, "50"),
    Clip("mbaff_bff.ts", "interlaced, MBAFF", f"{X264} {INTERLACED} -pix_fmt yuv420p", BOTTOM_FIRST, QUARTER, "50"),
    Clip(
        "mpeg2_tff.mpg",
        "interlaced, program stream",
        f"{MPEG2} {INTERLACED} -pix_fmt yuv420p",
        TOP_FIRST,
        QUARTER,
        "50",
    ),
    Clip(
        "mpeg2_bff.ts",
        "interlaced, 29.97",
        f"{MPEG2} {INTERLACED} -pix_fmt yuv420p",
        BOTTOM_FIRST,
        QUARTER,
        "60000/1001",
    ),
    Clip("mpeg2_422.mxf", "interlaced, 4:2:2", f"{MPEG2} {INTERLACED} -pix_fmt yuv422p", TOP_FIRST, QUARTER, "50"),
    Clip("pal.avi", "interlaced DV", "-c:v dvvideo -pix_fmt yuv420p", BOTTOM_FIRST, PAL, "50"),
    Clip("pal.dv", "interlaced DV", "-c:v dvvideo -pix_fmt yuv420p", BOTTOM_FIRST, PAL, "50"),
    Clip("ntsc.dv", "interlaced DV, 4:1:1", "-c:v dvvideo -pix_fmt yuv411p", BOTTOM_FIRST, NTSC, "60000/1001"),
    Clip(
        "prores.mov",
        "interlaced, 4:2:2, 10 bit",
        f"-c:v prores_ks {INTERLACED} -pix_fmt yuv422p10le",
        TOP_FIRST,
        PAL,
        "50",
    ),
    Clip(
        "fields.ts",
        "HEVC, each field a picture",
        f"{X265} -x265-params interlace=tff -pix_fmt yuv420p",
        "",
        "720x288",
        "50",
    ),
    Clip("mjpeg.avi", "full range", "-c:v mjpeg -q:v 2 -pix_fmt yuvj420p"),
    Clip("mjpeg422.mkv", "full range, 4:2:2", "-c:v mjpeg -q:v 2 -pix_fmt yuvj422p"),
    _coloured("bt601.mp4", "BT.601", X264, tagged("smpte170m")),
    _coloured("bt709.mp4", "BT.709", X264, tagged("bt709")),
    _coloured("bt709_full.mp4", "BT.709, full range", X264, tagged("bt709", True)),
    _coloured("smpte240m.mp4", "SMPTE 240M", X264, tagged("smpte240m")),
    _coloured("bt2020.mp4", "BT.2020, HEVC, 10 bit", f"{X265} -tag:v hvc1", BT2020),
    _coloured("bt2020.mkv", "BT.2020, H.264, 10 bit", X264, BT2020),
    Clip("hevc.ts", "HEVC, 8 bit", f"{X265} -pix_fmt yuv420p"),
    Clip("hevc_444.mkv", "HEVC, 4:4:4, 12 bit", f"{X265} -pix_fmt yuv444p12le"),
    Clip("h264_422.mp4", "4:2:2, 10 bit", f"{X264} -pix_fmt yuv422p10le"),
    Clip("h264_444.mp4", "4:4:4", f"{X264} -pix_fmt yuv444p"),
    Clip("h264_rgb.mkv", "RGB", "-c:v libx264rgb -crf 10 -pix_fmt rgb24"),
    Clip("av1.mp4", "AV1", "-c:v libaom-av1 -cpu-used 8 -crf 20 -pix_fmt yuv420p"),
    Clip("av1.webm", "AV1, 10 bit", "-c:v libaom-av1 -cpu-used 8 -crf 20 -pix_fmt yuv420p10le"),
    Clip("vp8.webm", "VP8", "-c:v libvpx -b:v 4M -pix_fmt yuv420p"),
    Clip("vp9.webm", "VP9", f"{VP9} -pix_fmt yuv420p"),
    Clip("vp9_10.webm", "VP9, 10 bit", f"{VP9} -pix_fmt yuv420p10le"),
    Clip("theora.ogv", "Theora", "-c:v libtheora -q:v 9 -pix_fmt yuv420p"),
    Clip("wmv2.wmv", "WMV 8", "-c:v wmv2 -q:v 2 -pix_fmt yuv420p"),
    Clip("h263.3gp", "H.263", "-c:v h263 -q:v 2 -pix_fmt yuv420p"),
    Clip("flv1.flv", "Sorenson", "-c:v flv -q:v 2 -pix_fmt yuv420p"),
    Clip("mpeg1.mpg", "MPEG-1", "-c:v mpeg1video -q:v 2 -bf 2 -pix_fmt yuv420p"),
    Clip("ffv1.mkv", "lossless", "-c:v ffv1 -pix_fmt yuv420p"),
    Clip("gray.mkv", "grey, 8 bit", "-c:v ffv1 -pix_fmt gray"),
    Clip("gray16.mkv", "grey, 16 bit (thermal)", "-c:v ffv1 -pix_fmt gray16le"),
    Clip("v210.mov", "uncompressed, 4:2:2, 10 bit", "-c:v v210"),
    Clip("uyvy.avi", "uncompressed, 4:2:2", "-c:v rawvideo -pix_fmt uyvy422"),
    Clip("bgr.avi", "uncompressed", "-c:v rawvideo -pix_fmt bgr24"),
    Clip("alpha.mov", "transparent", "-c:v qtrle -pix_fmt argb"),
    Clip("alpha.webm", "transparent VP9", f"{VP9} -pix_fmt yuva420p"),
    Clip("palette.gif", "colours of a palette", "-c:v gif"),
)


def make(clip: Clip, folder: Path) -> Path:
    """Write a clip into a folder. Raises InputError when this ffmpeg cannot."""
    path = folder / clip.name
    variable = ["-fps_mode", "vfr"] if "select" in clip.filters else []
    drawn = ["-f", "lavfi", "-i", f"testsrc2=size={clip.size}:rate={clip.rate}", "-frames:v", str(FRAMES)]
    encoded = [*drawn, *(["-vf", clip.filters] if clip.filters else []), *variable, *clip.encoding.split()]
    if not clip.copied:
        _run([*encoded, str(path)], clip)
        return path
    whole = folder / f"whole-{clip.name}"
    _run([*encoded, str(whole)], clip)
    before, _, behind = clip.copied.partition("-i")
    _run([*before.split(), "-i", str(whole), "-c", "copy", *behind.split(), str(path)], clip)
    return path


def _run(arguments: list[str], clip: Clip) -> None:
    command = ["ffmpeg", "-v", "error", "-y", "-nostdin", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        why = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise InputError(clip.name, f"cannot be made by this ffmpeg: {why}", "take one with more encoders")
