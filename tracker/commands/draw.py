"""``keeptrack draw``: a page to draw lines, zones and masks on a frame, and to give points in metres."""

from __future__ import annotations

import argparse
import contextlib
import secrets
import threading
from collections.abc import Sequence
from pathlib import Path

from detectors.errors import InputError
from tracker.commands.arguments import Parser
from tracker.commands.interruption import Interrupted
from tracker.commands.option_types import address, seconds
from tracker.run.viewers import check_view

EXAMPLES = """\
examples:
  keeptrack draw street.mp4                    open the address that it prints; Save writes street.scene.json
  keeptrack draw street.mp4 --at 1:30 -o street.json
  keeptrack street.mp4 --regions street.scene.json --calibrate street.scene.json --events street.jsonl
"""


def main(argv: Sequence[str]) -> int:
    """Run the command; returns the exit status. Raises InputError."""
    arguments = build_parser().parse_args(argv)
    check_view("keeptrack draw")
    from tracker.scene_editor.app import Editor
    from tracker.scene_editor.frame_at import frame_at
    from tracker.scene_editor.scene import SceneFile
    from tracker.scene_editor.serving import served
    from tracker.view.address import find_token, listen, page_url, parse_address

    name, picture = frame_at(arguments.source, arguments.at, arguments.fps)
    path = Path(arguments.output or f"{name}.scene.json")
    if path.is_dir():
        raise InputError(path, "is a folder", "give -o a file name")
    editor = Editor(SceneFile(path, (picture.shape[1], picture.shape[0])), name, picture)
    token = find_token(arguments.view_token) or secrets.token_urlsafe(12)
    listening = listen(parse_address(arguments.view), token)
    print(f"draw      {page_url(listening, token)}\nfile      {path}\nCtrl-C    when you have saved it", flush=True)
    with served(listening, editor.app(token)), contextlib.suppress(Interrupted):  # that is how it ends
        threading.Event().wait()
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser(
        prog="keeptrack draw",
        description="A page to draw lines, zones and masks on a frame of a source, and to give points or lengths in "
        f"metres, for --regions and --calibrate.\n\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="SOURCE", help="as for keeptrack SOURCE")
    parser.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        help="the file; what it holds already is gone on with (default: NAME.scene.json)",
    )
    parser.add_argument("--at", type=seconds, default=0.0, metavar="TIME", help="of the frame: seconds, or [HH:]MM:SS")
    parser.add_argument("--fps", type=float, metavar="N", help="frames a second of a folder of images (default: 30)")
    parser.add_argument(
        "--view",
        default="127.0.0.1:8000",
        type=address,
        metavar="HOST:PORT",
        help="where the page is (default: 127.0.0.1:8000, this computer only)",
    )
    parser.add_argument("--view-token", metavar="TOKEN", help="what the page's address must hold (default: made up)")
    return parser
