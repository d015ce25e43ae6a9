"""``python -m trust.undisturbed.in_a_row RUN.json ...``: keep the rounds of runs that were made one after another.

It writes docs/in-a-row.json, from which docs/states.md shows whether the runs' intervals hold the value that all of
them come to. A run with ``--precision`` among them is shown apart.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runoff.errors import UsageError
from runoff.files.whole import write_text
from runoff.judge.ratios import Ratio, half_width, launch_log_ratio, ratio_over_launches
from runoff.judge.three_ratios import known, three_ratios
from runoff.processes.surroundings import ROOT
from runoff.stored.processor import processor_kind
from runoff.stored.run import StoredRun, read_run
from runoff.stored.samples import INFERENCE, error_share, launches
from runoff.text.ending import ended
from trust.page import made_line

KEPT = ROOT / "docs" / "in-a-row.json"
OF = ("typical", "undisturbed")


def keep(run: StoredRun) -> dict[str, Any]:
    """Return what is kept of a run: its rounds in microseconds by contender and launch, and what its probe found."""
    found = run.info.probe.found if run.info.probe else None
    rounds = {name: launches(run, INFERENCE, name) for name in run.stratum.contenders}
    return {
        "pattern": found.pattern if found else None,
        "quiet_share": found.quiet_share if found else None,
        "error_share": error_share(run),
        "rounds": {
            name: [[round(time * 1e6) for time in launch] for launch in times] for name, times in rounds.items()
        },
    }


def keep_all(runs: Sequence[StoredRun]) -> dict[str, Any]:
    """Return what is kept of a series of runs; raises UsageError where they are not of one revision and stratum."""
    (first, *others) = runs
    if any((run.commit, run.stratum) != (first.commit, first.stratum) for run in others):
        raise UsageError("expected runs of one revision on one machine, found others too; give those of one series")
    planned = min(run.info.launches for run in runs)
    kept = [(run.info.launches > planned, keep(run)) for run in runs]
    return {
        "machine": processor_kind(first.stratum.processor),
        "threads": first.stratum.threads,
        "reference": first.stratum.reference,
        "made": {"date": first.moment.date().isoformat(), "revision": first.commit.name if first.commit else ""},
        "runs": [run for longer, run in kept if not longer],
        "precise": [run for longer, run in kept if longer],
    }


def judged(run: Mapping[str, Any], reference: str) -> dict[str, dict[str, Ratio]]:
    """Return the typical and the undisturbed ratio of each contender, by the functions that judge a run."""
    base = run["rounds"][reference]
    ratios = {}
    for name, times in run["rounds"].items():
        if name == reference:
            continue
        logs = [launch_log_ratio(own, other) for own, other in zip(times, base, strict=True)]
        typical = ratio_over_launches(logs, error_share=run["error_share"])
        found = three_ratios(typical, times, base)
        undisturbed = known(found.undisturbed) if found else None
        ratios[name] = {"typical": typical} | ({"undisturbed": undisturbed} if undisturbed else {})
    return ratios


def summarise(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page shows of a series: each run's ratios, what they come to together, and which hold it."""
    rows = [judged(run, kept["reference"]) for run in kept["runs"]]
    series = {f"{name} {of}": [row[name][of] for row in rows] for name in rows[0] for of in OF}
    return {
        **{name: kept[name] for name in ("machine", "threads", "reference")},
        "made": made_line(kept["made"]),
        "patterns": sorted({run["pattern"] for run in kept["runs"]}),
        "runs": [
            {"quiet_share": run["quiet_share"], "ratios": row} for run, row in zip(kept["runs"], rows, strict=True)
        ],
        "together": {name: together(ratios) for name, ratios in series.items()},
        "precise": [precise(run, kept["reference"]) for run in kept["precise"]],
    }


def precise(run: Mapping[str, Any], reference: str) -> dict[str, Any]:
    """Return how many launches a run went on to, and how far its widest typical interval reached."""
    reach = max(half_width(ratios["typical"]) for ratios in judged(run, reference).values())
    return {"launches": len(run["rounds"][reference]), "reach": reach}


def together(ratios: Sequence[Ratio]) -> dict[str, float]:
    """Return what the ratios of several runs come to, how far they spread, and how many intervals hold it."""
    logs = [math.log(ratio.value) for ratio in ratios]
    pooled = math.exp(statistics.fmean(logs))
    middle = statistics.median(ratio.value for ratio in ratios)
    return {
        "pooled": pooled,
        "spread": statistics.stdev(logs),
        "farthest": max(abs(ratio.value / middle - 1) for ratio in ratios),
        "holding": sum((ratio.low or 0) <= pooled <= (ratio.high or 0) for ratio in ratios),
        "half_width": statistics.median(map(half_width, ratios)),
    }


def main() -> int:
    """Keep the runs that are named, and return the exit code."""
    return ended("trust.undisturbed.in_a_row", perform)


def perform() -> None:
    """Keep the runs that are named."""
    parser = argparse.ArgumentParser(prog="python -m trust.undisturbed.in_a_row", description=__doc__)
    parser.add_argument(
        "runs", type=Path, nargs="+", metavar="RUN.json", help="stored runs, in the order they were made"
    )
    parser.add_argument("--output", type=Path, default=KEPT, metavar="FILE", help="what is written")
    options = parser.parse_args()
    kept = keep_all([read_run(file) for file in options.runs])
    write_text(options.output, json.dumps(kept, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    sys.exit(main())
