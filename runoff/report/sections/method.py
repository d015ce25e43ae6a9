"""How it was measured, in the words of the page."""

from __future__ import annotations

from runoff.report.blocks import PAGE, Section
from runoff.stored.run import StoredRun
from runoff.text.numbers import bound
from runoff.text.table import plain_notes

HOW = (
    "Every contender runs in a process of its own; only one works at a time, the others are suspended.",
    "A launch is a fresh process of every contender. In each of its rounds every contender does one inference, in a "
    "new random order.",
    "The timer covers the inference alone: a float32 picture in, logits out. One inference that is not timed goes "
    "before each.",
    "A ratio is the median over a launch’s rounds, averaged over launches; its interval is Student’s, over launches. "
    "Nothing is dropped.",
    "A difference is claimed where the chance of a false alarm is at most 1 % for itself and 5 % for all contenders "
    "together (Holm), and the interval lies outside the control’s. The smallest difference that matters was set to "
    "{margin}.",
    "The control is a second, identical reference. How far its ratio is from 1 is this run’s noise.",
    "A contender is timed only after its answers agreed with TorchVision’s own model.",
)
SERVICE = (
    "Each question of what a service pays has launches and a control of its own; the launch is the unit there too."
)
CHOICE = (
    "Recommended (★) is the fastest contender that meets the limits, of all where there are none. Where several are "
    "not told apart from the fastest, it is the one of these with the least memory. The Pareto front begins with it; "
    "each further one is better than all before it in latency, peak memory or cold start, by more than {margin}, or in "
    "agreement. What does not meet a limit is marked: misses."
)


def method_section(run: StoredRun) -> Section:
    """Say how a run is measured and judged."""
    said = (*HOW, *([SERVICE] if run.service.questions else []), CHOICE)
    notes = plain_notes(line.replace("{margin}", bound(run.info.margin)) for line in said)
    return Section("method", "How it was measured", notes=notes, shown_in=(PAGE,))
