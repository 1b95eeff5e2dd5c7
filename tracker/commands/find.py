"""``keeptrack find``: the tracks of many videos that look most like one object."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.base import Floats
from detectors.errors import InputError
from tracker.commands.arguments import Parser
from tracker.commands.screen import warn
from tracker.writers.path_checks import check_outputs

if TYPE_CHECKING:
    from tracker.retrieval.gallery import Gallery
    from tracker.retrieval.query import Query
    from tracker.retrieval.ranking import Match

SHOWN = 10  # in the terminal
PAGES = (".html", ".htm")
EXAMPLES = """\
examples:
  keeptrack annotate clips/ -o annotations
  keeptrack find street:12 annotations/                 who looks like track 12 of street.mp4, in all videos
  keeptrack find person.jpg annotations/ --json found.json
  keeptrack find photo.jpg annotations/ other/ --box 420,80,560,410 --top 50
"""


def main(argv: Sequence[str]) -> int:
    """Run the command; returns the exit status. Raises InputError."""
    given = build_parser().parse_intermixed_args(argv)
    folders = [Path(each) for each in given.annotations]
    box = _box(given.box)
    if given.top < 1:
        raise InputError(f"--top {given.top}", "is not above 0", "give a number that is")
    paths = {"--output": Path(given.output or _default_name(given.query))}
    if paths["--output"].suffix.lower() not in PAGES:
        name = paths["--output"].with_suffix(".html").name
        raise InputError(f"--output {paths['--output']}", "the page is written as HTML", f"name it {name}")
    if given.json is not None:
        paths["--json"] = Path(given.json)
    check_outputs(paths, [Path(given.query)], given.overwrite)
    query, gallery = _look_up(given.query, folders, given.appearance, box)
    from tracker.retrieval.page import write_page
    from tracker.retrieval.ranking import rank

    matches = rank(gallery, query.vectors, query.left_out, given.same)
    word = _meaning(gallery.model, given.same)
    if query.note:
        warn(query.note)
    write_page(paths["--output"], query, matches[: given.top], word, not given.overwrite)
    if "--json" in paths:
        _write_json(paths["--json"], query, matches[: given.top], not given.overwrite)
    _print(matches, paths)
    return 0


def _look_up(text: str, folders: Sequence[Path], appearance: str, box: Floats | None) -> tuple[Query, Gallery]:
    """What is looked for, and where."""
    from tracker.retrieval.gallery import load_gallery
    from tracker.retrieval.query import is_picture, of_picture, of_track

    if not is_picture(text):
        if box is not None:
            raise InputError("--box", "is about a picture, and the query is a track", "leave it out")
        gallery = load_gallery(folders)
        return of_track(text, gallery), gallery
    from tracker.appearance.embedder import load_embedder

    embedder = load_embedder(appearance)
    if embedder is None:
        raise InputError(f"--appearance {appearance}", "tells nobody from another", "give a model, or leave it out")
    return of_picture(Path(text), embedder, box), load_gallery(folders, embedder)


def _write_json(path: Path, query: Query, matches: Sequence[Match], new: bool) -> None:
    from tracker.writers.exclusive import create, write_whole

    found = {"query": query.name, **({"box": query.box} if query.box else {}), "tracks": [_as_json(m) for m in matches]}
    with create(path, new) as file:
        write_whole(file, (json.dumps(found, indent=1, ensure_ascii=False) + "\n").encode())


def _as_json(match: Match) -> dict[str, Any]:
    track = match.track
    about = {"video": track.video, "folder": str(track.folder), "id": track.track_id, "class": track.label}
    times = {"first": round(track.first, 3), "last": round(track.last, 3)}
    same = {} if match.same is None else {"probably_the_same": match.same}
    return about | times | {"similarity": round(match.similarity, 4)} | same


def _meaning(model: str, threshold: float | None) -> str:
    """What "probably the same" means here."""
    from tracker.retrieval.ranking import MEASURED, PROBABLY

    if threshold is not None:
        return f"Probably the same: from a similarity of {threshold:g} on, as --same says."
    if model not in PROBABLY:
        return f"Nobody has measured which similarity of the model {model} means the same object: --same sets one."
    return f"Probably the same: from a similarity of {PROBABLY[model]:g} on. {MEASURED}"


def _print(matches: Sequence[Match], paths: dict[str, Path]) -> None:
    from tracker.retrieval.page import clock

    for match in matches[:SHOWN]:
        track, word = match.track, "probably the same" if match.same else ""
        times = f"{clock(track.first)} to {clock(track.last)}"
        print(f"{match.similarity:.2f}  {track.video}:{track.track_id}  {track.label}, {times}  {word}".rstrip())
    if not matches:
        print("nobody else is there")
    for path in paths.values():
        print(f"wrote {path}")


def _default_name(query: str) -> str:
    """``NAME.find.html`` in the current folder."""
    name = Path(query).stem if Path(query).is_file() else Path(query).name.replace(":", "-")
    return f"{name}.find.html"


def _box(text: str | None) -> Floats | None:
    if text is None:
        return None
    try:
        box = np.array([float(number) for number in text.split(",")])
    except ValueError:
        box = np.empty(0)
    if box.shape != (4,) or not np.isfinite(box).all():
        raise InputError(f"--box {text}", "is no box", "give x1,y1,x2,y2 in pixels")
    return box


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser(
        prog="keeptrack find",
        description=f"List the tracks of annotated videos that look most like one object.\n\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "query", metavar="PICTURE|VIDEO:ID", help="a picture of the object, or a track of one of the videos"
    )
    parser.add_argument("annotations", nargs="+", metavar="ANNOTATIONS", help="folders of keeptrack annotate")
    parser.add_argument(
        "-o", "--output", metavar="PATH", help="the page (default: NAME.find.html in the current folder)"
    )
    parser.add_argument("--json", metavar="PATH", help="the same for programs")
    parser.add_argument("--top", type=int, default=30, metavar="N", help="how many tracks (default: 30)")
    parser.add_argument(
        "--box", metavar="X1,Y1,X2,Y2", help="where the object is in the picture (default: the largest)"
    )
    parser.add_argument(
        "--same", type=float, metavar="SIMILARITY", help="from which similarity on two tracks are probably the same"
    )
    parser.add_argument(
        "--appearance",
        default="auto",
        metavar="NAME|PATH",
        help="of a picture: the model that the videos were annotated with (default: people)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")
    return parser
