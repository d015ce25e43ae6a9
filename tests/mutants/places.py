"""Which mutants are meant: a folder's, a file's, or those of the functions that a change touched."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from tests.suite_runs import ROOT


def pattern_of(place: str) -> str:
    """Return mutmut's names of the mutants of a folder or a file below ``runoff/``."""
    name = place.removeprefix("./").removeprefix("runoff/").strip("/")
    if not (ROOT / "runoff" / name).exists():
        raise SystemExit(f"there is no folder or file {place} in runoff/")
    return f"runoff.{name.removesuffix('.py').replace('/', '.')}.*"


def changed_functions(commit: str, patterns: Sequence[str]) -> list[str]:
    """Return mutmut's names of the mutants of the functions in which the working tree differs from a commit."""
    command = ["git", "diff", "--unified=0", "--no-color", "--no-ext-diff", commit, "--", "runoff"]
    diff = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [
        name
        for file, lines in changed_lines(diff).items()
        for name in functions_at((ROOT / file).read_text(encoding="utf-8"), lines, file)
    ]
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]


def changed_lines(diff: str) -> dict[str, set[int]]:
    """Return the numbers of the lines that a diff without context leaves changed, by Python file.

    Where it only takes lines away, these are the ones around the gap.
    """
    lines: dict[str, set[int]] = {}
    for part in re.split(r"^\+\+\+ b/", diff, flags=re.MULTILINE)[1:]:
        file = part.partition("\n")[0].strip()
        if file.endswith(".py"):
            hunks = re.findall(r"^@@ \S+ \+(\d+)(?:,(\d+))? @@", part, flags=re.MULTILINE)
            ranges = [(int(start), int(count or 1)) for start, count in hunks]
            lines[file] = {line for start, count in ranges for line in range(start, start + (count or 2))}
    return lines


def functions_at(source: str, lines: set[int], file: str) -> Iterator[str]:
    """Name the mutants of the functions and methods of a file that have one of these lines."""
    module = file.removesuffix(".py").replace("/", ".")
    for node in ast.parse(source).body:
        methods = node.body if isinstance(node, ast.ClassDef) else [node]
        for function in methods:
            if isinstance(function, ast.FunctionDef) and lines & set(range(function.lineno, function.end_lineno + 1)):
                owner = f"xǁ{node.name}ǁ" if isinstance(node, ast.ClassDef) else "x_"
                yield f"{module}.{owner}{function.name}__mutmut_*"
