"""The claims that the project began with, beside what a run measured, and a verdict on each in words.

They are a widely copied kind of post's: see SOURCE for where its figures hold. A claim is a function of the run that
yields its rows, none where the run has no data for it; a new one takes its place in CLAIMS, by its model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from runoff.answer.choice import choose
from runoff.answer.metrics import COLD_START, LATENCY, PEAK_MEMORY, Metric
from runoff.judge.conversions import CLAIMED_FAILURES, SKIPPED
from runoff.judge.ratios import FASTER, LESS, MORE, NO_DIFFERENCE, SLOWER, Ratio
from runoff.report.blocks import MARKDOWN, PAGE, Section
from runoff.report.sections.conversions import CLAIMED_CONVERTER, failed_share
from runoff.stored import wording
from runoff.stored.rows import Row
from runoff.stored.run import StoredRun
from runoff.stored.samples import INFERENCE, compare_contenders
from runoff.text import numbers
from runoff.text.ids import without_variant
from runoff.text.table import VERDICT, make_table, plain_notes

SOURCE = "ResNet-18, batch 1, the mean of 100 inferences on four cores of a Xeon Platinum 8369B, Python 3.9, no GPU"
NATIVE, CONVERTED, OPTIMISED = "pytorch", "tensorflow", "onnxruntime"
SESSION = "tensorflow-session"
"""How the post ran TensorFlow: the frozen graph through ``tf.compat.v1.Session``."""
UNOPTIMISED, COMPILED = "onnxruntime-unoptimised", "tensorflow-xla"
INT8 = "int8"
MEASURED = "measured here"
Cells = dict[str, str]
"""A line of the table, by its headings."""


@dataclass(frozen=True)
class Quantity:
    """A quantity that the post has a figure of for each contender, its benchmark's group here, and the metric."""

    name: str
    group: str
    metric: Metric
    figures: Mapping[str, float]
    words: tuple[str, str] = (FASTER, SLOWER)


QUANTITIES = (
    Quantity("latency", INFERENCE, LATENCY, {NATIVE: 38, CONVERTED: 52, OPTIMISED: 29}),
    Quantity("start-up", "cold-start", COLD_START, {NATIVE: 1.2, CONVERTED: 2.1, OPTIMISED: 0.9}),
    Quantity(
        "peak memory", "peak-memory", PEAK_MEMORY, {NATIVE: 520, CONVERTED: 610, OPTIMISED: 480}, words=(LESS, MORE)
    ),
)


def claims_section(run: StoredRun) -> Section | None:
    """Set claims and measurements side by side, None where the run has nothing to say about any of them."""
    claims = CLAIMS.get((run.model.source.kind, run.model.name), ()) if run.model else ()
    rows = [cells for claim in claims for cells in claim(run)] if run.raced or run.only_converted else []
    if not rows:
        return None
    caption = f"What a widely copied kind of post says, and what this run measured on {wording.place(run)}"
    notes = (
        f"The post’s figures: {SOURCE}. Times of two machines can’t be compared, ratios can.",
        "A verdict is what this run shows, by the same rules as in the comparison: “as claimed” where the "
        "claimed ratio lies within the interval, “by more” or “by less than claimed” where it lies outside.",
    )
    table = make_table(caption, rows, ("claimed", MEASURED))
    return Section("claims", "The claims under test", table, plain_notes(notes), shown_in=(MARKDOWN, PAGE))


def judged(claim: str, claimed: str, measured: str, verdict: str) -> Cells:
    """Return a claim's line: what it is about, what it says, what was measured, and what that makes of it."""
    return {"claim": claim, "claimed": claimed, MEASURED: measured, VERDICT: verdict}


