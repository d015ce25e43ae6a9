"""Versions of one framework against each other in one run: tox makes the environments, pytest races them.

Which versions there are is said once, in the names of tox.ini's environments: ``py311-onnxruntime1.18``.
"""

from __future__ import annotations

import argparse
import platform
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runoff.errors import Exit, UsageError
from runoff.quantities import Commands
from runoff.text.ids import join_id

DEFAULT = "onnxruntime"
CODES = {
    0: Exit.DONE,
    1: Exit.FAILED,
    2: Exit.INTERRUPTED,
    3: Exit.UNEXPECTED,
    4: Exit.USAGE,
    5: Exit.USAGE,
    Exit.UNWRITABLE: Exit.UNWRITABLE,
    Exit.FAILED: Exit.FAILED,
}
"""What pytest's exit codes are among those of the commands."""
NAME = re.compile(r"py(?P<python>\d{2,3})-(?P<framework>[a-z]+)(?P<version>\d+(?:\.\d+)*)")


@dataclass(frozen=True)
class VersionEnvironment:
    """One of tox's environments that holds one version of one framework."""

    name: str
    python: str
    framework: str
    version: str


def read_environments(listed: str) -> list[VersionEnvironment]:
    """Read the version environments from what ``tox list --no-desc`` prints, others aside."""
    matches = [NAME.fullmatch(line.strip()) for line in listed.splitlines()]
    return [VersionEnvironment(match[0], **match.groupdict()) for match in matches if match]


def choose(environments: Sequence[VersionEnvironment], asked: Sequence[str], python: str) -> list[VersionEnvironment]:
    """Choose those of a Python that were asked for: ``onnxruntime`` for all versions, ``onnxruntime1.18`` for one.

    Raises UsageError with what there is where one asked for is not.
    """
    from packaging.version import Version  # here, since help does without it

    of_python = [environment for environment in environments if environment.python == python]
    here = sorted(of_python, key=lambda environment: (environment.framework, Version(environment.version)))
    chosen = []
    for name in asked:
        fitting = [version for version in here if name in (version.framework, version.framework + version.version)]
        if not fitting:
            raise UsageError(
                f"tox.ini has no environment of {name!r} for Python {python}; it has: "
                f"{', '.join(version.framework + version.version for version in here) or 'none'}"
            )
        chosen += fitting
    return list(dict.fromkeys(chosen))


def race_arguments(chosen: Sequence[VersionEnvironment], environments: Path) -> list[str]:
    """Return pytest's arguments: each version as a contender of its own environment, the first one as reference."""
    contenders = [join_id(version.framework, "", version.version) for version in chosen]
    given = [f"--environment={version.version}={environments / version.name / 'bin' / 'python'}" for version in chosen]
    return [f"--contenders={','.join(contenders)}", f"--reference={contenders[0]}", *given]


def race_versions(asked: Sequence[str], environments: Path, further: Sequence[str]) -> int:
    """Make the environments that are not there yet, race what is in them, and return the exit code (``race_code``).

    ``environments`` is tox's work directory, ``further`` what pytest is given besides. Raises UsageError.
    """
    tox = [sys.executable, "-m", "tox"]
    listed = subprocess.run([*tox, "list", "--no-desc"], capture_output=True, text=True, check=False)
    if listed.returncode:
        raise UsageError(f"tox could not list its environments: {listed.stderr.strip() or listed.stdout.strip()}")
    python = "".join(platform.python_version_tuple()[:2])
    chosen = choose(read_environments(listed.stdout), asked, python)
    names = ",".join(environment.name for environment in chosen)
    made = subprocess.run([*tox, "run", "--notest", "-e", names], check=False)
    if made.returncode:
        return Exit.FAILED
    pytest = [sys.executable, "-m", "pytest", "benchmarks/", "-m", "not service and not conversion"]
    return race_code(subprocess.run([*pytest, *race_arguments(chosen, environments), *further], check=False).returncode)


def race_code(code: int) -> Exit:
    """Return what a command ends with whose race ended with this code of pytest's, or by a signal where it is negative.

    A race that failed is none that could be done; what pytest does not have is Runoff's own already.
    """
    if code < 0:
        return Exit.INTERRUPTED if -code in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) else Exit.UNEXPECTED
    return CODES.get(code, Exit.UNEXPECTED)


def add_versions(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "versions",
        help="race versions of one framework in one run, each in an environment that tox makes",
        description="Race the versions that tox.ini's environments are named after. Words after -- go to pytest.",
    )
    parser.add_argument(
        "given",
        nargs="*",
        metavar="FRAMEWORK[VERSION]",
        help="onnxruntime for all its versions, onnxruntime1.18 for one (default: onnxruntime)",
    )
    parser.add_argument(
        "--environments", type=Path, default=Path(".tox"), metavar="DIR", help="tox's work directory (%(default)s)"
    )
    parser.set_defaults(do=do_versions)


def do_versions(options: argparse.Namespace) -> int:
    """Split what was asked for from what goes to pytest, which begins at the first option, and race."""
    first = next((place for place, word in enumerate(options.given) if word.startswith("-")), len(options.given))
    asked, further = options.given[:first] or [DEFAULT], options.given[first:]
    return race_versions(asked, options.environments.absolute(), further)
