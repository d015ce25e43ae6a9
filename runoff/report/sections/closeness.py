"""How close each output is to golden's, where the model is no classifier."""

from __future__ import annotations

from runoff.judge.agreement import Closeness
from runoff.report.blocks import Section
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import make_table

RMS = "error, RMS\nof golden's"


def closeness_section(run: StoredRun) -> Section | None:
    """Show the error of every output of every contender, None for a classifier."""
    compared = {name: contender.agreement for name, contender in run.info.contenders.items() if contender.agreement}
    rows = [cells(name, each) for name, agreement in sorted(compared.items()) for each in agreement.outputs]
    if not rows:
        return None
    table = make_table("How far outputs are from golden's", rows, ("type", "allowed in\nfloat32"))
    return Section("closeness", "Outputs", table)


def cells(name: str, output: Closeness) -> dict[str, str]:
    """Write an output's line."""
    return {
        "contender": name,
        "output": output.name,
        "type": output.dtype,
        "largest\ndifference": figure(output.largest_difference),
        "allowed in\nfloat32": figure(output.allowed),
        RMS: numbers.NOTHING if output.relative_rms is None else f"{output.relative_rms:.2g}",
        "SQNR\ndB": numbers.NOTHING if output.sqnr is None else f"{output.sqnr:.0f}",
    }


def figure(value: float | None) -> str:
    """Write a difference."""
    return numbers.NOTHING if value is None else f"{value:.2g}"
