"""Images per second by batch size."""

from __future__ import annotations

from runoff.charts.drawing import Figure, specify
from runoff.charts.lines import STEPS, lines
from runoff.charts.vega_lite import Given
from runoff.report.blocks import Section
from runoff.report.sections.question import question_section
from runoff.stored import wording
from runoff.stored.run import StoredRun
from runoff.stored.service import Rate
from runoff.text import numbers
from runoff.text.table import make_table, plain_notes


def throughput_section(run: StoredRun) -> Section | None:
    """Show images, or other examples, per second by batch size."""
    rates, what = rates_by_size(run), wording.one_example(run)
    sizes = sorted({size for answer in run.service.throughput.values() for size in answer.batches})
    headings = {size: f"batch\n{size}" if size == sizes[0] else str(size) for size in sizes}
    rows = [
        {"contender": name}
        | {
            heading: numbers.per_second(by_size[size].value) if size in by_size else numbers.NOTHING
            for size, heading in headings.items()
        }
        for name, by_size in rates.items()
    ]
    caption = (
        f"{what.capitalize()}s a second by batch size, with all threads. "
        f"The ratio is that of seconds for each {what} at the largest batch."
    )
    refused = [
        f"{name} refuses a batch of {size}: {reason}"
        for name, answer in run.service.throughput.items()
        for size, reason in answer.batches.items()
        if isinstance(reason, str)
    ]
    table, notes = make_table(caption, rows), plain_notes(refused)
    section = Section("throughput", "Throughput in batches", table, notes, (throughput_figure,))
    return question_section(run, section)


def rates_by_size(run: StoredRun) -> dict[str, dict[int, Rate]]:
    """Return each contender's images per second at the batch sizes that its session takes."""
    return {
        name: {size: rate for size, rate in answer.batches.items() if isinstance(rate, Rate)}
        for name, answer in run.service.throughput.items()
    }


def throughput_figure(run: StoredRun) -> Figure | None:
    """Draw images per second over batch size."""
    rates, what = rates_by_size(run), wording.one_example(run)
    if not any(rates.values()):
        return None
    best = []
    for name, by_size in rates.items():
        if by_size:
            size, rate = max(by_size.items(), key=lambda measured: measured[1].value)
            best.append(f"{name} {numbers.per_second(rate.value)} {what}s a second at a batch of {size}")
    return Figure(
        "Throughput over batch size",
        specify(lines(rates, f"{what}s in a batch", f"{what}s a second", Given(zero=True)), [""] * STEPS),
        f"{what.capitalize()}s a second by batch size, with all threads; bars are the intervals over launches. "
        "Logarithmic scale along.",
        f"Throughput: {'; '.join(best)}.",
    )
