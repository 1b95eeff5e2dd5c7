"""The picture of the speed benchmark: a panel a part, ours in colour, others in grey."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.speed.whole_run import OURS
from tracker.association.presets import PRESETS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACCENT, TINT, GREY, INK = "#c8374d", "#e9adb5", "#a3adb8", "#36414d"
STYLE: dict[Any, Any] = {
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 14,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
}
APART = 0.052  # of a panel's height, between the labels of two lines
Figures = Mapping[str, Any]


def draw(path: Path, figures: Mapping[str, Figures], footnote: str) -> None:
    """Write the picture of what was measured; parts without a panel are left out. Raises ImportError, ValueError.

    figures: of each part. ValueError: there is no part that has a panel.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    drawn = [(panel, figures[part]) for part, panel in PANELS.items() if figures.get(part)]
    if not drawn:
        raise ValueError("nothing was measured that has a picture")
    with mpl.rc_context(STYLE):
        layout = ConstrainedLayoutEngine(w_pad=0.15, wspace=0.04, rect=(0, 0.05, 1, 0.93))
        picture = Figure(figsize=(5.2 * len(drawn), 4.6), layout=layout, dpi=150)
        for axes, (panel, found) in zip(picture.subplots(1, len(drawn), squeeze=False)[0], drawn, strict=True):
            panel(axes, found)
        picture.text(0.008, 0.02, footnote, fontsize=8, color=GREY)
        picture.savefig(path)


def colour_of(name: str) -> str:
    """The accent for our default, a tint of it for what else is ours, grey for others."""
    if name == OURS:
        return ACCENT
    return TINT if name in PRESETS or name.startswith(OURS) else GREY


def draw_association(axes: Axes, figures: Figures) -> None:
    """Milliseconds by number of objects, both in powers of ten."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    ends = {}
    for name, of in figures["milliseconds"].items():
        counts, values = [int(count) for count in of], [statistics.median(rounds) for rounds in of.values()]
        ours = name == OURS
        axes.plot(counts, values, color=colour_of(name), lw=2.6 if ours else 1.4, zorder=3 if ours else 2)
        ends[name] = values[-1]
    axes.set(xscale="log", yscale="log", xlabel="objects", title="Association, milliseconds a frame", xticks=counts)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(axis="y", color=GREY, alpha=0.25, lw=0.6)
    label_ends(axes, counts[-1], ends)


def label_ends(axes: Axes, x: float, ends: Mapping[str, float]) -> None:
    """Names behind the ends of lines, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    heights = {name: float(np.log(value / low) / np.log(high / low)) for name, value in ends.items()}
    names = sorted(heights, key=lambda name: heights[name])
    placed = spread([heights[name] for name in names], APART)
    for name, y in zip(names, placed, strict=True):
        label = f"our {name}" if name in PRESETS and name != OURS else name
        axes.annotate(
            f"{label}  {ends[name]:.{1 if ends[name] < 10 else 0}f}",
            (x, ends[name]),
            xytext=(1.06, y),
            textcoords="axes fraction",
            va="center",
            color=ACCENT if name == OURS else INK,
            weight="bold" if name == OURS else "normal",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour_of(name), "lw": 0.6, "relpos": (0, 0.5), "shrinkA": 2},
        )


def spread(heights: Sequence[float], apart: float) -> list[float]:
    """Ascending heights, moved as little as it takes to be `apart` at least: groups stay around their own middle."""
    groups = [[height] for height in heights]
    merged: list[list[float]] = []
    for group in groups:
        merged.append(group)
        while len(merged) > 1 and _first(merged[-1], apart) < _first(merged[-2], apart) + apart * len(merged[-2]):
            merged[-2:] = [merged[-2] + merged[-1]]
    return [_first(group, apart) + apart * index for group in merged for index in range(len(group))]


def _first(group: Sequence[float], apart: float) -> float:
    """Where the lowest of a group goes, so that its middle stays."""
    return float(np.mean(group)) - apart * (len(group) - 1) / 2


def draw_run(axes: Axes, figures: Figures) -> None:
    """A bar a command, its name above it, and how long it would take if no processor ever waited."""
    for row, (name, rounds) in enumerate(figures.items()):
        seconds = statistics.median(one["cost"]["seconds"] for one in rounds)
        limit = statistics.median(one["limit"] for one in rounds)
        bold: dict[str, Any] = {
            "color": ACCENT if name == OURS else INK,
            "weight": "bold" if name == OURS else "normal",
        }
        axes.barh(row, seconds, color=colour_of(name), height=0.36)
        axes.plot([limit, limit], [row - 0.18, row + 0.18], color="white", lw=2)
        axes.annotate(name, (0, row - 0.2), xytext=(0, 3), textcoords="offset points", va="bottom", **bold)
        axes.annotate(f"{seconds:.1f}", (seconds, row), xytext=(5, 0), textcoords="offset points", va="center", **bold)
    axes.set(title="The whole command, seconds", ylim=(len(figures) - 0.6, -0.6), yticks=[])
    axes.set_xlabel("white mark: processor time, spread evenly over all processors")
    axes.set_xlim(0, 1.12 * axes.dataLim.x1)
    axes.spines["left"].set_visible(False)


def draw_memory(axes: Axes, figures: Figures) -> None:
    """Megabytes held, by frame, from zero."""
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    for way, text in MEMORY_LABELS.items():
        frames, held, ours = figures[way]["frames"], figures[way]["mb"], way == "run"
        axes.plot(frames, held, color=ACCENT if ours else TINT, lw=2.6 if ours else 1.8)
        where: dict[str, Any] = {"xytext": (0, 6), "textcoords": "offset points", "ha": "right"}
        axes.annotate(f"{text}  {held[-1]:.0f}", (frames[-1], held[-1]), color=ACCENT if ours else INK, **where)
    axes.set(title="Memory, megabytes", xlabel="frames", ylim=(0, 1.2 * axes.dataLim.y1), xlim=(0, None))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.grid(axis="y", color=GREY, alpha=0.25, lw=0.6)


MEMORY_LABELS = {"run": "reading, tracking, drawing, writing", "looks": "tracking alone"}
PANELS: dict[str, Callable[[Axes, Figures], None]] = {
    "association": draw_association,
    "run": draw_run,
    "memory": draw_memory,
}
