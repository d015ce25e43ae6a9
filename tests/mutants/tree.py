"""The tree that mutmut works in: a copy of this one, one folder of it to be mutated, with the tests that may kill."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
from pathlib import Path

from tests.suite_runs import ROOT

FAST = "not (elsewhere or framework or browser or suite or long)"
"""The tests that kill: those of the folder itself that need no framework and no browser, and take no long time."""

PLUGINS = (
    "no:cacheprovider",
    "no:unraisableexception",  # collects garbage five times at every end, which takes a third of a mutant's time
    "timeout",
    "benchmark",
    "hypothesispytest",
    "tests.mutants.nodeid",
)
"""What pytest loads and leaves out, where it loads no other plugin by itself: looking for them takes a quarter."""


def make_tree(folder: str, tree: Path) -> None:
    """Copy what git has or would add, and prepare one folder of ``runoff/`` for mutmut."""
    shutil.rmtree(tree, ignore_errors=True)
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():  # one that was deleted and not committed is still listed
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    for source in (tree / "runoff" / folder).rglob("*.py"):
        source.write_text(apply_decorators_later(source.read_text(encoding="utf-8")), encoding="utf-8")
    beside = sorted({name.partition("/")[0] for name in names if name} - {"runoff", "tests", "pyproject.toml"})
    settings = {
        "source_paths": ["runoff"],
        "only_mutate": [f"runoff/{folder}/*"],
        "also_copy": beside,
        "pytest_add_cli_args": ["-W", "error", *(word for plugin in PLUGINS for word in ("-p", plugin))],
        "pytest_add_cli_args_test_selection": [f"tests/{folder}", "-m", FAST],
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    (tree / "pyproject.toml").write_text("\n".join(["[tool.mutmut]", *lines, ""]), encoding="utf-8")


def apply_decorators_later(source: str) -> str:
    """Rewrite ``@decorator`` before a definition as ``name = decorator(name)`` after it, which means the same.

    Mutmut leaves out what is decorated, and so every method of a dataclass. What a cache decorates stays as it is: the
    processes that mutants run in are forked with what it holds.
    """
    lines = source.splitlines()
    kinds = (ast.FunctionDef, ast.ClassDef)
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds) and node.decorator_list]
    for node in sorted(found, key=lambda node: node.lineno, reverse=True):
        decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
        if any("cache" in decorator for decorator in decorators):
            continue
        assert node.end_lineno is not None
        indent = " " * node.col_offset
        applied = [f"{indent}{node.name} = {decorator}({node.name})" for decorator in reversed(decorators)]
        after = [*applied, *lines[node.end_lineno :]]
        lines = [*lines[: node.decorator_list[0].lineno - 1], *lines[node.lineno - 1 : node.end_lineno], *after]
    return "\n".join([*lines, ""])
