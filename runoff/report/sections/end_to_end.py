"""What the way from a picture's bytes to an answer consists of."""

from __future__ import annotations

from runoff.report.blocks import Section
from runoff.report.sections.question import question_section
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import make_table, plain_notes

STAGES = ("decode", "preprocess", "inference", "top 5")


def end_to_end_section(run: StoredRun) -> Section | None:
    """Show what the way from bytes to an answer consists of."""
    answers = run.service.end_to_end
    rows = [
        {
            "contender": name,
            "whole": numbers.milliseconds(run.measures["end-to-end", name].median),
            **{stage: numbers.milliseconds(answer.stages.get(stage)) for stage in STAGES},
            "before\ninference": numbers.percent(answer.share_before_inference),
        }
        for name, answer in answers.items()
    ]
    caption = (
        "From a picture file’s bytes to Top-5 with probabilities, in ms: the median of the whole and of each "
        "stage, and the share of decoding and preprocessing. The ratio is that of the whole."
    )
    table = make_table(caption, rows, droppable=("top 5", "decode", "preprocess"))
    different = [
        f"{name} named another class than {run.stratum.reference} did "
        f"in {(1 - answer.same_answers) * 100:.3g} % of the rounds"
        for name, answer in answers.items()
        if answer.same_answers is not None and answer.same_answers < 1
    ]
    return question_section(run, Section("end-to-end", "End to end", table, plain_notes(different)))
