"""``python -m trust.undisturbed FOLDER``: read stored runs, simulate machines, and write what was found."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from runoff.files.whole import write_text
from runoff.processes.surroundings import ROOT
from runoff.text.ending import ended
from trust.page import made_now
from trust.undisturbed.candidates import CANDIDATES
from trust.undisturbed.judged import compare_ways, decide, judge
from trust.undisturbed.page import render_page
from trust.undisturbed.simulated import differ_from_typical, simulate_all, simulate_landed
from trust.undisturbed.stored import examine, read_series

RUNS, BOOTSTRAPPED, LANDED_RUNS = 100, 10, 4000
DIGITS = 4
"""How many digits after the point figures have: there are thousands of them."""


def main() -> int:
    """Run the experiment, and return the exit code."""
    return ended("trust.undisturbed", perform)


def perform() -> None:
    """Run the experiment on a folder of stored runs and write its figures and their page."""
    parser = argparse.ArgumentParser(prog="python -m trust.undisturbed", description=__doc__)
    parser.add_argument("folder", type=Path, help="with stored runs, raw runs or raw rounds as JSON")
    parser.add_argument("--runs", type=int, default=RUNS, help="simulated of each machine (default: 100)")
    parser.add_argument("--bootstrapped", type=int, default=BOOTSTRAPPED, help="of them judged by the bootstrap, too")
    parser.add_argument(
        "--landed-runs", type=int, default=LANDED_RUNS, help="simulated for Runoff's own estimator (default: 4000)"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "docs", help="for undisturbed.json and undisturbed.md")
    options = parser.parse_args()
    series = read_series(options.folder)
    figures: dict[str, Any] = {
        "made": made_now(),
        "runs": options.runs,
        "stored": {name: examine(name, series) for name in CANDIDATES},
        "simulated": simulate_all(options.runs, options.bootstrapped),
        "differ": differ_from_typical(),
        "landed_runs": options.landed_runs,
        "landed": simulate_landed(options.landed_runs),
    }
    figures |= {"judged": judge(figures), "ways": compare_ways(figures["simulated"])}
    for machine in figures["simulated"].values():
        del machine["bootstrap"]  # what it comes to is in "ways"
    figures["decision"] = decide(figures["judged"])
    figures = json.loads(json.dumps(figures), parse_float=lambda number: round(float(number), DIGITS))
    text = json.dumps(figures, separators=(",", ":"))
    write_text(options.output / "undisturbed.json", text + "\n")
    write_text(options.output / "undisturbed.md", render_page(figures))


if __name__ == "__main__":
    sys.exit(main())