def quantity_claims(run: StoredRun) -> Iterator[Cells]:
    """Judge the post's ratios of latency, start-up and peak memory to the native framework's."""
    for quantity in QUANTITIES:
        for contender, named in ((OPTIMISED, OPTIMISED), (CONVERTED, CONVERTED), (SESSION, CONVERTED)):
            shown = compare_contenders(run, quantity.group, contender, NATIVE, quantity.words)
            if shown is None:
                continue
            figures, unit = (quantity.figures[named], quantity.figures[NATIVE]), quantity.metric.unit
            values = [quantity.metric.read(row_of(run, name)) for name in (contender, NATIVE)]
            claimed = figures[0] / figures[1]
            post = " against ".join(f"{figure:g} {unit}" for figure in figures)
            here = " against ".join(
                numbers.NOTHING if value is None else numbers.figure(value, unit) for value in values
            )
            yield judged(
                f"{contender} against {NATIVE}: {quantity.name}",
                f"{post}: {numbers.times(claimed, quantity.words)}",
                f"{here}: {factor_with_interval(shown, quantity.words)}",
                direction_verdict(shown, quantity.words, claimed),
            )


def session_claims(run: StoredRun) -> Iterator[Cells]:
    """Say what it costs to run TensorFlow as the post did, against the same frozen graph as a concrete function."""
    for quantity in QUANTITIES:
        if shown := compare_contenders(run, quantity.group, SESSION, CONVERTED, quantity.words):
            about = f"{SESSION} against {CONVERTED}: {quantity.name}"
            measured = factor_with_interval(shown, quantity.words)
            yield judged(about, "no figure: how the post ran TensorFlow", measured, shown.verdict)


def optimisation_claims(run: StoredRun) -> Iterator[Cells]:
    """Judge whether the lead over the native framework comes from graph optimisation: is it gone without it?"""
    lead = compare_contenders(run, INFERENCE, OPTIMISED, NATIVE)
    without = compare_contenders(run, INFERENCE, UNOPTIMISED, NATIVE)
    if lead and without:
        measured = f"with it {factor_with_interval(lead)} than {NATIVE}, without it {factor_with_interval(without)}"
        verdict = optimisation_verdict(lead, without)
        yield judged(f"{OPTIMISED}’s lead", "comes from graph optimisation", measured, verdict)


def optimisation_verdict(lead: Ratio, without: Ratio) -> str:
    """Say where a lead comes from, as far as both comparisons show it."""
    if lead.verdict != FASTER:
        return f"no lead to explain: {lead.verdict}"
    if without.verdict in (SLOWER, NO_DIFFERENCE):
        return "yes: without it there is no lead"
    if without.verdict == FASTER:
        part = 1 - math.log(without.value) / math.log(lead.value)
        return f"in part: {part * 100:.0f} % of the lead" if part > 0 else "no: the lead is there without it"
    return without.verdict


def variant_claims(run: StoredRun) -> Iterator[Cells]:
    """Judge whether INT8 lowers the cost and whether XLA helps: each against the same backend without it."""
    variants = [
        (row.contender, without_variant(row.contender, INT8), "INT8", "cheaper")
        for row in run.timed
        if row.precision == INT8
    ]
    for contender, base, means, claimed in (*variants, (COMPILED, CONVERTED, "XLA", "faster")):
        if shown := compare_contenders(run, INFERENCE, contender, base):
            agreement = row_of(run, contender).agreement
            agrees = "" if agreement in (None, 1.0) else f", Top-1 agrees on {numbers.share(agreement)}"
            measured = f"{factor_with_interval(shown)}{agrees}"
            verdict = direction_verdict(shown, (FASTER, SLOWER))
            yield judged(f"{means}: {contender} against {base}", claimed, measured, verdict)


def stability_claims(run: StoredRun) -> Iterator[Cells]:
    """Judge how reliably each contender works: conversions and inferences that failed, of this one model."""
    took_part = {row.contender: row for row in run.rows if row.verdict != SKIPPED}
    for name in (NATIVE, OPTIMISED):
        if (row := took_part.get(name)) and (row.percentiles or row.reason):
            yield inference_claim(run, row)
    about = (f"{CONVERTED}: stability", "about 15 % of conversions fail (Resize, Pad)")
    if by_converter := failed_share(run.conversions):
        totals, share = by_converter
        repaired = f", {totals.repaired} of them right after repair" if totals.repaired else ""
        more, fewer = (share.low or 0.0) > CLAIMED_FAILURES, (share.high or 0.0) < CLAIMED_FAILURES
        yield judged(
            *about,
            f"{totals.not_right} of {totals.tried} by {CLAIMED_CONVERTER} are not right as exported: "
            f"{numbers.with_interval(share, numbers.percent)}{repaired}",
            "more" if more else "fewer" if fewer else "in line with the claim",
        )
    elif converted := took_part.get(CONVERTED):
        worked = f"this model converted, and agrees on {numbers.share(converted.agreement)}"
        failed = wording.why_unmeasured(converted)
        verdict = "failed here" if failed else "did not fail"
        yield judged(*about, failed or worked, f"{verdict}; one model shows no rate")


