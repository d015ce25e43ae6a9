"""The latencies of a single stream of queries."""

from __future__ import annotations

from runoff.report.blocks import Section
from runoff.report.sections.question import latencies, latency_notes, question_section
from runoff.stored.run import StoredRun
from runoff.text.table import make_table, plain_notes


def single_stream_section(run: StoredRun) -> Section | None:
    """Show the latencies of a single stream."""
    answers = {name: answer.percentiles for name, answer in run.service.single_stream.items()}
    rows = [
        {"contender": name, "queries": str(answer.samples), **latencies(answer)} for name, answer in answers.items()
    ]
    caption = (
        "MLCommons LoadGen’s SingleStream: each query comes when the one before it is answered. Latencies in ms, "
        "all launches together; the ratio is that of the 90th percentile."
    )
    notes = plain_notes(latency_notes(run, answers))
    section = Section("single-stream", "Latency of a single stream", make_table(caption, rows), notes)
    return question_section(run, section)
