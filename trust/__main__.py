"""``python -m trust``: run the experiments, write their figures, and the page that shows them."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runoff.environments.cpus import allowed_threads
from runoff.files.whole import write_text
from runoff.processes.interruption import end_by_signals
from runoff.processes.surroundings import ROOT
from runoff.processes.workplace import Workplace
from runoff.processor import read_processor
from runoff.stored.processor import processor_title
from runoff.text.ending import ended
from runoff.text.output import show, tell
from trust.cost import measure_cost
from trust.detection import detect
from trust.disturbance import simulate_probes
from trust.field import Field, make_field
from trust.looks import simulate_looks
from trust.page import made_now, render_page
from trust.settings import QUICK, Settings
from trust.side_by_side import compare_side_by_side
from trust.simulated import simulate

SIMULATED = "simulated"
IMAGINED: dict[str, Callable[[Settings, Callable[[str], None]], dict[str, Any]]] = {
    SIMULATED: simulate,
    "disturbance": simulate_probes,
    "looks": simulate_looks,
}
"""The experiments that need no machine, by the names of their figures."""
MEASURED: dict[str, Callable[[Field], dict[str, Any]]] = {
    "cost": measure_cost,
    "side_by_side": compare_side_by_side,
    "detection": detect,
}
"""The experiments on this machine, which need a field, by the names of their figures."""


def main() -> int:
    """Run what is asked for, and return the exit code."""
    end_by_signals()
    return ended("trust", perform)


def perform() -> None:
    """Run what is asked for; each experiment's figures are written as soon as it is over."""
    parser = argparse.ArgumentParser(prog="python -m trust", description="Can Runoff's numbers be believed?")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, which only show that everything runs")
    every = [*IMAGINED, *MEASURED]
    parser.add_argument("--only", choices=every, action="append", help="this part; may be given more than once")
    parser.add_argument("--output", type=Path, default=ROOT / "docs", metavar="DIR", help="for trust.json and trust.md")
    options = parser.parse_args()
    settings = QUICK if options.quick else Settings()
    begin = time.monotonic()

    def say(text: str) -> None:
        tell(f"[{(time.monotonic() - begin) / 60:5.1f} min] {text}")

    run_experiments(options.only or every, settings, options.output, say)


def run_experiments(names: list[str], settings: Settings, output: Path, say: Callable[[str], None]) -> None:
    """Run experiments, writing the figures after each, and the page in the end."""
    file = output / "trust.json"
    figures = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    home = ROOT / ".runoff"
    place = Workplace(home, home / "trust")
    try:
        field = make_field(place, settings, say) if set(names) & set(MEASURED) else None
        for name in names:
            begin = time.monotonic()
            figures[name] = MEASURED[name](field) if field and name in MEASURED else IMAGINED[name](settings, say)
            figures[name] |= {"minutes": (time.monotonic() - begin) / 60, "made": made_now()}
            if field or "setting" not in figures:  # what is only simulated leaves the machine of what was measured
                figures["setting"] = {
                    "cpu": processor_title(read_processor()),
                    "threads": allowed_threads(),
                    "launches": settings.launches,
                    "rounds": settings.rounds,
                } | ({"versions": field.versions} if field else {})
            write_text(file, json.dumps(figures, indent=1) + "\n")
    finally:
        shutil.rmtree(place.working, ignore_errors=True)
    page = render_page(figures)
    write_text(output / "trust.md", page)
    show(page)


if __name__ == "__main__":
    sys.exit(main())
