"""Where the undisturbed ratios put two contenders in another order than the typical ones."""

from __future__ import annotations

from itertools import combinations

from runoff.judge.ratios import Ratio
from runoff.stored.rows import Row
from runoff.stored.run import StoredRun
from runoff.stored.undisturbed import undisturbed_is_valid
from runoff.text import numbers

MOST = 2
"""So many pairs are named."""


def other_order(run: StoredRun) -> str | None:
    """Say in a sentence which contenders stand in another order undisturbed than typically; None where none do.

    Both orders have to be shown: the two intervals lie apart in either ratio.
    """
    rows = [row for row in run.timed if row.ratio and row.undisturbed] if undisturbed_is_valid(run) else []
    typically = sorted(rows, key=lambda row: row.ratio.value if row.ratio else 0.0)
    pairs = [pair for pair in combinations(typically, 2) if turns(*pair)]
    if not pairs:
        return None
    named = [f"{ratios(second)} is faster than {ratios(first)}" for first, second in pairs]
    return (
        f"Undisturbed the order is another: {numbers.first_few(named, MOST, '; ')}; typically it is the other way "
        "round, so neighbours on this machine slow the one more than the other."
    )


def turns(first: Row, second: Row) -> bool:
    """Whether the one that is typically the faster was shown to be so, and to be the slower undisturbed."""
    return lies_below(first.ratio, second.ratio) and lies_below(second.undisturbed, first.undisturbed)


def lies_below(ratio: Ratio | None, other: Ratio | None) -> bool:
    """Whether a ratio's interval lies wholly below another's."""
    return bool(ratio and other and ratio.high and other.low and ratio.high < other.low)


def ratios(row: Row) -> str:
    """Name a contender with its undisturbed ratio."""
    return f"{row.contender} ({numbers.ratio_with_reach(row.undisturbed)})"
