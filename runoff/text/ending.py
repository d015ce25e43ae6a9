"""How every command ends: with a code of ``Exit``, and a line on standard error for whatever went wrong."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable

from runoff.errors import Exit, RunoffError
from runoff.text.output import ReaderGone, prepare_output, show, tell
from runoff.text.remedies import command_to_install


def ended(program: str, perform: Callable[[], int | None]) -> int:
    """Perform a command and return its exit code; what goes wrong is a line on standard error and a code of its own.

    Raises SystemExit for help and for what can't be understood, as argparse does; and what was not foreseen itself
    where Python is in development mode (``python -X dev``).
    """
    prepare_output()
    try:
        return written(perform) or Exit.DONE
    except ReaderGone as error:
        return error.exit_code
    except RunoffError as error:
        tell(f"{program}: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        tell(f"{program}: interrupted")
        return Exit.INTERRUPTED
    except Exception as error:
        code, reason = explained(program, error)
        if code == Exit.UNEXPECTED and sys.flags.dev_mode:
            raise
        tell(f"{program}: {reason}")
        return code


def written(perform: Callable[[], int | None]) -> int | None:
    """Perform a command, and return or raise what it does once the help that argparse printed is written.

    Raises ResultsUnwritable where that can't be: argparse itself takes no notice.
    """
    try:
        return perform()
    except SystemExit:
        if sys.stdout is not None:  # without it, help goes to standard error
            show("")
        raise


def explained(program: str, error: Exception) -> tuple[Exit, str]:
    """Return the exit code of an error without a name of Runoff's, and what went wrong, and what to do."""
    if isinstance(error, ModuleNotFoundError):
        return Exit.FAILED, f"{error.name} is not installed here; {command_to_install('suite')} installs it"
    if isinstance(error, MemoryError):
        return Exit.FAILED, "there is not enough memory; give it more, or take fewer or smaller runs"
    if isinstance(error, FileNotFoundError) and error.filename is None:  # only the current folder has no name
        return Exit.FAILED, "the current folder does not exist any more; change to one that does"
    if isinstance(error, OSError):
        return Exit.FAILED, f"{error.filename or 'the system'}: {error.strerror or error}"
    last = traceback.extract_tb(error.__traceback__)[-1]
    return Exit.UNEXPECTED, (
        f"{type(error).__name__} was not foreseen: {error} ({last.filename}, line {last.lineno}). This is a defect of "
        f"Runoff, and no result: please report it; python -X dev -m {program} shows where it comes from"
    )
