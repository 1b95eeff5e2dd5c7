"""The page of ``keeptrack find``: pictures, places and times, the most alike first. It opens from a file."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from html import escape
from importlib import resources
from pathlib import Path
from urllib.parse import quote_from_bytes

from tracker.retrieval.query import Query
from tracker.retrieval.ranking import Match
from tracker.writers.errors import write_error
from tracker.writers.exclusive import publish

CLIP = "tracked.mp4"  # in a video's folder, where it was annotated with --video
PROBABLY = "probably the same"
POLICY = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"


def write_page(path: Path, query: Query, matches: Sequence[Match], word: str, new: bool) -> None:
    """Write the page, whole or not at all. word: what "probably" means. new: the file must not exist.

    Nothing on the page comes from elsewhere: its policy allows its own style and pictures only. Raises InputError.
    """
    style = _style()
    page = (resources.files("tracker.retrieval") / "page.html").read_text(encoding="utf-8")
    for name, value in {
        "icon": "data:image/svg+xml;base64," + _base64((resources.files("tracker.view") / "icon.svg").read_bytes()),
        "policy": f"{POLICY}; style-src 'sha256-{_hash(style)}'",
        "query": _query(query, path.parent),
        "count": f"{len(matches)} {'track' if len(matches) == 1 else 'tracks'}, the most alike first",
        "word": escape(word),
        "matches": "\n".join(_card(match, path.parent) for match in matches),
    }.items():
        page = page.replace(f"<!--{name}-->", value)
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_text(page.replace("/*style*/", style), encoding="utf-8")
        publish(draft, path, new)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise write_error(path, error) from None


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, with hours where there are any."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _query(query: Query, base: Path) -> str:
    track = query.track
    where = "a picture" if track is None else f"{escape(track.label)}, {clock(track.first)} to {clock(track.last)}"
    link = "" if track is None else _link(track.folder, track.first, base)
    return f"{_image(query.view, 'What is looked for')}<div><h1>{escape(query.name)}</h1><p>{where} {link}</p></div>"


def _card(match: Match, base: Path) -> str:
    track, share = match.track, max(0.0, min(1.0, match.similarity))
    title = f"{escape(track.video)}, {escape(track.label)} {track.track_id}"
    rows = [f"<h2>{title}</h2>"]
    rows.append(f"<p>{clock(track.first)} to {clock(track.last)} {_link(track.folder, track.first, base)}</p>")
    rows.append(f'<p><meter min="0" max="1" value="{share:.3f}" aria-hidden="true"></meter> {match.similarity:.2f}</p>')
    rows += [f'<strong class="badge">{PROBABLY}</strong>'] if match.same else []
    return f"<li{' class=same' if match.same else ''}>{_image(track.view, title)}<div>{''.join(rows)}</div></li>"


def _image(view: str, title: str) -> str:
    return f'<img src="data:image/jpeg;base64,{view}" alt="{title}" width="96" height="96">' if view else "<i></i>"


def _link(folder: Path, first: float, base: Path) -> str:
    """A link to the drawn video at that time, "" where there is none."""
    clip = folder / CLIP
    if not clip.is_file():
        return ""
    address = quote_from_bytes(os.fsencode(os.path.relpath(clip, base)))
    return f'<a href="./{address}#t={max(0.0, first):.1f}">video</a>'


def _style() -> str:
    """The page's own style with the colours of the live page."""
    live = (resources.files("tracker.view") / "page.css").read_text(encoding="utf-8")
    own = (resources.files("tracker.retrieval") / "page.css").read_text(encoding="utf-8")
    return live.partition("*, *::before")[0] + own


def _hash(text: str) -> str:
    return _base64(hashlib.sha256(text.encode()).digest())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
