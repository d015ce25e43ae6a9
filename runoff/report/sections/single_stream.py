"""The latencies of a single stream of queries."""

from __future__ import annotations

from runoff.report.blocks import Section
from runoff.report.sections.question import LATENCIES, latencies, latency_notes, question_section
from runoff.stored.run import StoredRun
from runoff.text.table import Table, make_columns, plain_notes


def single_stream_section(run: StoredRun) -> Section | None:
    """Show the latencies of a single stream."""
    measured = {name: answer.percentiles for name, answer in run.service.single_stream.items()}
    table = Table(
        "MLCommons LoadGen’s SingleStream: each query comes when the one before it is answered. Latencies in ms, "
        "all launches together; the ratio is that of the 90th percentile.",
        make_columns(("contender", "queries", *LATENCIES)),
        tuple((name, str(percentiles.samples), *latencies(percentiles)) for name, percentiles in measured.items()),
    )
    notes = plain_notes(latency_notes(run, measured))
    return question_section(run, Section("single-stream", "Latency of a single stream", table, notes))
