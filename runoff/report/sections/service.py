"""One section a service question: a table, what it shows, and what has to be said about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from runoff.charts.drawing import Figure
from runoff.judge.ratios import CONFIDENCE
from runoff.report.blocks import Section
from runoff.report.charts.lines import threads_figure, throughput_figure
from runoff.report.sections.percentiles import withheld
from runoff.stored import wording
from runoff.stored.benchmarks import Percentiles
from runoff.stored.run import StoredRun
from runoff.stored.service import Rate, Scaling
from runoff.text import numbers
from runoff.text.table import VERDICT, Table, make_columns, plain_notes

STAGES = ("decode", "preprocess", "inference", "top 5")
LATENCIES = ("p50", "p90", "p99")
RATIO = "ratio to\nreference"


@dataclass(frozen=True)
class Question:
    """A service question: what its table is of, and what else there is to say and to draw.

    ``write`` returns a contender's cells, a tuple for each line that it takes; ratio and verdict follow the first.
    """

    name: str
    title: str
    caption: str
    headings: tuple[str, ...]
    write: Callable[[str], Sequence[tuple[str, ...]]]
    notes: Sequence[str] = ()
    droppable: tuple[str, ...] = ()
    charts: tuple[Callable[[StoredRun], Figure | None], ...] = ()


def throughput(run: StoredRun) -> Question:
    """Show images per second by batch size."""
    found = run.service.batches
    sizes = sorted({size for batches in found.values() for size in batches})
    refused = [
        f"{name} refuses a batch of {size}: {rate}"
        for name, batches in found.items()
        for size, rate in batches.items()
        if isinstance(rate, str)
    ]
    caption = (
        "Images a second by batch size, with all threads. The ratio is that of seconds an image at the largest batch."
    )
    return Question(
        "throughput",
        "Throughput in batches",
        caption,
        tuple(f"batch\n{size}" if size == sizes[0] else str(size) for size in sizes),
        lambda name: [tuple(batch_rate(found[name].get(size)) for size in sizes)],
        notes=refused,
        charts=(throughput_figure,),
    )


def batch_rate(rate: Rate | str | None) -> str:
    """Write images per second at a batch size, a dash where the session refused it."""
    return numbers.per_second(rate.value) if isinstance(rate, Rate) else numbers.NOTHING


def parallel(run: StoredRun) -> Question:
    """Show what parallel sessions give."""
    found = run.service.parallel
    sessions = max((each.sessions for each in found.values()), default=run.stratum.threads)
    caption = (
        f"Images a second of {sessions} single-threaded sessions at once, each in a process of its own, and of one "
        f"session with {numbers.count(run.stratum.threads, 'thread')}. The ratio is that of the sessions together."
    )
    return Question(
        "parallel",
        "Parallel sessions",
        caption,
        (f"{sessions} sessions", "one session", "gain"),
        lambda name: [
            (
                numbers.with_interval(found[name].together, numbers.per_second),
                numbers.per_second(found[name].alone.value),
                numbers.with_interval(found[name].gain, "{:.2f}".format),
            )
        ],
        droppable=("one session",),
    )


def single_stream(run: StoredRun) -> Question:
    """Show the latencies of a single stream."""
    found = run.service.single_stream
    caption = (
        "MLCommons LoadGen’s SingleStream: each query comes when the one before it is answered. Latencies in ms, "
        "all launches together; the ratio is that of the 90th percentile."
    )
    return Question(
        "single-stream",
        "Latency of a single stream",
        caption,
        ("queries", *LATENCIES),
        lambda name: [(str(found[name].samples), *latencies(found[name]))],
        notes=[*withheld(found, LATENCIES), *loadgen_notes(run)],
    )


def server(run: StoredRun) -> Question:
    """Show the highest load that keeps the bound."""
    found = run.service.server
    bound, quantile = next(((each.loadgen.bound, each.loadgen.quantile) for each in found.values()), (None, None))
    beyond = [
        f"{name}: the p99 measured near that load is {numbers.milliseconds(each.percentiles.values['p99'])} ms, "
        "beyond the bound: its service is less steady than was computed with"
        for name, each in found.items()
        if each.percentiles.values.get("p99", 0.0) > each.loadgen.bound
    ]
    within = f" {quantile * 100:g} of 100 within {bound * 1e3:g} ms" if bound and quantile else " the bound"
    caption = (
        "MLCommons LoadGen’s Server: queries arrive by chance (Poisson) and wait in line for one session with all "
        f"threads. Queries a second at the highest load that keeps{within}, computed from what serving took in all "
        "launches, alone and under load (by Pollaczek and Khinchine’s formula), and the latencies measured near "
        "it in ms."
    )
    return Question(
        "server",
        "Highest load",
        caption,
        ("queries a second", *LATENCIES),
        lambda name: [
            (numbers.with_interval(found[name].highest_load, numbers.per_second), *latencies(found[name].percentiles))
        ],
        notes=[
            *beyond,
            *withheld({name: each.percentiles for name, each in found.items()}, LATENCIES),
            *loadgen_notes(run),
        ],
    )


def end_to_end(run: StoredRun) -> Question:
    """Show what the way from bytes to an answer consists of."""
    found = run.service.end_to_end
    different = [
        f"{name} named another class than {run.stratum.reference} did "
        f"in {(1 - each.same_answers) * 100:.3g} % of the rounds"
        for name, each in found.items()
        if each.same_answers is not None and each.same_answers < 1
    ]
    caption = (
        "From a picture file’s bytes to Top-5 with probabilities, in ms: the median of the whole and of each "
        "stage, and the share of decoding and preprocessing. The ratio is that of the whole."
    )
    return Question(
        "end-to-end",
        "End to end",
        caption,
        ("whole", *STAGES, "before\ninference"),
        lambda name: [
            (
                numbers.milliseconds(run.measures["end-to-end", name].median),
                *(numbers.milliseconds(found[name].stages.get(stage)) for stage in STAGES),
                f"{found[name].share_before_inference * 100:.0f} %",
            )
        ],
        notes=different,
        droppable=("top 5", "decode", "preprocess"),
    )


def threads(run: StoredRun) -> Question:
    """Show what more threads bring."""
    found = run.service.scaling
    caption = (
        "One inference of a batch of one by number of threads: its median, the speed-up over one thread, what "
        "each thread has of it, and how many were really busy. The ratio is that of one thread."
    )
    return Question(
        "threads",
        "Scaling over threads",
        caption,
        ("threads", "ms", "speed-up", "per\nthread", "busy"),
        lambda name: [thread_cells(count, each) for count, each in sorted(found[name].items())],
        droppable=("busy", "per\nthread"),
        charts=(threads_figure,),
    )


def thread_cells(count: int, found: Scaling) -> tuple[str, ...]:
    """Write what a number of threads brings."""
    speedup = "1" if count == 1 else numbers.with_interval(found.speedup, "{:.2f}".format)
    efficiency = f"{found.efficiency * 100:.0f} %"
    return (str(count), numbers.milliseconds(found.seconds), speedup, efficiency, f"{found.busy_threads:.2f}")


def question_section(make: Callable[[StoredRun], Question], run: StoredRun) -> Section | None:
    """Put a question's section together, None where it was not asked."""
    question = make(run)
    asked = run.service.questions.get(question.name)
    if asked is None:
        return None
    measures = {name: measure for (group, name), measure in run.measures.items() if group == question.name}
    rows = []
    for name in sorted(measures, key=lambda name: measures[name].median):
        first, *more = question.write(name)
        rows.append((name, *first, numbers.ratio(measures[name].ratio), wording.verdict(measures[name])))
        rows += [("", *cells, "", "") for cells in more]
    columns = make_columns(("contender", *question.headings, RATIO, VERDICT))
    table = Table(question.caption, columns, tuple(rows), droppable=question.droppable)
    launches = numbers.count(asked.launches, "launch", "launches")
    amount = f"{CONFIDENCE * 100:.3g} % intervals over {launches}" if asked.launches > 1 else launches
    without = [f"{name}: {reason}" for name, reason in asked.without.items()]
    notes = plain_notes((*question.notes, *without, f"{control_words(run, question.name)}; {amount}."))
    return Section(question.name, question.title, table, notes, question.charts)


def control_words(run: StoredRun, group: str) -> str:
    """Say what a question's control showed."""
    control = run.service.questions[group].control
    if control is None:
        return "There was no control, so the noise is not known"
    return f"Control (a second {run.stratum.reference}, which should be 1): {numbers.ratio(control)}"


def latencies(found: Percentiles) -> tuple[str, ...]:
    """Write the percentiles of latencies, a dash for one that is withheld."""
    return tuple(numbers.milliseconds(found.values.get(name)) for name in LATENCIES)


def loadgen_notes(run: StoredRun) -> list[str]:
    """Name the version of LoadGen."""
    return [f"LoadGen {' and '.join(sorted(run.service.loadgen))}"] if run.service.loadgen else []


QUESTIONS = (throughput, parallel, single_stream, server, end_to_end, threads)
SECTIONS = tuple(partial(question_section, make) for make in QUESTIONS)
"""One for every question, in the order that they are read in."""
