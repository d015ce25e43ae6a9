"""What more threads bring."""

from __future__ import annotations

from runoff.charts.drawing import DASHED, Figure, specify
from runoff.charts.lines import STEPS, doublings, lines
from runoff.charts.vega_lite import chart_of, layered
from runoff.report.blocks import Section
from runoff.report.sections.question import question_section
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import make_table


def threads_section(run: StoredRun) -> Section | None:
    """Show what more threads bring, with a line for each number of them."""
    rows = [
        {
            "contender": name,
            "threads": str(count),
            "ms": numbers.milliseconds(scaling.seconds),
            "speed-up": "1" if count == 1 else numbers.with_interval(scaling.speedup, "{:.2f}".format),
            "per\nthread": numbers.percent(scaling.efficiency),
            "busy": f"{scaling.busy_threads:.2f}",
        }
        for name, answer in run.service.threads.items()
        for count, scaling in sorted(answer.scaling.items())
    ]
    caption = (
        "One inference of a batch of one by number of threads: its median, the speed-up over one thread, what "
        "each thread has of it, and how many were really busy. The ratio is that of one thread."
    )
    table = make_table(caption, rows, droppable=("busy", "per\nthread"))
    return question_section(run, Section("threads", "Scaling over threads", table, charts=(threads_figure,)))


def threads_figure(run: StoredRun) -> Figure | None:
    """Draw the speed-up over one thread, and what it would be if every thread counted for one."""
    speedups = {
        name: {count: scaling.speedup for count, scaling in answer.scaling.items()}
        for name, answer in run.service.threads.items()
    }
    counts = sorted({count for by_count in speedups.values() for count in by_count})
    if len(counts) < 2:
        return None
    ideal = chart_of([{"number": count, "value": count} for count in counts])
    chart = layered(
        ideal.mark("line", **DASHED).encode(x="number:Q", y="value:Q"),
        lines(speedups, "threads", "times as fast as one thread", doublings()),
    )
    alt_text = "; ".join(
        f"{name} {by_count[max(by_count)].value:.2f} times with {max(by_count)}" for name, by_count in speedups.items()
    )
    return Figure(
        "Speed-up over threads",
        specify(chart, [""] * STEPS),
        "Speed-up over one thread. The dashed line is what it would be if every thread counted for one. "
        "Logarithmic scales.",
        f"Speed-up over one thread: {alt_text}.",
    )
