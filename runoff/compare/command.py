"""``python -m runoff compare``: its options, what it prints and writes, its exit code."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from runoff.compare.changes import EXIT_MEANINGS, compare_runs
from runoff.compare.comparison import render_comparison, render_markdown_comparison
from runoff.compare.within import compare_within
from runoff.quantities import STANDARD_OUTPUT, Commands, share
from runoff.stored.run import read_run
from runoff.text.terminal import WIDTH


def add_compare(commands: Commands) -> None:
    """Declare the command."""
    compare = commands.add_parser(
        "compare",
        help="compare two stored runs, or two trees raced in one, for a person or a CI's gate",
        description="Compare two stored runs by their ratios to the reference, in every metric and contender of both; "
        "or, of one run, its reference with the same contender of another tree or environment.",
        epilog="exit codes:\n" + "\n".join(f"  {code}  {meaning}" for code, meaning in EXIT_MEANINGS.items()),
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
    """Print, and write where asked for, what changed between two runs; return the comparison's exit code."""
    base = read_run(options.base)
    if options.head is None:
        found = compare_within(base, options.fail_above)
    else:
        found = compare_runs(base, read_run(options.head), options.fail_above)
    names = (str(options.base), str(options.head or options.base))
    markdown = render_markdown_comparison(found, names)
    if options.markdown == STANDARD_OUTPUT:
        sys.stdout.write(markdown)
        return found.exit_code
    width = min(WIDTH, shutil.get_terminal_size((WIDTH, 0)).columns)
    sys.stdout.write(render_comparison(found, names, width=width, colour=sys.stdout.isatty()))
    if options.markdown is not None:
        options.markdown.write_text(markdown, encoding="utf-8")
        sys.stdout.write(f"{options.markdown}\n")
    return found.exit_code
