"""The run's recommendation in two sentences: which contender to take under the limits, and why; or why none."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from runoff.answer.choice import Selection, advantages, choose
from runoff.answer.fastest import answer, why_no_answer
from runoff.answer.limits import Limit, limits_of
from runoff.answer.metrics import LATENCY, METRICS, PEAK_MEMORY, Metric
from runoff.answer.orders import other_order
from runoff.judge.ratios import FASTER, REFERENCE, SLOWER
from runoff.stored import wording
from runoff.stored.rows import Row
from runoff.stored.run import StoredRun
from runoff.text import numbers

STAR = "★"


def opening(run: StoredRun) -> tuple[str, ...]:
    """Return what a report begins with: the answer and the recommendation, which says a doubt for both."""
    fastest, recommended = answer(run), recommendation(run)
    return (recommended,) if recommended.startswith(fastest) else (fastest, recommended)


def recommendation(run: StoredRun) -> str:
    """Name the contender to take under the run's limits, with the reasons; or say why none is recommended."""
    choice = choose(run)
    if doubt := why_no_answer(run):
        return f"{doubt} {in_doubt(run, choice)}"
    if not choice.candidates:
        return (
            "No contender is recommended: each is shown to be worse than golden on the labelled pictures (--max-drop)."
        )
    if choice.recommended is None:
        return none_meets(run, choice)
    named = f"{choice.recommended.contender}, {', '.join(figures(run, choice.recommended))}"
    said = [f"{STAR} Recommended{under(run)}: {named}.", reasons(run, choice, choice.recommended), other_order(run)]
    return " ".join(filter(None, said))


def in_doubt(run: StoredRun, choice: Selection) -> str:
    """Say what a run that can't say which contender is fastest has to say all the same."""
    if not run.is_valid:
        return f"So no contender is recommended: {wording.MEASURE_AGAIN}."
    if len(choice.candidates) < 2:
        return "So no contender is recommended."
    if missing := unmeasured(run, choice):
        return f"So no contender is recommended, and {numbers.listing(missing)} was not measured."
    if not choice.meeting:
        return f"So no contender is recommended; by its figures alone none meets {conditions(run)}."
    first = choice.meeting[0].contender
    return f"So no contender is recommended; by its figures alone it would be {first}{under(run)}."


def conditions(run: StoredRun) -> str:
    """Name the limits that hold together."""
    return numbers.listing([limit.words for limit in limits_of(run)])


def under(run: StoredRun) -> str:
    """Name the limits that the choice was made under, empty where there are none."""
    return f" under {', '.join(limit.words for limit in limits_of(run))}" if run.limits else ""


def figures(run: StoredRun, row: Row) -> list[str]:
    """Return a row's figures: those that contenders are compared in, and those that a limit was set for.

    Where there were labelled pictures it ends with what these show, so that undecided is not taken for right.
    """
    phrases = []
    for metric in METRICS:
        value = metric.read(row)
        if value is not None and (metric.better or any(limit.metric is metric for limit in limits_of(run))):
            phrases.append(metric.phrase.format(figure(run, metric, value)))
        if metric is LATENCY and row.ratio:
            phrases.append(against_reference(run, row))
    return phrases if row.accuracy_verdict is None else [*phrases, f"accuracy {row.accuracy_verdict}"]


def figure(run: StoredRun, metric: Metric, value: float) -> str:
    """Write a figure as the tables do, or with more digits where that would be on the other side of a limit."""
    written = numbers.figure(value, metric.unit)
    size = metric.dimension.units[metric.unit]
    shown = float(Decimal(written.split()[0]) * size)
    limits = [limit for limit in limits_of(run) if limit.metric is metric]
    if all(limit.admits(shown) == limit.admits(value) for limit in limits):
        return written
    return f"{value / float(size):.6g} {metric.unit}"


def against_reference(run: StoredRun, row: Row) -> str:
    """Say how a row's latency compares with the reference's, no more than was shown."""
    if row.verdict == REFERENCE:
        return "the reference"
    if row.ratio and row.verdict in (FASTER, SLOWER):
        return f"{numbers.times(row.ratio.value)} than {run.stratum.reference}"
    return f"{row.verdict} against {run.stratum.reference}"


