"""How figures and findings are written, the same in every report."""

from __future__ import annotations

import shlex

from runoff.judge.ratios import FASTER, REFERENCE, SLOWER
from runoff.report.answer.limits import limits_of, limits_text
from runoff.stored import wording
from runoff.stored.rows import Row
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.ids import HERE, split_id

UNMEASURED = "unmeasured"
OPEN = "open"


def interval_heading(run: StoredRun) -> str:
    """Name the intervals that follow the ratios, empty where no ratio has one."""
    confidences = [row.ratio.confidence for row in run.rows if row.ratio and row.verdict != REFERENCE and row.ratio.low]
    return f"[{confidences[0] * 100:.3g} % interval]" if confidences else ""


def percentile(row: Row, name: str) -> float | None:
    """Give a percentile of a row's inferences, None where it is withheld."""
    return row.percentiles.values.get(name) if row.percentiles else None


def withheld_percentiles(run: StoredRun) -> list[str]:
    """Say which percentiles are withheld and why, once for all contenders with the same reason."""
    reasons: dict[str, str] = {}
    for row in run.timed:
        reasons |= dict(row.percentiles.withheld) if row.percentiles else {}
    return [f"{name} is withheld: {reason}." for name, reason in reasons.items()]


def verdict_class(row: Row) -> str:
    """Give what a row's verdict is to the eye: faster, slower, reference, unmeasured or open."""
    if row.median is None:
        return UNMEASURED
    return row.verdict if row.verdict in (FASTER, SLOWER, REFERENCE) else OPEN


def setting_line(run: StoredRun) -> str:
    """Name the machine, the threads, the model and the amount measured."""
    amount = f"batch 1; {launches_and_rounds(run)}; " if run.raced else ""
    return (
        f"{wording.place(run)}; {run.checkpoint.architecture} with the {run.checkpoint.name} checkpoint; "
        f"{amount}seed {run.seed}."
    )


def launches_and_rounds(run: StoredRun) -> str:
    """Say how much was measured; service questions have rounds of their own, or none."""
    launches = numbers.count(run.launches, "launch", "launches")
    return f"{launches} × {numbers.count(run.rounds, 'round')}" if run.raced else launches


def command(run: StoredRun) -> str:
    """Give the command that repeats the run."""
    if run.only_converted:
        return "python -m tox -e conversion"
    contenders = [row.contender for row in run.rows]
    named = sorted({split_id(name)[1] for name in (*contenders, run.stratum.reference)} - {HERE})
    words = ["python", "-m", "tox", "-e", "compare" if run.raced else "service", "--", "--seed", str(run.seed)]
    words += ["--launches", str(run.launches), *(["--rounds", str(run.rounds)] if run.raced else [])]
    words += ["--threads", str(run.stratum.threads)]
    words += ["--reference", run.stratum.reference, "--contenders", ",".join(contenders)]
    for name in named:
        words += ["--environment", f"{name}=PYTHON"]
    if run.limits:
        words += ["--choose", limits_text(limits_of(run))]
    return shlex.join(words)
