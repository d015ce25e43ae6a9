"""The command that repeats a run, and its JSON as a download."""

from __future__ import annotations

import shlex

from runoff.report.answer.limits import limits_of, limits_text
from runoff.report.blocks import PAGE, Section
from runoff.report.download import download
from runoff.stored.run import StoredRun
from runoff.text.ids import HERE, split_id
from runoff.text.table import plain_notes


def repeat_section(run: StoredRun) -> Section:
    """Say how a run is repeated, and offer all of it."""
    return Section(
        "repeat",
        "Repeat it, look closer",
        notes=plain_notes(["In a copy of Runoff, with the same checkpoint and pictures:"]),
        code=command(run),
        download=download(run),
        shown_in=(PAGE,),
    )


def command(run: StoredRun) -> str:
    """Return the command that repeats the run."""
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
