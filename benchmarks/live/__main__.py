"""What live use promises, measured on real streams on this computer.

usage: python -m benchmarks.live [--only PART,PART] [--clip VIDEO] [--model ONNX] [--line NAME:X1,Y1,X2,Y2]
                                 [--rounds N] [--smoke] [--markdown] [--json PATH]

parts:
  age        a consumer five times slower than its camera, a minute: how old is the picture that it gets
  drops      ten drops of 1 to 5 seconds in one run: does it come back, do the objects keep their numbers
  viewers    twenty viewers, half of them reading nothing, against none: frames a second
  kills      ten runs killed at random moments: what of their files can be read
  endurance  half an hour: frames a second, memory
  line       the clip as a stream, with a line across it: crossings (--line)

MJPEG over HTTP, MPEG-TS over HTTP and TCP, and RTSP where GStreamer's server is installed. Without --clip, the demo's
clip is taken or else the one in videos/.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.live import endurance, killed_runs, latency, line_crossings, reconnection, viewers
from benchmarks.speed.comparison import chosen_parts, default_clip, show
from benchmarks.speed.measurement import Measurement, Setting, SkippedError
from benchmarks.tables import circumstances, print_circumstances
from detectors import InputError
from tracker.writers.stats import write_stats

PARTS: dict[str, Callable[[Setting], Measurement]] = {
    "age": latency.measure,
    "drops": reconnection.measure,
    "viewers": viewers.measure,
    "kills": killed_runs.measure,
    "endurance": endurance.measure,
    "line": line_crossings.measure,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; the exit status is 0 if no part has failed."""
    arguments = build_parser().parse_args(argv)
    found: dict[str, Measurement] = {}
    try:
        names = chosen_parts(arguments.only, PARTS)
        print_circumstances()
        for name in names:
            found[name] = measure(name, arguments)
            show(name, found[name], arguments.markdown)
        if arguments.json:
            figures = {name: one.figures for name, one in found.items()}
            write_stats(arguments.json, {"circumstances": circumstances(), "parts": figures})
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return int(any(one.failed for one in found.values()))


def build_parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="PART,PART", help=f"of: {', '.join(PARTS)}; default: each")
    parser.add_argument("--clip", type=Path, metavar="VIDEO", help="for viewers, endurance and line")
    parser.add_argument("--model", type=Path, metavar="ONNX", help="detector of these; default: the package's own")
    parser.add_argument("--line", metavar="NAME:X1,Y1,X2,Y2", help="across the clip")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="of the comparison with viewers")
    parser.add_argument("--smoke", action="store_true", help="do very little: figures mean nothing")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures")
    return parser


def measure(part: str, arguments: argparse.Namespace) -> Measurement:
    """Measure a part; of one that cannot be, only the reason: the other parts' figures are worth having."""
    clip = arguments.clip.resolve() if arguments.clip else default_clip(arguments.smoke)
    model = arguments.model and arguments.model.resolve()
    try:
        with tempfile.TemporaryDirectory(prefix="keeptrack-live-") as folder:
            setting = Setting(
                clip, Path(folder), model, rounds=arguments.rounds, smoke=arguments.smoke, line=arguments.line
            )
            return PARTS[part](setting)
    except SkippedError as reason:
        return Measurement(skipped=[str(reason)])
    except InputError as error:
        return Measurement(skipped=[f"failed: {error}"], failed=True)


if __name__ == "__main__":
    sys.exit(main())
