"""What a run shows of itself while it is under way: a table on a terminal, and one line elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.text import Text

from runoff.judge.ratios import FASTER, SLOWER, Ratio
from runoff.text import numbers
from runoff.text.numbers import count, span
from runoff.text.table import Table, make_table
from runoff.text.terminal import draw_table

STATE, LAUNCHES = "state", "launches"
WIDEST_BAR = 60
AROUND = 6
"""Lines of no contender: what is done (two where it is narrow), the bar, an empty one, the headings, how many more."""


@dataclass(frozen=True)
class Contending:
    """A contender as it is now: its state in words, its launches that are over, and its ratio so far; None without."""

    name: str
    state: str
    launches: int | None = None
    ratio: Ratio | None = None
    failing: bool = False


@dataclass(frozen=True)
class Moment:
    """A part of a run that is under way: ``done`` of its ``steps``, and seconds since it began.

    ``left`` are the seconds that the rest of it probably takes, None where nothing is known yet. ``launches`` are those
    planned, 0 where the part has none, and ``over`` those that are over. Ratios are to the ``reference``.
    """

    what: str
    done: int
    steps: int
    seconds: float
    left: float | None
    reference: str
    launches: int = 0
    over: int = 0
    contenders: tuple[Contending, ...] = ()


def live_table(moment: Moment, *, width: int, height: int) -> RenderableType:
    """Draw a moment so that it fits a terminal: columns go first where it is narrow, the last rows where it is low."""
    bar = ProgressBar(
        total=max(1, moment.steps),
        completed=moment.done,
        width=min(WIDEST_BAR, width),
        style="bright_black",
        complete_style="cyan",
        finished_style="cyan",
    )
    room = max(1, height - AROUND)
    shown = moment.contenders[:room]
    parts: list[RenderableType] = [Text(progress_words(moment), style="bold", overflow="fold")]
    if shown:
        parts += [Padding(bar, (0, 0, 1, 0)), draw_table(contender_table(moment, shown), width)]
    else:
        parts.append(bar)
    if left_out := len(moment.contenders) - len(shown):
        parts.append(Text(f"and {left_out} more", style="italic"))
    return Group(*parts)


def contender_table(moment: Moment, contenders: Sequence[Contending]) -> Table:
    """Make the table of contenders; launches and ratios have columns where some are planned, or known."""
    ratios = f"ratio to {moment.reference}"
    has_ratios = any(each.ratio for each in contenders)
    rows = []
    for each in contenders:
        row = {"contender": each.name, STATE: each.state}
        if moment.launches:
            row[LAUNCHES] = numbers.NOTHING if each.launches is None else f"{each.launches} of {moment.launches}"
        if has_ratios:
            row[ratios] = numbers.ratio(each.ratio)
        rows.append(row)
    table = make_table("", rows, words=(STATE,), droppable=(LAUNCHES, STATE))
    return Table(
        table.caption,
        table.columns,
        table.rows,
        classes=tuple(look(each, moment.reference) for each in contenders),
        droppable=table.droppable,
    )


def look(contender: Contending, reference: str) -> str:
    """Return what a contender's row is to the eye."""
    if contender.failing:
        return "failing"
    if contender.name == reference:
        return "reference"
    verdict = contender.ratio.verdict if contender.ratio else ""
    return {FASTER: "faster", SLOWER: "slower"}.get(verdict, "")


def progress_words(moment: Moment) -> str:
    """Say what is under way, how much of it is done, and how long the rest probably takes."""
    done = f"{moment.done} of {moment.steps}"
    if moment.launches:
        done = f"{moment.over} of {count(moment.launches, 'launch', 'launches')} done"
    left = "" if moment.left is None else f", about {span(moment.left)} left"
    return f"{moment.what}: {done}, {span(moment.seconds)} so far{left}"


def live_line(moment: Moment) -> str:
    """Say the same in one line, with the ratios so far."""
    ratios = "; ".join(f"{each.name} {numbers.ratio(each.ratio)}" for each in moment.contenders if each.ratio)
    return progress_words(moment) + (f"; ratios to {moment.reference} so far: {ratios}" if ratios else "")
