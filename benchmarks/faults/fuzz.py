"""The fuzz: damaged inputs by the thousand through the command line, and what must not happen."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.faults import seeds
from benchmarks.faults.mutations import word
from benchmarks.faults.parsers import Parser
from benchmarks.faults.sandbox import INPUTS, OUTPUTS, Sandbox
from benchmarks.faults.supervisor import Ending, Supervisor
from benchmarks.faults.verdict import KINDS, MOST_MB_SMALL, SLOW, TRAINING_MB, faults
from tracker.commands.arguments import COMMANDS


@dataclass
class Tally:
    """What became of a parser's inputs."""

    name: str
    inputs: int = 0
    refused: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0
    peak_mb: float = 0.0
    seconds: float = 0.0

    def add(self, ending: Ending, found: dict[str, str]) -> None:
        """One more."""
        self.inputs += 1
        self.refused += ending.status not in (0, None)
        self.faults.update(found.keys())
        self.longest, self.peak_mb = max(self.longest, ending.seconds), max(self.peak_mb, ending.peak_mb)

    def cells(self) -> list[str]:
        """A row of the table."""
        numbers = (self.inputs, self.refused, *(self.faults[kind] for kind in KINDS))
        return [self.name, *map(str, numbers), f"{self.longest:.1f}", f"{self.peak_mb:.0f}", f"{self.seconds:.0f}"]


HEADINGS = ("", "inputs", "refused", *KINDS, "longest, s", "most MB", "all, s")


@dataclass(frozen=True)
class Fault:
    """A case with a fault. kinds: with what is known. arguments: of the program."""

    parser: str
    number: int
    kinds: dict[str, str]
    arguments: Sequence[str]

    def __str__(self) -> str:
        what = "\n".join(f"  {kind}: {told.strip()}" for kind, told in self.kinds.items())
        return f"--only '{self.parser}' --number {self.number}: {' '.join(self.arguments)[:300]}\n{what}"


class Fuzz:
    """Runs parsers in a folder, while it is entered. keep: where inputs of faults are copied to, None for nowhere."""

    def __init__(self, folder: Path, seed: int = 0, keep: Path | None = None) -> None:
        self._folder, self._seed, self._keep = folder, seed, keep
        self._said = folder / "said"
        self._said.mkdir()
        self._sandboxes: dict[str, Sandbox] = {}
        self._supervisor = Supervisor(self._said)

    def __enter__(self) -> Fuzz:
        return self

    def __exit__(self, *_: object) -> None:
        self._supervisor.stop()

    def run(self, parser: Parser, numbers: Sequence[int], tell: Callable[[Fault], None]) -> Tally:
        """Run the inputs of these numbers through a parser."""
        tally, started = Tally(parser.name), time.monotonic()
        sandbox = self._sandbox(parser.seed)
        for number in numbers:
            ending, found, arguments = self._case(parser, number, sandbox)
            tally.add(ending, found)
            if found:
                tell(Fault(parser.name, number, found, arguments))
                self._copy(parser, number, sandbox)
        tally.seconds = time.monotonic() - started
        return tally

    def _sandbox(self, seed: str) -> Sandbox:
        """The folder with this seed, which parsers share."""
        if seed not in self._sandboxes:
            sandbox = self._sandboxes[seed] = Sandbox(self._folder / seed)
            seeds.make(seed, sandbox.case)
            sandbox.keep()
        return self._sandboxes[seed]

    def _case(self, parser: Parser, number: int, sandbox: Sandbox) -> tuple[Ending, dict[str, str], list[str]]:
        """Run one input; one that took long a second time, as others may have used the computer."""
        for _ in range(2):
            arguments, changed = self._prepare(parser, number, sandbox)
            size = 0 if changed is None else (sandbox.case / changed).stat().st_size
            sandbox.note()
            ending = self._supervisor.run(parser.program, arguments, sandbox.case, [OUTPUTS, *_also(parser)])
            if ending.seconds <= SLOW or ending.hung:
                break
        replaceable = (*parser.may_change, *([changed] if changed else []), *(["out/old.json"] * (ending.status == 0)))
        small_mb = TRAINING_MB if parser.program == "training" else MOST_MB_SMALL
        found = faults(ending, sandbox.changes(replaceable), sandbox.drafts(), size, self._said, small_mb)
        return ending, found, arguments

    def _prepare(self, parser: Parser, number: int, sandbox: Sandbox) -> tuple[list[str], str | None]:
        """Make the input: the arguments, and the damaged file below the case's folder."""
        chance = random.Random(f"{self._seed} {parser.name} {number}")
        sandbox.restore()
        arguments = chance.choice(parser.commands).split()
        if not parser.files:
            at = chance.choice([at for at, each in enumerate(arguments) if _may_be_anything(each)])
            arguments[at] = word(arguments[at], chance)
            return arguments, None
        pattern, mutation = chance.choice(parser.files)
        path = chance.choice(sorted(sandbox.case.glob(pattern)))
        mutation(path, chance)
        changed = path.relative_to(sandbox.case).as_posix()
        return [_named(each, changed) for each in arguments], changed

    def _copy(self, parser: Parser, number: int, sandbox: Sandbox) -> None:
        """Keep the input, as it was before the run."""
        if self._keep is not None:
            place = self._keep / f"{parser.name}-{number}".replace(" ", "-")
            self._prepare(parser, number, sandbox)
            shutil.copytree(sandbox.case, place, dirs_exist_ok=True, symlinks=True)


def _also(parser: Parser) -> Iterator[str]:
    """Where a parser's commands write beside the outputs."""
    yield from (each.rstrip("*") for each in parser.may_change if each.startswith(INPUTS))


def _named(argument: str, changed: str) -> str:
    """An argument with the name of the damaged file, or of its folder."""
    return argument.replace("{}/..", str(Path(changed).parent)).replace("{}", changed)


def _may_be_anything(argument: str) -> bool:
    """Not the names of options and commands, nor outputs: one that leads elsewhere is what its user asked for."""
    return not argument.startswith(("-", OUTPUTS)) and argument not in ("none", *COMMANDS)
