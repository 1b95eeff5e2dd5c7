"""What counts as a fault of a case."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.faults.sandbox import Changes
from benchmarks.faults.supervisor import Ending

KINDS = ("traceback", "unclear", "signal", "hang", "slow", "memory", "outside", "lost", "draft")
"""unclear: anything but one line that tells an error, and warnings. slow: small inputs over `SLOW` seconds. draft: a
half-written file that stays."""

SMALL = 1_000_000  # bytes of input
SLOW = 10.0  # seconds, for small inputs
MOST_MB, MOST_MB_SMALL = 1500.0, 1000.0
TRAINING_MB = 1500.0  # PyTorch and a step with the smallest network take 800 MB of it, whatever the input is
FAILED, WRONG_ARGUMENTS = 1, 2
FAILURES = re.compile(r"failed +why *")  # the head of the table that annotate prints
LAST_RESORT = re.compile(r"^error: keeptrack: an error that it does not know.*\((\S+) tells where", re.MULTILINE)
PROGRESS = r"reading the pictures and their labels|writing the network|looking at what it finds in \d+ pictures"
LINE = re.compile(rf"(error|warning|note): \S.*|{PROGRESS}")
"""What may be printed; training, which takes hours as a rule, tells what it does."""


def faults(
    ending: Ending, changes: Changes, drafts: list[str], size: int, said: Path, small_mb: float = MOST_MB_SMALL
) -> dict[str, str]:
    """Kind of fault -> what is known of it.

    size: bytes of the input. said: folder of what was printed. small_mb: memory that a small input may take.
    """
    found: dict[str, str] = {}
    trace = ending.trace or foreseen_by_nobody(said)
    if trace:
        found["traceback"] = trace
    if ending.signal:
        found["signal"] = f"signal {ending.signal}"
    if ending.hung:
        found["hang"] = f"{ending.seconds:.0f} s"
    elif ending.seconds > SLOW and size < SMALL:
        found["slow"] = f"{ending.seconds:.1f} s"
    if ending.peak_mb > (small_mb if size < SMALL else MOST_MB):
        found["memory"] = f"{ending.peak_mb:.0f} MB"
    outside = [*ending.outside, *changes.outside]
    if outside:
        found["outside"] = ", ".join(outside[:5])
    if changes.lost:
        found["lost"] = ", ".join(changes.lost[:5])
    if drafts:
        found["draft"] = ", ".join(drafts[:5])
    unclear = "" if found.keys() & {"traceback", "signal", "hang"} else unclear_text(ending, said)
    return found | ({"unclear": unclear} if unclear else {})


def foreseen_by_nobody(said: Path) -> str:
    """The traceback of an error that only the last resort of the command line has turned into a line; "" for none."""
    told = LAST_RESORT.search((said / "stderr").read_text("utf-8", "replace"))
    if not told:
        return ""
    path = Path(told[1])
    return path.read_text("utf-8", "replace")[-3000:] if path.is_file() else told[0]


def unclear_text(ending: Ending, said: Path) -> str:
    """What a person could not understand in what was printed; "" for nothing."""
    errors = (said / "stderr").read_text("utf-8", "replace")
    everything = errors + (said / "stdout").read_text("utf-8", "replace")
    control = [each for each in everything if not each.isprintable() and each != "\n"]
    if control:
        return f"control character {control[0]!r}"
    if "Traceback" in everything:
        return errors[-1500:]
    lines = [line for line in errors.split("\n") if line]
    wrong = [line for line in lines if not LINE.fullmatch(line)]
    told = [line for line in lines if line.startswith("error: ")]
    if ending.status == FAILED and any(FAILURES.match(line) for line in lines) and not told:
        return ""
    if ending.status in (FAILED, WRONG_ARGUMENTS):
        return "" if len(told) == 1 and not wrong else f"status {ending.status}: {errors[:600]}"
    if ending.status == 0:
        return f"status 0: {errors[:600]}" if wrong or told else ""
    return f"status {ending.status}"