def inference_claim(run: StoredRun, measured: Row) -> Cells:
    """Judge whether every inference of a contender worked: none is missing of its rounds, and its answers are right."""
    about = (f"{measured.contender}: stability", "100 of 100 inferences")
    if measured.percentiles is None:
        return judged(*about, wording.why_unmeasured(measured) or measured.verdict, "not as claimed")
    samples = measured.percentiles.samples
    asked = max(samples, run.info.launches * run.info.rounds)
    right = measured.agreement in (None, 1.0)
    answers = "right on the pictures" if right else f"Top-1 agrees on {numbers.share(measured.agreement)}"
    return judged(
        *about,
        f"{samples} of {asked} timed inferences, and {answers}",
        "as claimed" if right and samples == asked else "not as claimed",
    )


def recommendation_claims(run: StoredRun) -> Iterator[Cells]:
    """Set the post's recommendation beside this run's."""
    recommended = choose(run).recommended
    if recommended and OPTIMISED in run.stratum.contenders:
        tried = {NATIVE, CONVERTED, OPTIMISED}
        other = "another" if recommended.contender in tried else "another, which the post did not try"
        verdict = "the same" if recommended.contender == OPTIMISED else other
        claimed = f"{OPTIMISED} (5 of 5), then {NATIVE} (4), {CONVERTED} (2)"
        yield judged("recommended", claimed, f"{recommended.contender}, of {len(run.timed)}", verdict)


CLAIMS: Mapping[tuple[str, str], tuple[Callable[[StoredRun], Iterator[Cells]], ...]] = {
    ("torchvision", "resnet18"): (
        quantity_claims,
        session_claims,
        optimisation_claims,
        variant_claims,
        stability_claims,
        recommendation_claims,
    )
}
"""What is claimed, by source and model; of another model, or the same name of another source, nothing is."""


def row_of(run: StoredRun, contender: str) -> Row:
    """Return a contender's row."""
    return next(row for row in run.rows if row.contender == contender)


def direction_verdict(shown: Ratio, direction: tuple[str, str], claimed: float | None = None) -> str:
    """Say whether the claimed direction is shown, and whether as far; ``claimed`` is a ratio, None for the first word.

    What the run does not show, an invalid run among it, is said as the comparison says it.
    """
    if shown.verdict not in direction:
        return shown.verdict
    expected = direction[0] if claimed is None or claimed < 1 else direction[1]
    if shown.verdict != expected:
        return f"{shown.verdict}: the opposite"
    low, high = shown.low, shown.high
    if claimed is None or (low is not None and high is not None and low <= claimed <= high):
        return f"{shown.verdict}, as claimed"
    further = abs(math.log(shown.value)) > abs(math.log(claimed))
    return f"{shown.verdict}, by {'more' if further else 'less'} than claimed"


def factor_with_interval(ratio: Ratio, direction: tuple[str, str] = (FASTER, SLOWER)) -> str:
    """Write how much a ratio is, with its interval turned the same way: ``1.40× faster [1.38, 1.42]``."""
    if ratio.value >= 1:
        return numbers.with_interval(ratio, "{:.2f}".format, f"× {direction[1]}")
    low, high = (None if end is None else 1 / end for end in (ratio.high, ratio.low))
    turned = replace(ratio, value=1 / ratio.value, low=low, high=high)
    return numbers.with_interval(turned, "{:.2f}".format, f"× {direction[0]}")