def reasons(run: StoredRun, choice: Selection, recommended: Row) -> str:
    """Say in a sentence why it is the recommended one, and what else there is on the Pareto front."""
    among = len(choice.candidates)
    if len(choice.meeting) == 1:
        return (
            f"It is the only one of {among} that meets {'these limits' if len(limits_of(run)) > 1 else 'this limit'}."
        )
    pool = f"the {among} that are right"
    if run.limits:
        met = len(choice.meeting)
        pool = f"all {among}, which meet the limits" if met == among else f"the {met} (of {among}) that meet the limits"
    sentence = f"It is the fastest of {pool}"
    if others := [row.contender for row in choice.tied if row is not recommended]:
        why = "takes the least memory" if PEAK_MEMORY in choice.compared else "had the shortest times"
        fastest = numbers.listing(["It", *others])
        sentence = f"{fastest} are the fastest of {pool}, not told apart by latency; of these it {why}"
    return f"{sentence}{rest_of_the_front(run, choice, recommended)}."


def rest_of_the_front(run: StoredRun, choice: Selection, recommended: Row) -> str:
    """Name the others on the Pareto front and what they have over the recommended one; empty for one metric alone."""
    if len(choice.compared) < 2:
        return ""
    front = f"on the Pareto front of {numbers.listing([metric.words for metric in choice.compared])}"
    others = []
    for row in choice.front:
        if row is not recommended:
            merits = [metric.better for metric in advantages(row, recommended, choice.compared, run.info.margin)]
            if row.agreement is not None and row.agreement < 1:
                merits.append(f"agreement {numbers.share(row.agreement)}")
            others.append(f"{row.contender} ({', '.join(merits)})")
    if not others:
        return f"; no other is {front}"
    return f"; {front} {'is' if len(others) == 1 else 'are'} also {numbers.listing(others)}"


def none_meets(run: StoredRun, choice: Selection) -> str:
    """Say that nothing meets the limits and what comes nearest, or that one of them can't be judged."""
    if missing := unmeasured(run, choice):
        return (
            f"No contender is recommended{under(run)}: {numbers.listing(missing)} was not measured. "
            "Run the whole suite, or ask again without that limit: python -m runoff report RUN.json --choose LIMITS."
        )
    together = " together" if len(limits_of(run)) > 1 else ""
    misses = "; ".join(nearest_to(run, limit, choice.candidates) for limit in limits_of(run))
    return (
        f"No contender is recommended: none of {len(choice.candidates)} meets {conditions(run)}{together}. "
        f"Nearest misses: {misses}."
    )


def unmeasured(run: StoredRun, choice: Selection) -> list[str]:
    """Name what a limit was set for and no contender has a figure of."""
    limited = {limit.metric.words: limit.metric for limit in limits_of(run)}
    return [name for name, metric in limited.items() if all(metric.read(row) is None for row in choice.candidates)]


def nearest_to(run: StoredRun, limit: Limit, candidates: Sequence[Row]) -> str:
    """Say who comes nearest to a limit: of those that miss it alone, or of all where nobody meets it."""
    values = [(row, value) for row in candidates if (value := limit.metric.read(row)) is not None]
    misses = [(row, value) for row, value in values if not limit.admits(value)]
    rest = [other for other in limits_of(run) if other != limit]
    alone = [(row, value) for row, value in misses if all(other.admits(other.metric.read(row)) for other in rest)]
    if not alone and len(misses) < len(values):
        met = len(values) - len(misses)
        return f"{limit.words} is met by {met}, which {'misses' if met == 1 else 'miss'} another"
    row, value = min(alone or misses, key=lambda miss: abs(miss[1] - limit.bound))
    how = "misses only" if alone and rest else "comes nearest to"
    return f"{row.contender} {how} {limit.words}, with {figure(run, limit.metric, value)}"
