"""``python -m pages``: make every figure, table and picture that README and docs/ show.

``python -m pages RUN.json`` takes another stored run first: it becomes the one that all figures are of.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from pages.blocks import replace_block
from pages.contenders import contenders_text
from pages.errors import errors_table
from pages.figures import FIGURES, PICTURE, require_fit
from pages.live import live_picture
from pages.reference import environments_table, options_table
from pages.stored import stored_text
from pages.trust import experiments_table, first_experiment
from runoff.errors import RunoffError
from runoff.files.whole import write_text
from runoff.processes.surroundings import ROOT
from runoff.report.sections.latency import standalone_ratio_chart
from runoff.stored.run import read_run
from runoff.text.output import show, tell

RUN = Path("docs/figures/runs/resnet18.json")
LIVE = Path("docs/live-table.svg")
TABLES = {
    "docs/options.md": ("options", options_table),
    "docs/environments.md": ("environments", environments_table),
    "docs/contenders.md": ("contenders", contenders_text),
    "docs/stored.md": ("stored", stored_text),
    "docs/errors.md": ("errors", errors_table),
    "docs/method.md": ("trust", experiments_table),
    "README.md": ("trust", first_experiment),
}
"""What is made of the code and of stored experiments, by page: its block's name, and what makes it."""


def renew(root: Path, given: Path | None = None) -> list[Path]:
    """Make what the pages under a folder show, and return the files that were written.

    Raises RunUnfit for a run whose figures may not be shown, StoredRunBroken for a file that is none, and BlockMissing
    for a page without the place for it. Nothing is written then.
    """
    texts: dict[Path, str] = {}
    stored = given or root / RUN
    run = read_run(stored) if given or stored.exists() else None
    if run:
        require_fit(run)  # first, so that who gives an unfit run does not wait for the tables
    made: dict[str, dict[str, str]] = {page: {name: make()} for page, (name, make) in TABLES.items()}
    if run:
        if given:
            texts[root / RUN] = json.dumps(json.loads(given.read_text(encoding="utf-8")), separators=(",", ":")) + "\n"
        texts[root / PICTURE] = standalone_ratio_chart(run)
        for page, blocks in FIGURES.items():
            made.setdefault(page, {}).update({name: make(run) for name, make in blocks.items()})
    for page, filled in made.items():
        text = (root / page).read_text(encoding="utf-8")
        for name, block in filled.items():
            text = replace_block(text, name, block)
        texts[root / page] = text
    texts[root / LIVE] = live_picture()
    return [write_text(path, text) for path, text in texts.items()]


def main() -> int:
    """Make what is shown, and say which files were written."""
    parser = argparse.ArgumentParser(prog="python -m pages", description=__doc__)
    parser.add_argument("run", type=Path, nargs="?", metavar="RUN.json", help="the stored run that all figures are of")
    options = parser.parse_args()
    try:
        written = renew(ROOT, options.run)
    except RunoffError as error:
        tell(f"pages: {error}")
        return error.exit_code
    show("".join(f"{path}\n" for path in written))
    return 0


if __name__ == "__main__":
    sys.exit(main())
