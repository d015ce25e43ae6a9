"""Tables of Reference pages, made from the code: the suite's options, and the environments of tox."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence

from runoff.options.table import declare_options
from runoff.processes.surroundings import ROOT
from runoff.text.markdown import escape, table_row

VERSION = re.compile(r"py3\d+-[a-z]+[\d.]+")
"""An environment that holds one version of one framework: there are dozens, and `tox list` says which."""
LANE = re.compile(r"(tests-[a-z]+)-py3\d+")
GROUPS = {
    "measure": ("compare", "field", "service", "service-field", "models", "conversion", "versions", "modern"),
    "look at results": ("web", "history"),
    "publish": ("docs", "figures", "release-check"),
}
"""What a person wants, and the environments for it; all others check Runoff itself."""
REST = "check Runoff"


def declared_options() -> list[argparse.Action]:
    """Return the suite's options in the order of their declaration."""
    parser = argparse.ArgumentParser(add_help=False)
    declare_options(parser.add_argument)
    return parser._actions  # argparse offers no other way to read what was declared


def options_table() -> str:
    """Write a row for each option of the suite, in the words of its help."""
    rows = [
        table_row([f"`{' '.join([action.option_strings[0], *shown_value(action)])}`", escape(help_text(action))])
        for action in declared_options()
    ]
    return "\n".join([table_row(["option", "meaning (default)"]), table_row([":---", ":---"]), *rows])


def shown_value(action: argparse.Action) -> Iterator[str]:
    """Yield what stands for an option's value, nothing where it takes none."""
    if action.nargs == 0:
        return
    if isinstance(action.metavar, tuple):
        yield from action.metavar
    else:
        shown = action.metavar or ("/".join(map(str, action.choices)) if action.choices else "N")
        yield shown.replace("|", "/")  # a bar would end the table's cell


def help_text(action: argparse.Action) -> str:
    """Return an option's help with its default filled in, as argparse shows it."""
    return (action.help or "") % vars(action)


def filled_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table without the columns in which no row has anything."""
    kept = [place for place in range(len(titles)) if any(row[place] for row in rows)]
    yield table_row([titles[place] for place in kept])
    yield table_row([":---"] * len(kept))
    yield from (table_row([row[place] for place in kept]) for row in rows)


def environments_table() -> str:
    """Write a row for each environment of tox, those that belong together in one, by what a person wants."""
    command = [sys.executable, "-m", "tox", "list", "--quiet"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    described = {match[1]: match[2] for match in re.finditer(r"^(\S+) +-> (.+)$", listed, re.MULTILINE)}
    found: dict[str, str] = {}
    for name, meaning in described.items():
        if not VERSION.fullmatch(name):
            lane = LANE.fullmatch(name)
            found.setdefault(f"{lane[1]}-py310 … py313" if lane else name, meaning)
    found = {name: text for name, text in found.items() if not name.startswith("versions-")}
    grouped = {name: group for group, names in GROUPS.items() for name in names}
    order = [name for names in GROUPS.values() for name in names if name in found]
    order += [name for name in found if name not in order]
    rows = [table_row([f"`{name}`", grouped.get(name, REST), escape(found[name])]) for name in order]
    return "\n".join([table_row(["environment", "to", "what it does"]), table_row([":---", ":---", ":---"]), *rows])
