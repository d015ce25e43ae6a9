"""Mutate folders of ``runoff/``, or what a change touched in them, and say which mutants the tests let live."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.mutants.places import changed_functions, pattern_of
from tests.mutants.results import (
    LEAST_DEAD,
    NOT_COVERED,
    SURVIVED,
    Outcome,
    read_change,
    read_explained,
    read_statuses,
    table,
)
from tests.mutants.tree import make_tree
from tests.suite_runs import ROOT

FOLDERS = ("judge", "measure", "record", "compare", "history")
"""The method: what is mutated unless places are given."""
NO_MUTANTS = "nothing matches"
"""What mutmut's error says where there is no mutant in what was chosen."""


def main(arguments: Sequence[str]) -> int:
    """Run mutmut on each folder, print a table, and return 1 where too few mutants die."""
    parser = argparse.ArgumentParser(prog="tox -e mutants --", description=__doc__)
    parser.add_argument("places", nargs="*", metavar="PLACE", help="judge, judge/ratios.py or runoff/judge/ratios.py")
    parser.add_argument("--changed", metavar="COMMIT", help="mutate only functions that differ from this commit")
    options = parser.parse_args(arguments)
    patterns = [pattern_of(place) for place in options.places or FOLDERS]
    if options.changed:
        patterns = changed_functions(options.changed, patterns)
    folders = dict.fromkeys(pattern.split(".")[1] for pattern in patterns)
    outcomes = [mutate(folder, [name for name in patterns if name.split(".")[1] == folder]) for folder in folders]
    sys.stdout.write(f"\n{table(outcomes)}\n")
    return int(any(outcome.dead_share < LEAST_DEAD for outcome in outcomes))


def mutate(folder: str, patterns: Sequence[str]) -> Outcome:
    """Mutate one folder where the patterns say, and print what lives without an explanation."""
    tree = ROOT / ".runoff" / "mutants" / folder
    make_tree(folder, tree)
    done = mutmut(tree, "run", "--max-children", "1", *patterns)
    if done.returncode and NO_MUTANTS not in done.stderr:
        raise SystemExit(f"mutmut failed on {folder}:\n{done.stdout[-2000:]}{done.stderr}")
    statuses = {} if done.returncode else read_statuses(mutmut(tree, "results", "--all", "true").stdout)
    explained = read_explained((ROOT / "docs" / "mutants.md").read_text(encoding="utf-8"))
    equivalent = 0
    for name in (name for name, status in statuses.items() if status == SURVIVED):
        change = read_change(name, mutmut(tree, "show", name).stdout)
        reasons = [one for one in explained if one.explains(change)]
        equivalent += any(one.is_equivalent for one in reasons)
        if not reasons:
            sys.stdout.write(f"survived: {name}\n  - {change.before}\n  + {change.after}\n")
    for name in (name for name, status in statuses.items() if status == NOT_COVERED):
        sys.stdout.write(f"not covered: {name}\n")
    sys.stdout.flush()
    return Outcome(folder, Counter(statuses.values()), equivalent)


def mutmut(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run mutmut in a tree; its progress, a line for each mutant, is kept from the terminal."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    variables = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=tree, env=variables, text=True, capture_output=True, check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
