"""How figures and findings are written, the same in every report."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from runoff.judge.ratios import FASTER, REFERENCE, SLOWER, Ratio
from runoff.report.answer.limits import limits_of, limits_text
from runoff.stored.rows import Measure, Row
from runoff.stored.run import StoredRun
from runoff.text.ids import HERE, split_id

MEGABYTE = 1e6
NOTHING = "–"
PERCENTILES = ("p50", "p90", "p95", "p99")
UNMEASURED = "unmeasured"
OPEN = "open"
MEASURE_AGAIN = "let the machine settle and measure again; python -m runoff doctor says what disturbs it"


def interval_heading(run: StoredRun) -> str:
    """Name the intervals that follow the ratios, empty where no ratio has one."""
    confidences = [row.ratio.confidence for row in run.rows if row.ratio and row.verdict != REFERENCE and row.ratio.low]
    return f"[{confidences[0] * 100:.3g} % interval]" if confidences else ""


def milliseconds(duration: float | None) -> str:
    """Write a duration in seconds as milliseconds."""
    if duration is None:
        return NOTHING
    return f"{duration * 1e3:.1f}" if duration >= 0.01 else f"{duration * 1e3:.2f}"


def seconds(duration: float | None) -> str:
    """Write a duration in seconds."""
    return NOTHING if duration is None else f"{duration:.2f}"


def megabytes(size: float | None) -> str:
    """Write a size in megabytes of a million bytes."""
    return NOTHING if size is None else f"{size / MEGABYTE:.0f}"


def share(fraction: float | None) -> str:
    """Write a share in per cent, never rounded up to all."""
    if fraction is None:
        return NOTHING
    return "100 %" if fraction == 1.0 else f"{min(fraction, 0.999) * 100:.1f} %"


def percent(fraction: float | None) -> str:
    """Write a share in whole per cent."""
    return NOTHING if fraction is None else f"{fraction * 100:.0f} %"


def figure(value: float, unit: str) -> str:
    """Write a duration, a size or a share in the unit that the tables have it in."""
    if unit == "%":
        return share(value)
    write = {"ms": milliseconds, "s": seconds, "MB": megabytes}[unit]
    return f"{write(value)} {unit}"


def difference(logits: float | None) -> str:
    """Write a difference of logits."""
    return NOTHING if logits is None else f"{logits:.1g}"


def count(number: int, noun: str, plural: str) -> str:
    """Write a number of things."""
    return f"{number} {noun if number == 1 else plural}"


def listing(names: Sequence[str]) -> str:
    """List names as a sentence does."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def percentile(row: Row, name: str) -> float | None:
    """Give a percentile of a row's inferences, None where it is withheld."""
    return row.percentiles.values.get(name) if row.percentiles else None


def withheld_percentiles(run: StoredRun) -> list[str]:
    """Say which percentiles are withheld and why, once for all contenders with the same reason."""
    reasons: dict[str, str] = {}
    for row in run.timed:
        reasons |= dict(row.percentiles.withheld) if row.percentiles else {}
    return [f"{name} is withheld: {reason}." for name, reason in reasons.items()]


def ratio(found: Ratio | None) -> str:
    """Write a ratio with its interval; the reference's own is 1 and has none."""
    if found is None:
        return NOTHING
    if found.value == found.low == found.high == 1:
        return "1"
    if found.low is None or found.high is None:
        return f"{found.value:.3f}"
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def times(found: Ratio) -> str:
    """Write how much a difference is, always above one: ``1.46× faster``."""
    value = found.value
    return f"{1 / value:.2f}× faster" if value < 1 else f"{value:.2f}× slower"


def verdict(found: Row | Measure) -> str:
    """Write a verdict, with how much where it is a difference."""
    if found.ratio is not None and found.verdict in (FASTER, SLOWER):
        return times(found.ratio)
    return found.verdict or NOTHING


def tone(row: Row) -> str:
    """Give what a row's verdict is to the eye: faster, slower, reference, unmeasured or open."""
    if row.median is None:
        return UNMEASURED
    return row.verdict if row.verdict in (FASTER, SLOWER, REFERENCE) else OPEN


def why_unmeasured(row: Row) -> str | None:
    """Say at which stage and why a contender was not measured, None where there is nothing to say."""
    if row.reason is None:
        return None
    stage = f" at {row.stage}" if row.stage else ""
    return f"{verdict(row)}{stage}: {row.reason}"


def control_line(run: StoredRun) -> str:
    """Say what the control showed."""
    control = run.control
    if control is None:
        return "There was no control in this run, so its noise is not known."
    if control.ratio.low is None:
        return f"Control (a second {control.contender}): {ratio(control.ratio)}; one launch gives no interval."
    return f"Control (a second {control.contender}, which should be 1): {ratio(control.ratio)}."


def place(run: StoredRun) -> str:
    """Name the machine and the threads."""
    return f"{run.stratum.cpu}, {count(run.stratum.threads, 'thread', 'threads')}"


def setting_line(run: StoredRun) -> str:
    """Name the machine, the threads, the model and the amount measured."""
    amount = f"batch 1; {launches_and_rounds(run)}; " if run.raced else ""
    return (
        f"{place(run)}; {run.checkpoint.architecture} with the {run.checkpoint.name} checkpoint; "
        f"{amount}seed {run.seed}."
    )


def launches_and_rounds(run: StoredRun) -> str:
    """Say how much was measured; service questions have rounds of their own, or none."""
    launches = count(run.launches, "launch", "launches")
    return f"{launches} × {count(run.rounds, 'round', 'rounds')}" if run.raced else launches


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


def moment(run: StoredRun) -> str:
    """Write when the run was stored."""
    return f"{run.moment.day} {run.moment:%B %Y, %H:%M %Z}".strip()
