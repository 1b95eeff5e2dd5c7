"""The report of a batch: one page with every video and its tracks, doubtful ones first. It opens from a file."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TextIO
from urllib.parse import quote_from_bytes

from tracker.drawing.colours import colour_of
from tracker.file_names import draft_of
from tracker.view.statistics import css_colour

BUDGET = 24_000_000  # bytes of crops in the whole page, which a browser still opens at once
CROPS = 60  # of a video
ROWS = 1000  # tracks of a video
FINEST = 1 / 2000  # of a video's length: a gap in a bar that is narrower cannot be seen
CLIP = "tracked.mp4"


@dataclass(frozen=True)
class VideoEntry:
    """A video of a batch.

    state: "done", "failed" or "waiting". reason: why it has failed. folder: of its results, relative to the page's.
    record: as of `tracker.review.summary_file.read_summary`, None where there is none.
    """

    name: str
    state: str
    reason: str = ""
    folder: str = ""
    record: Mapping[str, Any] | None = None


@dataclass
class _Budget:
    """Bytes of crops that are left, and how many crops and tracks had to be left out."""

    left: int
    crops: int = 0
    tracks: int = 0
    heads: list[dict[str, Any]] = field(default_factory=list)


class ToLookAt(NamedTuple):
    """What a report asks a person to look at: tracks, and videos in which objects may be missed."""

    tracks: int
    videos: int


def write_report(path: Path, videos: Iterable[VideoEntry], budget: int = BUDGET) -> ToLookAt:
    """Write the page; the file is there whole or not at all. Only one video's record is in memory at a time.

    budget: bytes of all embedded crops. Tracks to be looked at come first, in the rows as in the crops. Nothing on the
    page comes from elsewhere or can go elsewhere: its policy allows its own script and style only, by their hashes.
    """
    spent = _Budget(budget)
    page, style, script = _template()
    before, after = page.split("<!--videos-->")
    before = before.replace("<!--policy-->", _policy(style, script)).replace("/*style*/", style)
    draft = draft_of(path)
    try:
        with draft.open("x", encoding="utf-8") as file:
            file.write(before)
            for video in videos:
                _write_video(file, video, path.parent, spent)
            _write_block(file, "heads", {"videos": spent.heads, "crops": spent.crops, "tracks": spent.tracks})
            file.write(after.replace("/*script*/", script))
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    missing = sum(bool(head["missed"] or head["advice"]) for head in spent.heads)
    return ToLookAt(sum(head["doubtful"] for head in spent.heads), missing)


def _template() -> tuple[str, str, str]:
    """The page, its style with the colours of the live page, and its script."""
    page, style, script = (
        (resources.files("tracker.review") / f"report.{kind}").read_text(encoding="utf-8")
        for kind in ("html", "css", "js")
    )
    live = (resources.files("tracker.view") / "page.css").read_text(encoding="utf-8")
    icon = (resources.files("tracker.view") / "icon.svg").read_bytes()
    page = page.replace("<!--icon-->", "data:image/svg+xml;base64," + base64.b64encode(icon).decode())
    return page, live.partition("*, *::before")[0] + style, script


def _policy(style: str, script: str) -> str:
    style_hash, script_hash = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)
    )
    own = f"style-src 'sha256-{style_hash}'; script-src 'sha256-{script_hash}'"
    return f"default-src 'none'; img-src data:; {own}; base-uri 'none'; form-action 'none'"


def _write_video(file: TextIO, video: VideoEntry, base: Path, spent: _Budget) -> None:
    record = video.record or {}
    tracks = sorted(record.get("tracks", ()), key=_review_order)
    seconds = float(record.get("seconds", 0))
    number = len(spent.heads)
    spent.heads.append(
        {
            "name": video.name,
            "state": video.state,
            "reason": video.reason,
            "seconds": seconds,
            "size": [record.get("width", 0), record.get("height", 0)],
            "counts": Counter(track["label"] for track in tracks).most_common(),
            "doubtful": sum(_to_look_at(track) for track in tracks),
            "missed": sum(bool(track.get("missed")) for track in tracks),
            "advice": record.get("advice", ""),
            "reasons": sorted({track.get(why, "") for track in tracks for why in ("reason", "missed")} - {""}),
            "trust": min((track["trust"] for track in tracks), default=1.0),
            "clip": _link(video.folder, base),
        }
    )
    rows = [_row(track, seconds, float(record.get("frames", 0)), spent) for track in tracks[:ROWS]]
    spent.tracks += max(0, len(tracks) - ROWS)
    for row, track in zip(rows, tracks[:CROPS], strict=False):
        row["view"] = _crop(str(track.get("view", "")), spent)
    spent.crops += sum(bool(track.get("view")) for track in tracks[CROPS:])
    if rows:
        _write_block(file, f"video-{number}", rows)


def _review_order(track: Mapping[str, Any]) -> tuple[bool, bool, float, int]:
    return not track["reason"], not _to_look_at(track), track["trust"], track["track_id"]


def _to_look_at(track: Mapping[str, Any]) -> bool:
    return bool(track["reason"] or track.get("missed"))


def _row(track: Mapping[str, Any], seconds: float, frames: float, spent: _Budget) -> dict[str, Any]:
    step = seconds / frames if frames else 0.0
    return {
        "id": track["track_id"],
        "label": track["label"],
        "first": track["first"],
        "last": track["last"],
        "bars": _bars(track["stretches"], step, seconds * FINEST),
        "trust": round(track["trust"], 3),
        "reason": track["reason"],
        "missed": track.get("missed", ""),
        "colour": css_colour(colour_of(track["track_id"])),
    }


def _bars(stretches: Sequence[Sequence[float]], step: float, finest: float) -> list[list[float]]:
    """Start and end in seconds of each bar: to the end of the last frame, over gaps too narrow to be seen."""
    if not stretches:
        return []
    ends = [end + step for _, end in stretches]
    breaks = [at for at, (one, two) in enumerate(pairwise(stretches), 1) if two[0] - one[1] - step > finest]
    cuts = [0, *breaks, len(stretches)]
    return [[round(stretches[one][0], 3), round(ends[two - 1], 3)] for one, two in pairwise(cuts)]


def _crop(view: str, spent: _Budget) -> str:
    if len(view) > spent.left:
        spent.crops += 1
        return ""
    spent.left -= len(view)
    return view


def _link(folder: str, base: Path) -> str:
    """Address of the drawn video in a folder, "" where there is none."""
    if not folder or not (base / folder / CLIP).is_file():
        return ""
    return "./" + quote_from_bytes(os.fsencode(Path(folder, CLIP).as_posix()))


def _write_block(file: TextIO, name: str, content: object) -> None:
    """Data that no browser takes for markup: what could end the block is escaped."""
    text = json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")
    file.write(f'<script type="application/json" id="{name}">{text}</script>\n')
