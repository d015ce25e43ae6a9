"""The code that a conversion runs through, hashed without comments, docstrings and other functions."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from pathlib import Path

from runoff.processes.process import ROOT


def differing_code(file: Path, function: str, tree: Path) -> str | None:
    """Hash the code of a function of a file of this tree as another tree has it; None where it is the same there.

    A checkout that is worked in converts by its own code, whatever version that declares.
    """
    base = next((place for place in (tree, ROOT) if file.is_relative_to(place)), None)
    if tree == ROOT or base is None:
        return None
    ours, theirs = (place / file.relative_to(base) for place in (ROOT, tree))
    code, here = (
        code_hash(source, [function], place) if source.exists() else ""
        for source, place in ((theirs, tree), (ours, ROOT))
    )
    return None if code == here else code


def code_hash(file: Path | str, functions: Iterable[str], tree: Path = ROOT) -> str:
    """Hash what functions of a file run through: what they use of the file, and modules of ``runoff.model`` whole."""
    module = ast.parse(Path(file).read_text(encoding="utf-8"))
    used = reachable(module, set(functions))
    digest = hashlib.sha256(b"".join(dump(statement) for statement in used))
    for name in sorted(imported_models([*used, *(node for node in module.body if isinstance(node, ast.ImportFrom))])):
        source = tree.joinpath(*name.split(".")).with_suffix(".py")
        if source.exists():
            digest.update(dump(ast.parse(source.read_text(encoding="utf-8"))))
    return digest.hexdigest()


def reachable(module: ast.Module, names: set[str]) -> list[ast.stmt]:
    """Return a module's top-level definitions that these names lead to, the declaration of variants excepted."""
    known = {name: statement for statement in module.body for name in defined(statement) if name != "VARIANTS"}
    found: dict[str, ast.stmt] = {}
    wanted = set(names)
    while wanted:
        name = wanted.pop()
        if name in known and name not in found:
            found[name] = known[name]
            wanted |= {node.id for node in ast.walk(known[name]) if isinstance(node, ast.Name)}
    return [statement for statement in module.body if any(statement is each for each in found.values())]


def defined(statement: ast.stmt) -> list[str]:
    """Name what a top-level statement defines."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return [statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
    return [target.id for target in targets if isinstance(target, ast.Name)]


def imported_models(statements: Iterable[ast.stmt]) -> set[str]:
    """Name the modules of ``runoff.model`` that these statements import, anywhere in them."""
    imports = [node for statement in statements for node in ast.walk(statement) if isinstance(node, ast.ImportFrom)]
    return {node.module for node in imports if node.module and node.module.startswith("runoff.model.")}


def dump(node: ast.AST) -> bytes:
    """Write a syntax tree down without its docstrings; comments and places are in none."""
    for each in ast.walk(node):
        body = getattr(each, "body", None)
        if isinstance(body, list):
            each.body = [statement for statement in body if not is_text(statement)]  # type: ignore[attr-defined]  # any node with a body
    return ast.unparse(node).encode()


def is_text(statement: ast.stmt) -> bool:
    """Whether a statement is a text that nobody uses: a docstring, or one below a constant."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
