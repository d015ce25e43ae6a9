"""The run's answer in a sentence or two: who was fastest, or why that can't be said."""

from __future__ import annotations

from runoff.judge.ratios import FASTER, FEWEST_LAUNCHES, REFERENCE, SLOWER, Ratio
from runoff.stored.rows import Row
from runoff.stored.run import StoredRun
from runoff.stored.wording import place
from runoff.text.numbers import count, ratio, ratio_with_reach, times


def answer(run: StoredRun) -> str:
    """Say which contender was fastest, by how much and where, and which are not told apart from it; or why not."""
    if doubt := why_no_answer(run):
        return doubt
    reference, where = run.stratum.reference, place(run)
    ascending = sorted(compared(run), key=lambda pair: pair[1].value)
    faster = [pair for pair in ascending if pair[0].verdict == FASTER]
    if not faster and all(row.verdict == SLOWER for row, _ in ascending):
        return f"{reference}, the reference, was the fastest of {len(run.timed)} on {where}."
    if not faster:
        return f"No contender was shown to be faster than {reference} on {where}."
    leader, best = faster[0]
    close = [row.contender for row, other in ascending if row is not leader and reaches(other, best)]
    was = "had the shortest times" if close else "was the fastest"
    sentence = (
        f"{leader.contender} {was} of {len(run.timed)} on {where}: {times(best.value)} than {reference} "
        f"(time ratio {ratio(best)}, {best.confidence * 100:.3g} % interval{undisturbed(leader)})."
    )
    if not close:
        return sentence
    return f"{sentence} The intervals overlap with {', '.join(close)}, so which of these is faster is not shown."


def undisturbed(row: Row) -> str:
    """Write the undisturbed ratio after the typical one, empty where it is not known."""
    return f"; undisturbed {ratio_with_reach(row.undisturbed)}" if row.undisturbed else ""


def compared(run: StoredRun) -> list[tuple[Row, Ratio]]:
    """Return the rows that were compared with the reference, with their ratios."""
    return [(row, row.ratio) for row in run.rows if row.ratio and row.verdict != REFERENCE]


def why_no_answer(run: StoredRun) -> str | None:
    """Say what keeps a run from naming a fastest contender, None where nothing does."""
    if not run.raced:
        asked = "What converts and where it breaks" if run.only_converted else f"What a service pays on {place(run)}"
        return f"{asked} stands below; single inferences were not raced in this run."
    if not run.timed:
        return "No inference was timed in this run, so it does not say which contender is fastest."
    if not run.is_valid:
        return (
            f"This run is invalid: its control, a second {run.stratum.reference}, did not come out like the first, "
            "so no contender is called faster or slower."
        )
    if not compared(run):
        alone = any(row.contender == run.stratum.reference for row in run.timed)
        lacking = "no other was" if alone else "it was not"
        return f"There is nothing to compare with {run.stratum.reference}: {lacking} timed."
    if run.info.launches < FEWEST_LAUNCHES:
        made = count(run.info.launches, "launch is", "launches are")
        return f"This run is exploratory: {made} too few to say which contender is fastest; {FEWEST_LAUNCHES} can."
    return None


def reaches(ratio: Ratio, best: Ratio) -> bool:
    """Whether a ratio's interval reaches down to that of the best, so that which is faster is not shown."""
    return ratio.low is not None and best.high is not None and ratio.low <= best.high
