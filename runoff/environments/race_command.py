"""``runoff race``: pytest on the suite, wherever it is started: what is an option there is an option here."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from runoff.processes.surroundings import ROOT
from runoff.processes.workplace import PACKED, is_packed, usable_home
from runoff.quantities import Commands

EXAMPLES = """\
examples:
  runoff race                    ResNet-18, with the built-in checkpoint where there is no other
  runoff race resnet50 --contenders pytorch,onnxruntime --launches 5
  runoff race model.onnx --images pics --labels labels.csv
  runoff race shop:build --input image=3x224x224 --preprocessing imagenet --images pics
                                 your own torch module, which the function build in shop.py makes
  runoff race -m service         what a service pays; it takes minutes
  runoff race -- --help          all options, Runoff's own under "Runoff"

The table is printed, and the current folder gets results/runoff.json and results/index.html.
"""
PROGRAM = """\
import sys
suite, tree, *words = sys.argv[1:]
sys.path[:] = [suite, tree, *filter(None, sys.path)]
import pytest
from runoff.environments.tox_versions import race_code
sys.exit(race_code(pytest.main(words)))
"""
"""What the process does that races. The current folder is none that it imports from: a user's modules are not ours."""
FOR_PYTEST = "PYTEST_"
"""How the variables begin by which the user's own pytest is configured, and this one is not."""
NEVER = "\0"
"""What no word begins with."""


def add_race(commands: Commands) -> None:
    """Declare the command; the words after it are no option of this parser, but pytest's."""
    parser = commands.add_parser(
        "race",
        help="race the runtimes over a model, in any folder",
        usage="%(prog)s [MODEL] [OPTION ...] [-- PYTEST_OPTION ...]",
        description="Race inference runtimes over a model. MODEL comes first and is what --model takes. All options\n"
        "of the suite and of pytest are options here; what follows -- goes to pytest as it is.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        prefix_chars=NEVER,
        add_help=False,
    )
    parser.add_argument("given", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    parser.set_defaults(do=lambda options: do_race(options.given, parser))


def do_race(given: Sequence[str], parser: argparse.ArgumentParser) -> int:
    """Become the process that races, or print the help; return the exit code.

    Raises ModuleNotFoundError where there is no pytest-benchmark, WorkplaceUnusable where no folder for caches can be
    written, and FileNotFoundError where the current folder was removed.
    """
    if {"-h", "--help"} & set(own_words(given)):
        parser.print_help()
        return 0
    for module in ("pytest", "pytest_benchmark", "platformdirs"):
        if find_spec(module) is None:
            raise ModuleNotFoundError(name=module)
    Path.cwd()  # pytest would end with a traceback without it
    home = usable_home()
    suite, tree = (PACKED, linked_tree(home)) if is_packed() else (ROOT, ROOT)
    # A wheel's folder is not written to, and pytest would keep there what it makes of the benchmarks.
    flags = ["-B"] if is_packed() else []
    variables = {name: value for name, value in os.environ.items() if not name.startswith(FOR_PYTEST)}
    command = [sys.executable, *flags, "-c", PROGRAM, str(suite), str(tree), *pytest_words(given, suite, home)]
    return os.execve(sys.executable, command, variables)  # noqa: S606  # the same process: signals reach it as they are


def own_words(given: Sequence[str]) -> Sequence[str]:
    """Return the words before ``--``."""
    return given[: given.index("--")] if "--" in given else given


def pytest_words(given: Sequence[str], suite: Path, home: Path) -> list[str]:
    """Return what pytest is given: its configuration by the suite alone, the benchmarks, and the user's words."""
    own = own_words(given)
    further = list(given[len(own) + 1 :])
    return [
        *("-c", str(suite / "pytest.ini"), "--rootdir", str(suite), str(suite / "benchmarks")),
        # The suite's plugins, before the words are read: no value of its options is taken for a folder then, whose
        # conftest would be imported.
        *("--disable-plugin-autoload", "-p", "benchmark", "--noconftest", "-p", "conftest", "-p", "no:cacheprovider"),
        *("-m", "not service", f"--benchmark-storage=file://{home / 'storage' / 'race'}"),
        *with_model_named(own),
        *further,
    ]


def with_model_named(words: Sequence[str]) -> list[str]:
    """Return a race's words with its model, which comes first, behind the name of its option."""
    return ["--model", *words] if words and not words[0].startswith("-") else list(words)


def linked_tree(home: Path) -> Path:
    """Return a folder with this package in it and nothing else, by a link.

    Processes of other interpreters are given it to import Runoff from: with the folder that the wheel was installed to
    they would get all of its packages too.
    """
    package = ROOT / "runoff"
    tree = home / "trees" / hashlib.sha256(os.fsencode(package)).hexdigest()[:12]
    tree.mkdir(parents=True, exist_ok=True)
    link = tree / "runoff"
    if not link.is_symlink():
        link.symlink_to(package)
    return tree
