"""What the sections of service questions have in common: ratios, verdicts, and what the control showed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby

from runoff.judge.ratios import CONFIDENCE
from runoff.report.blocks import Section
from runoff.report.sections.percentiles import withheld
from runoff.stored import wording
from runoff.stored.benchmarks import Percentiles
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import VERDICT, Column, plain_notes

LATENCIES = ("p50", "p90", "p99")


def question_section(run: StoredRun, section: Section) -> Section | None:
    """Complete the section of a question, whose name is the question's; None where it was not asked.

    Contenders come in the order of their figures, each with its ratio and verdict in the first of its lines.
    """
    asked = run.service.questions.get(section.name)
    if asked is None or section.table is None:
        return None
    measures = {name: measure for (group, name), measure in run.measures.items() if group == section.name}
    rows: list[tuple[str, ...]] = []
    ordered = sorted(section.table.rows, key=lambda cells: measures[cells[0]].median)
    for name, lines in groupby(ordered, key=lambda cells: cells[0]):
        (_, *first), *more = lines
        rows.append((name, *first, numbers.ratio(measures[name].ratio), wording.verdict(measures[name])))
        rows += [("", *cells, "", "") for _, *cells in more]
    columns = (*section.table.columns, Column("ratio to\nreference"), Column(VERDICT, VERDICT))
    launches = numbers.count(asked.launches, "launch", "launches")
    amount = f"{CONFIDENCE * 100:.3g} % intervals over {launches}" if asked.launches > 1 else launches
    control = "There was no control, so the noise is not known"
    if asked.control is not None:
        control = f"Control (a second {run.stratum.reference}, which should be 1): {numbers.ratio(asked.control)}"
    sentences = [f"{name}: {reason}" for name, reason in asked.without.items()]
    if asked.launches:
        sentences.append(f"{control}; {amount}.")
    return replace(
        section,
        table=replace(section.table, columns=columns, rows=tuple(rows)),
        notes=(*section.notes, *plain_notes(sentences)),
    )


def latencies(measured: Percentiles) -> dict[str, str]:
    """Write the percentiles of latencies, a dash for one that is withheld."""
    return {name: numbers.milliseconds(measured.values.get(name)) for name in LATENCIES}


def latency_notes(run: StoredRun, measured: Mapping[str, Percentiles]) -> list[str]:
    """Say which percentiles of latencies are withheld, and name the version of LoadGen."""
    streams, servers = run.service.single_stream.values(), run.service.server.values()
    used = {answer.loadgen.version for answer in streams} | {answer.loadgen.version for answer in servers}
    loadgen = [f"LoadGen {' and '.join(sorted(used))}"] if used else []
    return [*withheld(measured, LATENCIES), *loadgen]
