"""The code that a conversion runs through, hashed without comments, docstrings and other functions."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from runoff.processes.surroundings import ROOT


def differing_code(file: Path, function: str, tree: Path) -> str | None:
    """Hash the code of a function of a file of this tree as another tree has it; None where it is the same there.

    A checkout that is worked in converts by its own code, whatever version that declares.
    """
    base = next((place for place in (tree, ROOT) if file.is_relative_to(place)), None)
    if tree == ROOT or base is None:
        return None
    name = file.relative_to(base)
    theirs, ours = (
        code_hash(place / name, [function], place) if (place / name).exists() else "" for place in (tree, ROOT)
    )
    return None if theirs == ours else theirs


def code_hash(file: Path | str, functions: Iterable[str], tree: Path = ROOT) -> str:
    """Hash what functions of a file run through: what they use of the file, and modules of ``runoff.model`` whole."""
    module = ast.parse(Path(file).read_text(encoding="utf-8"))
    used = reachable(module, set(functions))
    digest = hashlib.sha256(b"".join(dump(statement) for statement in used))
    importing = [*used, *(statement for statement in module.body if isinstance(statement, ast.ImportFrom))]
    models = imported_models(importing, tree)
    for source in sorted(models):
        digest.update(models[source])
    return digest.hexdigest()


def imported_models(statements: Iterable[ast.stmt], tree: Path) -> dict[Path, bytes]:
    """Return by file the code of what ``runoff.model`` has that statements import, and of what this imports in turn."""
    modules: dict[Path, bytes] = {}
    wanted = [node for statement in statements for node in ast.walk(statement)]
    while wanted:
        node = wanted.pop()
        if isinstance(node, ast.ImportFrom) and node.module and f"{node.module}.".startswith("runoff.model."):
            place = tree.joinpath(*node.module.split("."))
            for source in (place.with_suffix(".py"), *(place / f"{each.name}.py" for each in node.names)):
                if source not in modules and source.exists():
                    imports, modules[source] = read_module(source.read_text(encoding="utf-8"))
                    wanted += imports
    return modules


@cache
def read_module(text: str) -> tuple[tuple[ast.ImportFrom, ...], bytes]:
    """Return what a module imports and its code as ``dump`` writes it: the same modules are asked for many times."""
    module = ast.parse(text)
    return tuple(node for node in ast.walk(module) if isinstance(node, ast.ImportFrom)), dump(module)


def reachable(module: ast.Module, names: set[str]) -> list[ast.stmt]:
    """Return a module's top-level definitions that these names lead to, the declaration of variants excepted."""
    known = {name: statement for statement in module.body for name in defined(statement) if name != "VARIANTS"}
    reached: set[str] = set()
    wanted = set(names)
    while wanted:
        name = wanted.pop()
        if name in known and name not in reached:
            reached.add(name)
            wanted |= {node.id for node in ast.walk(known[name]) if isinstance(node, ast.Name)}
    return [statement for statement in module.body if reached.intersection(defined(statement))]


def defined(statement: ast.stmt) -> list[str]:
    """Name what a top-level statement defines."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return [statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
    return [target.id for target in targets if isinstance(target, ast.Name)]


def dump(node: ast.AST) -> bytes:
    """Write a syntax tree down without texts that nobody uses, such as docstrings; comments and places are in none."""
    for inner in ast.walk(node):
        body = getattr(inner, "body", None)
        if isinstance(body, list):
            inner.body = [  # type: ignore[attr-defined]  # any node with a body
                statement
                for statement in body
                if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
            ]
    return ast.unparse(node).encode()
