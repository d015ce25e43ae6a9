"""What is said of a run's undisturbed ratios beside its typical ones, in a sentence each."""

from __future__ import annotations

from runoff.judge.ratios import control_is_valid
from runoff.judge.three_ratios import Ratios, known
from runoff.stored.run import StoredRun
from runoff.text import numbers


def undisturbed_is_valid(run: StoredRun) -> bool:
    """Whether the undisturbed ratios can be believed: an older run has no control of them, and they can."""
    found = known(run.info.control_ratios.undisturbed) if run.info.control_ratios else None
    return found is None or control_is_valid(found, run.info.margin)


def ratios_line(run: StoredRun) -> str | None:
    """Say what the two ratios are, None where there is one."""
    if not any(row.undisturbed for row in run.rows):
        return None
    return (
        f"Ratios are to {run.stratum.reference}. Typical: the median over rounds, with what the machine's neighbours "
        "cost in that hour; verdicts are by it. Undisturbed: the quietest quarter of the rounds."
    )


def control_words(ratios: Ratios | None) -> str:
    """Write the control's two other ratios after the typical one, empty where they are not known."""
    if ratios is None:
        return ""
    found = (known(ratios.undisturbed), known(ratios.tail))
    return "".join(f", {ratio.of} {numbers.ratio_with_reach(ratio)}" for ratio in found if ratio)


def widened_line(run: StoredRun) -> str | None:
    """Name the contenders whose undisturbed interval is wider because quiet rounds were too few, None without any."""
    widened = [row.contender for row in run.rows if row.undisturbed and row.undisturbed.widened]
    if not widened:
        return None
    return (
        f"Too few rounds were quiet for the undisturbed {'ratio' if len(widened) == 1 else 'ratios'} of "
        f"{numbers.first_few(widened)}: the quietest of them say something else, and by that much the intervals are "
        "widened; more --launches, another hour or a dedicated machine would help."
    )
