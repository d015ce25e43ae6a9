"""What changed between two trees or environments that raced each other in one run, compared as two runs are."""

from __future__ import annotations

import dataclasses

from runoff.compare.changes import MISSING, Absence, Comparison, Fall, figures, judge_changes
from runoff.errors import RunoffError
from runoff.judge.ratios import CONFIDENCE, Ratio
from runoff.stored import wording
from runoff.stored.rows import Measure, Row
from runoff.stored.run import StoredRun
from runoff.stored.samples import INFERENCE
from runoff.text.ids import split_id


class NoTwin(RunoffError):
    """A run has no contender that is its reference in another environment or tree."""


def compare_within(run: StoredRun, fail_above: float | None = None) -> Comparison:
    """Compare the reference with the same contender of other environments or trees, paired launch by launch.

    Raises NoTwin where there is none: a contender of another backend is not what the reference was before a change.
    """
    twins = [
        row
        for row in run.rows
        if row.contender != run.stratum.reference and same_backend(row.contender, run.stratum.reference)
    ]
    if not twins:
        raise NoTwin(
            f"no contender of this run is its reference {run.stratum.reference} in another environment or tree; "
            "race both with --tree or --environment, or give a second run to compare with"
        )
    if not run.is_valid:
        return Comparison(run, run, fail_above, invalid=("head",))
    measured = figures(run)
    names = [twin.contender for twin in twins]
    pairs = [(key, as_base(measure), measure) for key, measure in measured.items() if key[1] in names and measure.ratio]
    return Comparison(
        run,
        run,
        fail_above,
        changes=judge_changes(pairs, fail_above, run.info.margin),
        falls=tuple(fall for twin in twins for fall in fall_of(run, twin)),
        absences=tuple(
            Absence(MISSING, group, twin.contender, wording.why_unmeasured(twin))
            for twin in twins
            for group in dict.fromkeys((INFERENCE, *(group for group, _ in measured)))
            if not any(key == (group, twin.contender) for key, _, _ in pairs) and is_raced(run, group)
        ),
    )


def is_raced(run: StoredRun, group: str) -> bool:
    """Whether contenders have ratios in a group; in inference they always should."""
    return group == INFERENCE or any(measure.ratio for key, measure in run.measures.items() if key[0] == group)


def same_backend(contender: str, reference: str) -> bool:
    """Whether two ids are of one backend and variant, whatever their environments."""
    return split_id(contender)[0] == split_id(reference)[0]


def as_base(measure: Measure) -> Measure:
    """Return what a twin is compared with: the reference's ratio to itself is 1, known exactly.

    A change's interval is then the twin's own. The run need not have benchmarks of the reference itself.
    """
    launches = measure.ratio.launches if measure.ratio else 0
    return dataclasses.replace(measure, ratio=Ratio(1.0, 1.0, 1.0, CONFIDENCE, launches, CONFIDENCE))


def fall_of(run: StoredRun, twin: Row) -> list[Fall]:
    """Say where a twin agrees less with golden than the reference does."""
    base = next((row.agreement for row in run.rows if row.contender == run.stratum.reference), None)
    if base is None or twin.agreement is None or twin.agreement >= base:
        return []
    return [Fall(twin.contender, base, twin.agreement)]
