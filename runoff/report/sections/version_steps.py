"""What each version of a framework changed, in words."""

from __future__ import annotations

from runoff.report.blocks import Section
from runoff.stored import wording
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import VERDICT, Table, make_columns, plain_notes


def version_section(run: StoredRun) -> Section | None:
    """Say what each version changed against the one before it, None where no two raced."""
    if not run.info.version_steps:
        return None
    return Section(
        name="versions",
        title="What each version changed",
        table=Table(
            caption="Time of one inference against the version before, in the same rounds of the same run",
            columns=make_columns(
                ("contender", "framework", "from", "to", f"ratio\n{wording.interval_heading(run)}", VERDICT),
                ("framework", "from", "to"),
            ),
            rows=tuple(
                (
                    step.contender,
                    step.distribution,
                    step.version_before,
                    step.version,
                    numbers.ratio(step.ratio),
                    step.ratio.verdict,
                )
                for step in run.info.version_steps
            ),
        ),
        notes=plain_notes(
            ("A step holds for the two environments as a whole: their other packages are in the versions below.",)
        ),
    )
