"""``python -m runoff compare``: its options, what it prints and writes, its exit code."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from runoff.errors import Exit
from runoff.files.names import shown
from runoff.files.whole import write_text
from runoff.quantities import STANDARD_OUTPUT, Commands, share
from runoff.text.output import columns, obeys, show


def add_compare(commands: Commands) -> None:
    """Declare the command."""
    compare = commands.add_parser(
        "compare",
        help="compare two stored runs, or two trees raced in one, for a person or a CI's gate",
        description="Compare two stored runs by their ratios to the reference, in every metric and contender of both; "
        "or, of one run, its reference with the same contender of another tree or environment.",
        epilog="exit codes:\n" + "\n".join(f"  {code:<3}  {code.meaning}" for code in Exit),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    compare.add_argument("base", type=Path, metavar="BASE.json", help="the stored run to compare with")
    compare.add_argument(
        "head",
        type=Path,
        nargs="?",
        metavar="HEAD.json",
        help="the stored run that is judged (default: BASE's own race)",
    )
    compare.add_argument(
        "--fail-above",
        type=share,
        metavar="X%",
        help="fail where a ratio is proven to have become more than X %% worse (default: ratios never fail)",
    )
    compare.add_argument(
        "--markdown", type=Path, metavar="PATH", help="the comparison as GitHub markdown too; - prints it instead"
    )
    compare.set_defaults(do=compare_stored)


def compare_stored(options: argparse.Namespace) -> int:
    """Write where asked for, and print, what changed between two runs; return the comparison's exit code."""
    # Loaded here: what judges takes half a second, and help does without it.
    from runoff.compare.changes import compare_runs
    from runoff.compare.comparison import render_comparison, render_markdown_comparison
    from runoff.compare.within import compare_within
    from runoff.stored.run import read_run
    from runoff.text.terminal import WIDTH

    base = read_run(options.base)
    if options.head is None:
        found = compare_within(base, options.fail_above)
    else:
        found = compare_runs(base, read_run(options.head), options.fail_above)
    names = (str(options.base), str(options.head or options.base))
    markdown = render_markdown_comparison(found, names)
    if options.markdown == STANDARD_OUTPUT:
        show(markdown)
        return found.exit_code
    text = render_comparison(found, names, width=columns(WIDTH), colour=obeys(sys.stdout))
    try:
        if options.markdown is not None:
            text += f"{shown(write_text(options.markdown, markdown))}\n"
    finally:
        show(text)
    return found.exit_code
