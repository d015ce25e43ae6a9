"""How many launches would make a run's intervals narrow, in a sentence of its own and as a remedy in others."""

from __future__ import annotations

from collections.abc import Mapping

from runoff.judge.precision import AIM, Longer, what_it_takes
from runoff.judge.ratios import Ratio
from runoff.quantities import share_text
from runoff.stored.run import StoredRun
from runoff.text import numbers

CONTROL = "the control"


def precision_line(run: StoredRun) -> str | None:
    """Say how many launches would bring every interval to ``AIM``; None where all are, and where it is not known.

    A run that was given a precision of its own is not told of another one.
    """
    planned = run.info.schedule
    ratios: dict[str, Ratio] = {row.contender: row.ratio for row in run.rows if row.ratio}
    if run.info.control:
        ratios[CONTROL] = run.info.control
    needed = what_it_takes(ratios, planned.launches)
    if planned.precision is not None or needed is None:
        return None
    return (
        f"The widest interval, that of {needed.widest}, reaches {numbers.bound(needed.reach)} to each side; "
        f"{launches_words(needed)}, and {options(needed, planned.launches)} goes on until they do."
    )


def remedy(ratios: Mapping[str, Ratio], planned: int) -> str:
    """Name more launches as a remedy: how many, where there are too few for intervals of ``AIM``."""
    needed = what_it_takes(ratios, planned)
    if needed is None:
        return "give more --launches"
    return f"give more launches ({launches_words(needed)}: {options(needed, planned)})"


def launches_words(needed: Longer) -> str:
    """Say how many launches would do."""
    return (
        f"with about {numbers.count(needed.launches, 'launch', 'launches')} instead of {needed.measured}, all would "
        f"reach {numbers.bound(AIM)} at most"
    )


def options(needed: Longer, planned: int) -> str:
    """Write the options of a run that goes on until its intervals are narrow enough."""
    launches = [] if needed.first == planned else [f"--launches {needed.first}"]
    return " ".join([*launches, f"--precision {share_text(AIM)}"])
