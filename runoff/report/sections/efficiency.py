"""How much of the machine's peak each contender uses, in words."""

from __future__ import annotations

from collections.abc import Sequence

from runoff.report.blocks import Section
from runoff.stored.details import Efficiency
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import make_table, plain_notes

DISTURBED = (
    "Something else was at work while the peak was measured, or fewer operations than these are done; "
    "let the machine settle and measure again."
)

FEW_BILLIONS, FEW_MILLIONS = 1e8, 1e5
"""From how many operations on they are written in billions, and in millions."""
SMALL = 10


def efficiency_section(run: StoredRun) -> Section | None:
    """Say what share of the peak contenders reach and what bounds them, None where it was not asked."""
    if not run.efficiency:
        return None
    fastest_first = sorted(run.efficiency, key=lambda efficiency: -efficiency.operations_per_second)
    caption = "Billions of operations a second in the model, and in the best kernel of any library here"
    table = make_table(caption, list(map(cells, fastest_first)), ("in\nprecision", "roofline"))
    return Section("efficiency", "How much of this machine it uses", table, plain_notes(notes(fastest_first)))


def cells(efficiency: Efficiency) -> dict[str, str]:
    """Write a contender's line."""
    peak, bound = efficiency.peak, efficiency.bound
    return {
        "contender": efficiency.contender,
        "in\nprecision": peak.precision if peak else numbers.NOTHING,
        "GOP/s": billions(efficiency.operations_per_second),
        "peak\nGOP/s": billions(peak.operations_per_second) if peak else numbers.NOTHING,
        "of\npeak": numbers.percent(efficiency.share),
        "operations\na byte": few_digits(bound.intensity) if bound else numbers.NOTHING,
        "roofline": f"{bound.by}-bound" if bound else numbers.NOTHING,
    }


def notes(fastest_first: Sequence[Efficiency]) -> list[str]:
    """Say how the figures came about: operations, peaks, balance, and why a share is missing."""
    flop, padding = fastest_first[0].flop, fastest_first[0].padding_flop
    left_out = f", {padding / flop * 100:.0f} % of which multiply the zeros around pictures and are left out here"
    sentences = [
        f"One inference is {operations_text(flop)} operations as torch.utils.flop_counter counts them"
        f"{left_out if padding else ''}. Winograd's convolutions and fused kernels may do with fewer."
    ]
    peaks = {measured.peak.precision: (measured.peak, measured.bound) for measured in fastest_first if measured.peak}
    for precision, (peak, bound) in sorted(peaks.items()):
        balance = f"; memory-bound below {bound.balance:.0f} operations a byte" if bound else ""
        rate = billions(peak.operations_per_second)
        sentences.append(f"Peak in {precision}: {rate} GOP/s, by {peak.library} ({peak.kernel}){balance}.")
    sentences += [f"{measured.contender}: {measured.reason}." for measured in fastest_first if measured.reason]
    if above := [measured.contender for measured in fastest_first if measured.share and measured.share > 1]:
        sentences.append(f"Above the measured peak: {numbers.listing(above)}. {DISTURBED}")
    return sentences


def operations_text(flop: float) -> str:
    """Write a number of operations."""
    if flop >= FEW_BILLIONS:
        return f"{flop / 1e9:.2f} billion"
    return f"{flop / 1e6:.3g} million" if flop >= FEW_MILLIONS else f"{flop:,.0f}"


def billions(rate: float) -> str:
    """Write operations a second in billions."""
    return few_digits(rate / 1e9)


def few_digits(number: float) -> str:
    """Write a number without what is behind the point, and a small one with two digits."""
    return f"{number:.0f}" if number >= SMALL else f"{number:.2g}"
