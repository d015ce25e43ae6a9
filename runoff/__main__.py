"""``python -m runoff``: what can be done with a stored run."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence

from runoff.across.command import add_models
from runoff.compare.command import add_compare
from runoff.doctor.command import add_doctor
from runoff.environments.tox_versions import add_versions
from runoff.errors import Exit, RunoffError
from runoff.history.command import add_history
from runoff.processes.interruption import end_by_signals
from runoff.report.write.command import add_report
from runoff.text.output import ReaderGone, prepare_output, show, tell


def make_parser() -> argparse.ArgumentParser:
    """Declare the commands."""
    parser = argparse.ArgumentParser(
        prog="python -m runoff",
        description="Runoff: reports from stored runs",
        epilog="exit codes:\n" + "\n".join(f"  {code:<3}  {code.meaning}" for code in Exit),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for declare in (add_report, add_compare, add_history, add_doctor, add_versions, add_models):
        declare(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; whatever goes wrong is a line on standard error and a code of its own.

    Raises SystemExit for help and for what can't be understood, as argparse does; and what was not foreseen itself
    where Python is in development mode (``python -X dev``).
    """
    prepare_output()
    end_by_signals()
    try:
        return perform(arguments)
    except ReaderGone as error:
        return error.exit_code
    except RunoffError as error:
        tell(f"runoff: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        tell("runoff: interrupted")
        return Exit.INTERRUPTED
    except Exception as error:
        code, reason = explained(error)
        if code == Exit.UNEXPECTED and sys.flags.dev_mode:
            raise
        tell(f"runoff: {reason}")
        return code


def perform(arguments: Sequence[str] | None) -> int:
    """Run a command and return its exit code, once all that it printed is written."""
    try:
        options = make_parser().parse_args(arguments)
    except SystemExit:
        if sys.stdout is not None:  # without it, help goes to standard error
            show("")
        raise
    import runoff.charts  # noqa: F401 - here, where what it refuses is told in a line

    code: int | None = options.do(options)
    return code or Exit.DONE


def explained(error: Exception) -> tuple[Exit, str]:
    """Return the exit code of an error without a name of Runoff's, and what went wrong, and what to do."""
    if isinstance(error, ModuleNotFoundError):
        return Exit.FAILED, f"{error.name} is not installed here; python -m pip install 'runoff[suite]' brings it"
    if isinstance(error, MemoryError):
        return Exit.FAILED, "there is not enough memory; give it more, or take fewer or smaller runs"
    if isinstance(error, OSError):
        return Exit.FAILED, f"{error.filename or 'the system'}: {error.strerror or error}"
    last = traceback.extract_tb(error.__traceback__)[-1]
    return Exit.UNEXPECTED, (
        f"{type(error).__name__} was not foreseen: {error} ({last.filename}, line {last.lineno}). This is a defect of "
        "Runoff, and no result: please report it; python -X dev -m runoff shows where it comes from"
    )


if __name__ == "__main__":
    sys.exit(main())
