"""Where the time of a run went, thread by thread, and what would have to be faster for the whole to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from tracker.threads.stage_clock import WAIT, StageClock, StageTime

OPENING = "open"
"""The stage in which the source, the models and the outputs are opened."""
TRACKING = "tracking"
"""What the main thread is called: it does what the others do not."""

FULL = 0.85  # share of the cores' time from which the processor is the limit
HELD_UP = 1.35  # seconds that a second of work takes from which other programs must have had the cores
IDLE = 0.5  # share of its working time without the processor from which a thread waits for something outside

ADVICE = {
    "detect": "a smaller model, or a smaller --imgsz",
    "masks": "leave --masks out",
    "embed": "--appearance none",
    "camera": "--camera-motion none",
    "draw": "-o none",
    "write": "-o none",
}


@dataclass(frozen=True)
class ThreadTime:
    """One thread, or several of one name. stages: what they worked on. waits: for what -> seconds, over all of them."""

    name: str
    count: int
    stages: Mapping[str, StageTime]
    waits: Mapping[str, float]

    @property
    def work(self) -> StageTime:
        """All stages together."""
        return reduce(StageTime.plus, self.stages.values(), StageTime())


@dataclass(frozen=True)
class Profile:
    """What a run of `frames` frames took.

    seconds: from the opened source to the closed files. cpu: seconds of processor time in these, over all threads.
    opening: before that, the models' loading above all. cores: for this process. threads: those that we started, and
    the main one.
    """

    frames: int
    seconds: float
    cpu: float
    opening: StageTime
    cores: int
    threads: tuple[ThreadTime, ...]

    @property
    def libraries(self) -> float:
        """Processor time of threads that are not ours: of the video decoder, OpenCV, the network's."""
        return max(0.0, self.cpu - sum(thread.work.cpu for thread in self.threads))

    @property
    def least(self) -> float:
        """Seconds that the same work takes at least: all cores at work all the time."""
        return self.cpu / self.cores

    @property
    def used(self) -> float:
        """Share of the cores' time that was used."""
        return self.least / max(self.seconds, 1e-9)

    def busy(self, thread: ThreadTime) -> float:
        """Share of the time in which a thread was at work, whether or not it had a core for that."""
        return min(1.0, thread.work.wall / max(self.seconds * thread.count, 1e-9))

    def bound(self) -> str:
        """What bounds the speed of the run, in words."""
        costs: dict[str, StageTime] = {}
        for thread in self.threads:  # two of them may write: lines here, pictures there
            for stage, spent in thread.stages.items():
                costs[stage] = costs.get(stage, StageTime()).plus(spent)
        if not costs:
            return "nothing: there was nothing to do"
        most = max(costs, key=lambda stage: costs[stage].cpu)
        share = f"{most} takes {costs[most].cpu / max(self.cpu, 1e-9):.0%} of the work{_advice(most)}"
        if self.used >= FULL:
            return f"the processor: {_cores(self.cores)} busy {self.used:.0%} of the time; {share}"
        wall, cpu = (sum(getattr(spent, clock) for spent in costs.values()) for clock in ("wall", "cpu"))
        busiest = max(self.threads, key=self.busy)
        stage = max(busiest.stages, key=lambda name: busiest.stages[name].wall)
        spent = busiest.stages[stage]
        if stage == "read" and spent.cpu < IDLE * spent.wall:
            return f"the source: reading waits for it {1 - spent.cpu / spent.wall:.0%} of the time"
        if wall > HELD_UP * cpu:
            longer = wall / max(cpu, 1e-9)
            return f"other programs, which have the cores: a second of work takes {longer:.1f} seconds; {share}"
        what = f"{busiest.name}, at work {self.busy(busiest):.0%} of the time"
        return f"{what}, while {self.used:.0%} of {_cores(self.cores)} is used; it is {stage} above all{_advice(stage)}"

    def is_beside(self, stage: str) -> bool:
        """Whether a stage goes on mostly in other threads than the one that tracks."""
        walls = {True: 0.0, False: 0.0}
        for thread in self.threads:
            walls[thread.name == TRACKING] += thread.stages.get(stage, StageTime()).wall
        return walls[False] > walls[True]


def profile_of(clock: StageClock, frames: int, wall: float, cpu: float, cores: int, main: tuple[str, float]) -> Profile:
    """The profile of a run from what its threads have told `clock`.

    wall, cpu: seconds of the whole run, the opening included. main: name of the main thread, and its processor time;
    what it did outside all stages is shown as one more, "other".
    """
    threads = []
    opening = StageTime()
    name_of_main, cpu_of_main = main
    for name, count, spent in clock.threads():
        stages = {stage: time for stage, time in spent.items() if not stage.startswith(WAIT)}
        waits = {stage[len(WAIT) :]: time.wall for stage, time in spent.items() if stage.startswith(WAIT)}
        if name == name_of_main:
            rest = max(0.0, cpu_of_main - sum(time.cpu for time in spent.values()))
            opening = stages.pop(OPENING, opening)
            stages["other"] = StageTime(rest, rest)
        threads.append(ThreadTime(TRACKING if name == name_of_main else name, count, stages, waits))
    return Profile(
        frames=frames,
        seconds=max(0.0, wall - opening.wall),
        cpu=max(0.0, cpu - opening.cpu),
        opening=opening,
        cores=cores,
        threads=tuple(sorted(threads, key=lambda thread: _order(thread.name))),
    )


def _order(name: str) -> int:
    """As the frames pass through them."""
    return {"reading": 0, "detecting": 1, TRACKING: 2}.get(name, 3)


def _advice(stage: str) -> str:
    return f" (faster: {ADVICE[stage]})" if stage in ADVICE else ""


def _cores(count: int) -> str:
    return "the one core" if count == 1 else f"the {count} cores"
