"""``python -m runoff``: what can be done with a stored run."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from runoff.across.command import add_models
from runoff.compare.changes import UNREADABLE
from runoff.compare.command import add_compare
from runoff.doctor.command import add_doctor
from runoff.environments.tox_versions import add_versions
from runoff.errors import RunoffError
from runoff.history.command import add_history
from runoff.report.write.command import add_report


def make_parser() -> argparse.ArgumentParser:
    """Declare the commands."""
    parser = argparse.ArgumentParser(prog="python -m runoff", description="Runoff: reports from stored runs")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for declare in (add_report, add_compare, add_history, add_doctor, add_versions, add_models):
        declare(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code: its own, 0, or 2 for what can't be read, drawn or written."""
    options = make_parser().parse_args(arguments)
    try:
        code: int | None = options.do(options)
        sys.stdout.flush()
    except RunoffError as error:
        sys.stderr.write(f"runoff: {error}\n")
        return UNREADABLE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left to be written at exit
        sys.stderr.write("runoff: what reads the output ended before all of it was written\n")
        return UNREADABLE
    except OSError as error:
        sys.stderr.write(f"runoff: {error.filename or 'the output'} can't be written: {error.strerror}\n")
        return UNREADABLE
    return code or 0


if __name__ == "__main__":
    sys.exit(main())
