"""The command that repeats a run, and its JSON as a download."""

from __future__ import annotations

import shlex

from runoff.answer.limits import limits_of, limits_text
from runoff.judge.conversions import SKIPPED
from runoff.report.blocks import PAGE, Section
from runoff.report.download import download
from runoff.stored.run import StoredRun
from runoff.text.table import plain_notes


def repeat_section(run: StoredRun) -> Section:
    """Say how a run is repeated, and offer all of it."""
    return Section(
        "repeat",
        "Repeat it, look closer",
        notes=plain_notes(
            ["In a copy of Runoff, with the same checkpoint and pictures; paths are from where it was started:"]
        ),
        code=command(run),
        download=download(run),
        shown_in=(PAGE,),
    )


def command(run: StoredRun) -> str:
    """Return the command that repeats the run with the contenders that took part; one that was skipped is left out."""
    words = list(run.info.repeat)
    if not run.only_converted:
        words += ["--contenders", ",".join(row.contender for row in run.rows if row.verdict != SKIPPED)]
    if run.limits:
        words += ["--choose", limits_text(limits_of(run))]
    return shlex.join(words)
