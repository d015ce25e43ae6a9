"""``python -m runoff doctor``: its options, its progress, its exit code."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from runoff.errors import Exit, UsageError
from runoff.files.whole import write_text
from runoff.quantities import Commands, duration
from runoff.text.output import columns, obeys, show, tell

if TYPE_CHECKING:
    from runoff.environments.environment import Environment

SCHEMA = 4
SECONDS = 12.0
ERASE_LINE = "\r\x1b[K"


def add_doctor(commands: Commands) -> None:
    """Declare the command."""
    doctor = commands.add_parser(
        "doctor",
        help="check the machine: installed runtimes, limits, noise and disturbance, and how to get better numbers",
    )
    doctor.add_argument(
        "--environment",
        type=environment,
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help="another interpreter to inspect; may be given more than once",
    )
    doctor.add_argument(
        "--seconds",
        type=seconds,
        default=SECONDS,
        metavar="S",
        help="how long to race two equals for the machine's noise, beside a probe; 0 skips it (%(default)g)",
    )
    doctor.add_argument("--json", type=Path, metavar="PATH", help="write the same as JSON")
    doctor.add_argument(
        "--config",
        action="store_true",
        help="instead print each option of a race in this folder, and where its value comes from; words after -- are "
        "those of `runoff race`",
    )
    doctor.add_argument("given", nargs="*", metavar="-- MODEL OPTION ...", help=argparse.SUPPRESS)
    doctor.set_defaults(do=examine)


def environment(text: str) -> Environment:
    """Read NAME=PYTHON.

    Raises ArgumentTypeError.
    """
    from runoff.environments.environment import parse_environment

    return parse_environment(text)


def seconds(text: str) -> float:
    """Read a duration of zero or more in seconds.

    Raises ArgumentTypeError.
    """
    return 0.0 if text.strip() in ("0", "0s") else duration(text)


def show_options(options: argparse.Namespace) -> int:
    """Print every option of a race in the current folder with where it comes from; return the exit code.

    Raises UsageError for what gives an option wrongly, and ResultsUnwritable where the JSON can't be written.
    """
    from runoff.doctor.options import option_rows, render_options
    from runoff.environments.race_command import with_model_named
    from runoff.options.file import find_option_file
    from runoff.options.layers import given_on, settled
    from runoff.text.terminal import WIDTH

    file = find_option_file(Path.cwd())
    rows = option_rows(settled(given_on(with_model_named(options.given)), os.environ, file))
    try:
        if options.json:
            write_text(options.json, json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    finally:
        show(render_options(rows, file, columns(WIDTH)))
    return Exit.DONE


def examine(options: argparse.Namespace) -> int:
    """Find out, write, print; return the exit code.

    Raises UsageError for an environment that is named twice, a WorkerFailed for an interpreter that can't be run, and
    ResultsUnwritable where the JSON can't be written.
    """
    if options.config:
        return show_options(options)
    if options.given:
        raise UsageError(f"{options.given[0]!r} is no option of the doctor's; only --config takes a race's words")
    # Here, so that the commands that only read stored runs load nothing that measures.
    from runoff.doctor.advice import advise
    from runoff.doctor.findings import collect
    from runoff.doctor.text import render
    from runoff.environments.environment import make_environments
    from runoff.processes.interruption import signals_noted
    from runoff.text.terminal import WIDTH

    environments = make_environments(Path(sys.executable), options.environment, [])
    folder = Path(tempfile.mkdtemp(prefix="runoff-doctor-"))  # stays where an error names a log in it
    try:
        with signals_noted():  # whose second one breaks off no clearing up
            findings = collect(environments, options.seconds, folder, say)
    except KeyboardInterrupt:
        say("")
        tell("runoff: interrupted")
        shutil.rmtree(folder)
        return Exit.INTERRUPTED
    finally:
        say("")
    if findings.noise_failure is None:
        shutil.rmtree(folder)
    advice = advise(findings)
    try:
        if options.json:
            written = {"schema": SCHEMA, **asdict(findings), "advice": list(advice)}
            write_text(options.json, json.dumps(written, indent=2, allow_nan=False) + "\n")
    finally:
        show(render(findings, advice, columns(WIDTH)))
    return Exit.DONE


def say(what: str) -> None:
    """Say what is going on where somebody watches: in one line of a terminal, erased by the next."""
    if obeys(sys.stderr):
        sys.stderr.write(f"{ERASE_LINE}{what}")
        sys.stderr.flush()
