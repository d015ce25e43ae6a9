"""What each version of a framework changed, in words."""

from __future__ import annotations

from runoff.report.sections import words
from runoff.report.sections.sections import Section
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import VERDICT


def version_section(run: StoredRun) -> Section | None:
    """Say what each version changed against the one before it, None where no two raced."""
    if not run.version_steps:
        return None
    return Section(
        name="versions",
        title="What each version changed",
        caption="Time of one inference against the version before, in the same rounds of the same run",
        headings=("contender", "framework", "from", "to", f"ratio\n{words.interval_heading(run)}", VERDICT),
        rows=tuple(
            (
                step.contender,
                step.distribution,
                step.version_before,
                step.version,
                numbers.ratio(step.ratio),
                step.verdict,
            )
            for step in run.version_steps
        ),
        notes=("A step holds for the two environments as a whole: their other packages are in the versions below.",),
        words=frozenset({"framework", "from", "to", VERDICT}),
    )
