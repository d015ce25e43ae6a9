"""``runoff check-backend``: the contract's checks on one backend, a table, and an exit code."""

from __future__ import annotations

import argparse
import io
import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runoff.errors import Exit
from runoff.quantities import Commands
from runoff.text.output import columns, show
from runoff.text.remedies import command_to_install

if TYPE_CHECKING:
    from runoff.backends import Declaration
    from runoff.checking.checks import Call, Finding
    from runoff.contract import Variant

TIMEOUT = 900.0
"""Seconds that a process may take."""


def add_check_backend(commands: Commands) -> None:
    """Declare the command."""
    check = commands.add_parser(
        "check-backend",
        help="check that a backend keeps the contract",
        description="Check a backend on small models: declarations, conversion, loading, answers, output and files. "
        "It needs torch and onnx, to make the models, and the backend's own packages, in this interpreter.",
    )
    check.add_argument("backend", metavar="FILE.py|NAME", help="a backend's file, or the name of one that is installed")
    check.set_defaults(do=lambda options: do_check(options.backend))


def do_check(given: str) -> int:
    """Check, print the table, and return the exit code.

    Raises UsageError for what is no backend, BackendsClash for a name that two have, and FrameworkMissing.
    """
    from runoff.checking.checks import FAILED, check_backend  # here, so that help needs none of it

    backend = find_backend(given)
    variants, absent = able_variants(backend)
    folder = Path(tempfile.mkdtemp(prefix="runoff-check-"))  # stays where a finding names a log in it
    found: list[Finding] = []
    try:
        call = partial(called, folder / "logs")
        if not backend.broken:
            write_cases(folder / "cases", call)
        found = check_backend(backend, variants, folder / "cases", folder / "artifacts", call)
    finally:
        if not any(str(folder / "logs") in words for each in found for words in each.words):
            shutil.rmtree(folder)
    show(render(Path(given).name, found, absent, columns(WIDTH)))
    return Exit.CONTRACT_BROKEN if any(each.verdict == FAILED for each in found) else Exit.DONE


def write_cases(folder: Path, call: Call) -> None:
    """Write the models that a backend is checked on into a new folder; raises FrameworkMissing."""
    from runoff.environments.survey import survey
    from runoff.errors import FrameworkMissing
    from runoff.model.onnx.export import EXPORT_REQUIRES

    present = survey(EXPORT_REQUIRES, [], packages=False)["modules"]
    if missing := [name for name in EXPORT_REQUIRES if name not in present]:
        raise FrameworkMissing(
            f"{', '.join(missing)}, which makes the models, is not installed; "
            f"{command_to_install('compare')} installs it"
        )
    folder.mkdir()
    call("runoff.model.contract_cases:write_contract_cases", {"folder": str(folder)}, {})


def called(logs: Path, function: str, arguments: dict[str, Any], variables: Mapping[str, str]) -> Any:
    """Call a function in a separate process, with a separate log."""
    from runoff.processes.process import call
    from runoff.processes.surroundings import Surroundings

    label = function.rpartition(":")[2].replace("_", " ")
    log = logs / f"{label}-{secrets.token_hex(4)}.log"
    return call(
        function, arguments, label=label, log=log, timeout=TIMEOUT, surroundings=Surroundings(variables=variables)
    )


def find_backend(given: str) -> Declaration:
    """Return the backend that a file or a name stands for.

    Raises UsageError, and BackendsClash for a name that two have.
    """
    from runoff.environments.discovery import known_backends
    from runoff.environments.outside import parse_backend, read_offers
    from runoff.errors import UnknownContender, UsageError

    if given.endswith(".py") or "/" in given:
        try:
            (found,) = read_offers([parse_backend(given)]).values()
        except argparse.ArgumentTypeError as error:
            raise UsageError(str(error)) from error
        return found
    known = known_backends()
    if given not in known:
        raise UnknownContender(f"unknown backend {given!r}; give a file NAME.py, or one of: {', '.join(known)}")
    return known[given]


def able_variants(backend: Declaration) -> tuple[list[Variant], list[str]]:
    """Return the variants that this interpreter has all for, and say why others can't be checked.

    Raises FrameworkMissing where the plain one can't.
    """
    from runoff.environments.contenders import Contender
    from runoff.environments.discovery import this_environment
    from runoff.errors import FrameworkMissing

    if backend.broken:
        return list(backend.VARIANTS), []
    here = this_environment({"": backend})
    if missing := here.missing(backend.REQUIRES):
        raise FrameworkMissing(f"{', '.join(missing)} is not installed; install it in {here.interpreter}")
    lacking = {variant.name: here.missing_to_convert(Contender("", variant)) for variant in backend.VARIANTS}
    if missing := lacking[backend.VARIANTS[0].name]:
        raise FrameworkMissing(f"{', '.join(missing)}, which converting needs, is not installed in {here.interpreter}")
    able = [variant for variant in backend.VARIANTS if not lacking[variant.name]]
    return able, [f"{name} is not checked: {', '.join(names)} is missing" for name, names in lacking.items() if names]


WIDTH = 100


def render(name: str, found: Sequence[Finding], absent: Sequence[str], width: int) -> str:
    """Return the table of all checks, and a line that counts them."""
    from runoff.checking.checks import FAILED
    from runoff.text.table import make_table, plain_notes
    from runoff.text.terminal import draw_table, make_console, print_notes

    rows = [
        {"check": check, "verdict": verdict, "what was seen": words}
        for each in found
        for check, verdict, words in zip_longest([each.check], [each.verdict], each.words, fillvalue="")
    ]
    text = io.StringIO()
    console = make_console(text, width=width, colour=False)
    console.print(draw_table(make_table(name, rows, ("verdict", "what was seen")), width))
    print_notes(console, plain_notes(absent))
    failed = [each.check for each in found if each.verdict == FAILED]
    kept = f"{name} keeps the contract: none of {len(found)} checks failed."
    console.print(f"\n{name} breaks the contract: {', '.join(failed)}." if failed else f"\n{kept}")
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())
