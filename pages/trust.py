"""What README and the method's page show of the experiments on the method: the first table of docs/trust.md.

``python -m trust`` makes that page of docs/trust.json, whole; a test holds the one to the other.
"""

from __future__ import annotations

from runoff.processes.surroundings import ROOT

PAGE = ROOT / "docs" / "trust.md"


def experiments_table() -> str:
    """Return the table of all experiments, as the page has it."""
    page = PAGE.read_text(encoding="utf-8")
    return page[page.index("| experiment |") :].partition("\n\n")[0]


def first_experiment() -> str:
    """Say in a line what the first experiment found, and what was aimed at."""
    what, aim, found = experiments_table().splitlines()[2].strip("| ").split(" | ")
    return f"{what}: **{found}** (aim: {aim})."
