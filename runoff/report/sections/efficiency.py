"""How much of the machine's peak each contender uses, in words."""

from __future__ import annotations

from collections.abc import Sequence

from runoff.report.blocks import Section
from runoff.stored.details import Efficiency
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import Table, make_columns, plain_notes

BILLION = 1e9
BOUND = "roofline"
DISTURBED = (
    "Something else was at work while the peak was measured, or fewer operations than these are done; "
    "let the machine settle and measure again."
)


def efficiency_section(run: StoredRun) -> Section | None:
    """Say what share of the peak contenders reach and what bounds them, None where it was not asked."""
    if not run.efficiency:
        return None
    fastest_first = sorted(run.efficiency, key=lambda one: -one.operations_per_second)
    return Section(
        name="efficiency",
        title="How much of this machine it uses",
        table=Table(
            caption="Billions of operations a second in the model, and in the best kernel of any library here",
            columns=make_columns(
                ("contender", "in\nprecision", "GOP/s", "peak\nGOP/s", "of\npeak", "operations\na byte", BOUND),
                ("in\nprecision", BOUND),
            ),
            rows=tuple(row(one) for one in fastest_first),
        ),
        notes=plain_notes(notes(fastest_first)),
    )


def row(one: Efficiency) -> tuple[str, ...]:
    """Write a contender's line."""
    return (
        one.contender,
        one.peak.precision if one.peak else numbers.NOTHING,
        f"{one.operations_per_second / BILLION:.0f}",
        f"{one.peak.operations_per_second / BILLION:.0f}" if one.peak else numbers.NOTHING,
        numbers.percent(one.share),
        f"{one.bound.intensity:.0f}" if one.bound else numbers.NOTHING,
        f"{one.bound.by}-bound" if one.bound else numbers.NOTHING,
    )


def notes(found: Sequence[Efficiency]) -> tuple[str, ...]:
    """Say how the figures came about: operations, peaks, balance, and why a share is missing."""
    said = [operations_note(found[0].flop, found[0].padding_flop)]
    peaks = {one.peak.precision: one for one in found if one.peak}
    for precision, one in sorted(peaks.items()):
        assert one.peak is not None
        balance = f"; memory-bound below {one.bound.balance:.0f} operations a byte" if one.bound else ""
        said.append(
            f"Peak in {precision}: {one.peak.operations_per_second / BILLION:.0f} GOP/s, by {one.peak.library} "
            f"({one.peak.kernel}){balance}."
        )
    said += [f"{one.contender}: {one.reason}." for one in found if one.reason]
    if above := [one.contender for one in found if one.share and one.share > 1]:
        said.append(f"Above the measured peak: {numbers.listing(above)}. {DISTURBED}")
    return tuple(said)


def operations_note(flop: float, padding: float) -> str:
    """Say what is counted, and what may make a share too high."""
    counted = f"One inference is {flop / BILLION:.2f} billion operations as torch.utils.flop_counter counts them"
    left = f", {padding / flop * 100:.0f} % of which multiply the zeros around pictures and are left out here"
    return f"{counted}{left if padding else ''}. Winograd's convolutions and fused kernels may do with fewer."
