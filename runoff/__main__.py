"""``runoff`` and ``python -m runoff``: race the runtimes, and read what a run stored."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from runoff.across.command import add_models
from runoff.checking.command import add_check_backend
from runoff.compare.command import add_compare
from runoff.doctor.command import add_doctor
from runoff.environments.race_command import add_race
from runoff.environments.tox_versions import add_versions
from runoff.errors import Exit
from runoff.fleet.command import add_merge, add_plan
from runoff.history.command import add_history
from runoff.processes.clean import add_clean
from runoff.processes.interruption import end_by_signals
from runoff.processes.workplace import usable_home
from runoff.report.write.command import add_report
from runoff.text.ending import ended


def make_parser() -> argparse.ArgumentParser:
    """Declare the commands."""
    parser = argparse.ArgumentParser(
        prog="runoff" if Path(sys.argv[0]).name == "runoff" else "python -m runoff",
        description="Runoff: race inference runtimes over your model, and read what was stored",
        epilog="exit codes:\n" + "\n".join(f"  {code:<3}  {code.meaning}" for code in Exit),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for declare in (
        *(add_race, partial(add_report, home=usable_home), add_compare, partial(add_history, home=usable_home)),
        *(add_merge, add_plan, add_doctor, add_check_backend, add_versions, add_models, add_clean),
    ):
        declare(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; whatever goes wrong is a line on standard error and a code of its own.

    Raises SystemExit for help and for what can't be understood, as argparse does.
    """
    end_by_signals()
    return ended("runoff", lambda: perform(arguments))


def perform(arguments: Sequence[str] | None) -> int:
    """Run a command and return its exit code."""
    options = make_parser().parse_args(arguments)
    import runoff.charts  # noqa: F401 - here, where what it refuses is told in a line

    code: int | None = options.do(options)
    return code or Exit.DONE


if __name__ == "__main__":
    sys.exit(main())
