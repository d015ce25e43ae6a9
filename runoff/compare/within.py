"""What changed between two trees or environments that raced each other in one run, compared as two runs are."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from runoff.compare.changes import SECONDS, Comparison, compare_runs
from runoff.errors import Exit, RunoffError
from runoff.judge.ratios import CONFIDENCE, Ratio
from runoff.judge.three_ratios import Ratios
from runoff.stored.rows import Measure
from runoff.stored.run import StoredRun
from runoff.stored.samples import INFERENCE
from runoff.text.ids import split_id


class NoTwin(RunoffError):
    """A run has no contender that is its reference in another environment or tree.

    Remedy: race both with ``--tree`` or ``--environment``, or give two runs.
    """

    exit_code = Exit.NO_BASELINE


def compare_within(run: StoredRun, fail_above: float | None = None) -> Comparison:
    """Compare the reference with the same contender of other environments or trees, paired launch by launch.

    Raises NoTwin where there is none: a contender of another backend is not what the reference was before a change.
    """
    reference = run.stratum.reference
    twins = [
        row for row in run.rows if row.contender != reference and split_id(row.contender)[0] == split_id(reference)[0]
    ]
    if not twins:
        raise NoTwin(
            f"no contender of this run is its reference {reference} in another environment or tree; "
            "race both with --tree or --environment, or give a second run to compare with"
        )
    if not run.is_valid:
        return Comparison(run, run, fail_above, invalid=("head",))
    names = [twin.contender for twin in twins]
    compared = {key: measure for key, measure in run.measures.items() if key[1] in names and measure.ratio}
    head = replace(run, rows=twins, measures=compared)
    # Both are of one run, and so of one processor, whatever is known of it.
    return replace(compare_runs(before_the_change(head, run), head, fail_above), doubt=None)


def before_the_change(twins: StoredRun, run: StoredRun) -> StoredRun:
    """Return the run that twins are compared with: each of them as the reference is, in every group with ratios.

    The reference's ratio to itself is 1, known exactly, so that a change's interval is the twin's own. The run need not
    have benchmarks of the reference itself, and in inference a twin should always have a ratio.
    """
    one = Ratio(1.0, 1.0, 1.0, CONFIDENCE, run.info.launches, CONFIDENCE)
    itself = Measure(1.0, SECONDS, one, None, None, (), Ratios(one, one, one))
    groups = dict.fromkeys((INFERENCE, *(group for (group, _), measure in run.measures.items() if measure.ratio)))
    agreement = next((row.agreement for row in run.rows if row.contender == run.stratum.reference), None)
    raced = {row.contender: run.stratum.contenders.get(row.contender, {}) for row in twins.rows}
    return replace(
        twins,
        stratum=structs.replace(run.stratum, contenders=raced),
        rows=[replace(row, agreement=agreement) for row in twins.rows],
        measures={(group, name): itself for name in raced for group in groups},
    )
