"""How a stored run's parts are said, the same in a report and in a comparison."""

from __future__ import annotations

from runoff.judge.agreement import ROUNDINGS_ALLOWED
from runoff.judge.ratios import FASTER, REFERENCE, SLOWER
from runoff.quantities import share_text
from runoff.stored.model import SPEED_ONLY
from runoff.stored.processor import processor_title
from runoff.stored.rows import Measure, Row
from runoff.stored.run import StoredRun
from runoff.stored.undisturbed import control_words
from runoff.text import numbers

UNMEASURED, OPEN = "unmeasured", "open"
MOST_OUTPUTS = 6
RANDOM_WEIGHTS = "the weights are random. Agreement shows that all compute the same, not that an answer is right."
MEASURE_AGAIN = "let the machine settle and measure again; python -m runoff doctor says what disturbs it"


def verdict(judged: Row | Measure) -> str:
    """Write a verdict, with how much where it is a difference."""
    if judged.ratio is not None and judged.verdict in (FASTER, SLOWER):
        return numbers.times(judged.ratio.value)
    return judged.verdict or numbers.NOTHING


def why_unmeasured(row: Row) -> str | None:
    """Say at which stage and why a contender was not measured, None where there is nothing to say."""
    if row.reason is None:
        return None
    stage = f" at {row.stage}" if row.stage else ""
    return f"{verdict(row)}{stage}: {row.reason}"


def control_line(run: StoredRun) -> str:
    """Say what the control showed."""
    control = run.info.control
    if control is None:
        return "There was no control in this run, so its noise is not known."
    ratio = numbers.ratio(control)
    if control.low is None:
        return f"Control (a second {control.reference}): {ratio}; one launch gives no interval."
    others = control_words(run.info.control_ratios)
    return f"Control (a second {control.reference}, which should be 1): {ratio}{others}."


def agrees(run: StoredRun) -> str:
    """Say in two words what agrees with golden."""
    return "Top-1 agrees" if run.model is None or run.model.classifies else "outputs agree"


def compared(run: StoredRun) -> tuple[str, str]:
    """Name one of the numbers that are compared with golden's, and several."""
    if run.model and not run.model.classifies:
        return "output", "outputs"
    return ("probability", "probabilities") if run.model and run.model.gives_probabilities else ("logit", "logits")


def agreement_meaning(run: StoredRun) -> str | None:
    """Say what agreement is of a model that is no classifier, None for one that is."""
    if run.model is None or run.model.classifies:
        return None
    names = numbers.first_few([output.name for output in run.model.outputs], MOST_OUTPUTS) or "each output"
    judged = "only shown, since there is no --tolerance"
    if run.info.tolerance is not None:
        judged = f"judged by --tolerance: at most {share_text(run.info.tolerance)} off"
    return (
        f"Outputs agree on an example where every number of {names} is within {ROUNDINGS_ALLOWED} of golden’s own "
        "roundings, and whole numbers are equal. Reduced precision has its error as a share of golden’s root mean "
        f"square (RMS) and in decibels (SQNR), and is {judged}."
    )


def speed_only_line(run: StoredRun) -> str | None:
    """Say what random weights leave of a run, None where the weights are others."""
    return f"{SPEED_ONLY.capitalize()}: {RANDOM_WEIGHTS}" if run.model and run.model.speed_only else None


def one_example(run: StoredRun) -> str:
    """Call what a model is run on by what it is: an image, or an example of something else."""
    return "image" if run.model is None or run.model.preprocessing or not run.model.inputs else "example"


def golden_line(run: StoredRun) -> str | None:
    """Say how golden was checked, None where it is the model's own module."""
    check = run.info.golden.check
    if check is None:
        return None
    if not check.reason:
        on = numbers.count(check.examples, "example")
        return f"Golden was checked by {check.by} on {on}: off by {share_words(check.difference)} at most."
    unchecked = (
        f"Golden is unchecked, so that a mistake of ONNX Runtime’s would be golden’s, too: {check.by} did not do it "
        f"({check.reason})."
    )
    if (witness := check.witness) is None:
        return unchecked
    if witness.reason:
        return f"{unchecked} {witness.by} is no witness: {witness.reason}."
    return f"{unchecked} {witness.by} is off by {share_words(witness.difference)} at most."


def share_words(share: float | None) -> str:
    """Write a difference as a share of an output's largest number."""
    return f"{share or 0.0:.1g} of an output’s largest number"


def unchecked_line(run: StoredRun) -> str | None:
    """Say that golden is unchecked, None where it is not."""
    return golden_line(run) if run.info.golden.check and run.info.golden.check.reason else None


def model_name(run: StoredRun) -> str:
    """Name the model."""
    return run.model.name if run.model else "models"


def place(run: StoredRun) -> str:
    """Name the machine and the threads."""
    return f"{processor_title(run.stratum.processor)}, {numbers.count(run.stratum.threads, 'thread')}"


def moment(run: StoredRun) -> str:
    """Write when the run was stored."""
    return f"{run.moment.day} {run.moment:%B %Y, %H:%M %Z}".strip()


def verdict_class(row: Row) -> str:
    """Return what a row's verdict is to the eye: faster, slower, reference, unmeasured or open."""
    if row.median is None:
        return UNMEASURED
    return row.verdict if row.verdict in (FASTER, SLOWER, REFERENCE) else OPEN


def interval_heading(run: StoredRun) -> str:
    """Name the intervals that follow the ratios, empty where no ratio has one."""
    confidences = [row.ratio.confidence for row in run.rows if row.ratio and row.verdict != REFERENCE and row.ratio.low]
    return f"[{confidences[0] * 100:.3g} % interval]" if confidences else ""


def percentile(row: Row, name: str) -> float | None:
    """Return a percentile of a row's inferences, None where it is withheld."""
    return row.percentiles.values.get(name) if row.percentiles else None
