"""What each version of a framework changed, in words."""

from __future__ import annotations

from runoff.report.blocks import Section
from runoff.stored import wording
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import VERDICT, make_table, plain_notes


def version_section(run: StoredRun) -> Section | None:
    """Say what each version changed against the one before it, None where no two raced."""
    if not run.info.version_steps:
        return None
    rows = [
        {
            "contender": step.contender,
            "framework": step.distribution,
            "from": step.version_before,
            "to": step.version,
            f"ratio\n{wording.interval_heading(run)}": numbers.ratio(step.ratio),
            VERDICT: step.ratio.verdict,
        }
        for step in run.info.version_steps
    ]
    caption = "Time of one inference against the version before, in the same rounds of the same run"
    note = "A step holds for the two environments as a whole: their other packages are in the versions below."
    table = make_table(caption, rows, ("framework", "from", "to"))
    return Section("versions", "What each version changed", table, plain_notes((note,)))
