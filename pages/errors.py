"""The Reference page of errors: each one's name, exit code, meaning and remedy, from its docstring."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runoff.errors import Exit, RunoffError
from runoff.processes.surroundings import ROOT
from runoff.text.markdown import table_row

FOLDERS = ("runoff", "webui", "pages", "trust")
"""Where errors are named; those of runoff/errors.py are first."""
CLASS = re.compile(r"^class (\w+)\((\w+)\):", re.MULTILINE)
CODE = re.compile(r"exit_code(?:: [\w\[\]]+)? = Exit\.(\w+)")
REMEDY = "Remedy: "


@dataclass(frozen=True)
class NamedError:
    """An error of ours: ``code`` is what a command ends with, ``remedy`` what a person does about it."""

    name: str
    file: str
    code: Exit
    meaning: str
    remedy: str


def named_errors(root: Path = ROOT) -> list[NamedError]:
    """Return every error below RunoffError, in the order of files and of definition.

    Files are read and not imported, since webui/ and trust/ need what is not installed everywhere.
    """
    codes: dict[str, Exit] = {RunoffError.__name__: RunoffError.exit_code}
    first = root / "runoff" / "errors.py"
    files = [first, *(file for folder in FOLDERS for file in sorted((root / folder).rglob("*.py")) if file != first)]
    return [error for file in files for error in errors_in(file, root, codes)]


def errors_in(file: Path, root: Path, codes: dict[str, Exit]) -> Iterator[NamedError]:
    """Yield the errors that a file defines, by the codes of those that are known; theirs are added."""
    text = file.read_text(encoding="utf-8")
    if not any(base in codes for _, base in CLASS.findall(text)):
        return
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef) and node.bases and (base := ast.unparse(node.bases[0])) in codes:
            own = CODE.search(ast.get_source_segment(text, node) or "")
            codes[node.name] = Exit[own[1]] if own else codes[base]
            meaning, _, rest = (ast.get_docstring(node) or "").partition("\n")
            remedy = " ".join(rest.split()).partition(REMEDY)[2]
            place = file.relative_to(root).as_posix()
            yield NamedError(node.name, place, codes[node.name], meaning.rstrip("."), remedy.rstrip("."))


def errors_table() -> str:
    """Write a row for each error: its name, the code that a command ends with, what it means and what to do."""
    titles, alignment = ["error", "exit code", "what it means", "what to do"], [":---", "---:", ":---", ":---"]
    rows = [
        table_row([f"`{error.name}`", str(int(error.code)), plain(error.meaning), plain(error.remedy)])
        for error in named_errors()
    ]
    return "\n".join([table_row(titles), table_row(alignment), *rows])


def plain(docstring: str) -> str:
    """Return a docstring's text as a cell of a Markdown table, its links kept."""
    return docstring.replace("``", "`").replace("|", "\\|")
