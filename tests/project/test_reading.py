"""Do the tests read? Each says in a sentence how something behaves, and its name says what it is tried with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.ids import pytest_make_parametrize_id

FILES = sorted((ROOT / "tests").rglob("test_*.py"))
ANOTHER_SENTENCE = re.compile(r"""[.?!]["')]?\s+[A-Z"'`(]""")


def docstrings_of(text: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the docstring of every test of a file."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name, ast.get_docstring(node) or ""


def is_sentence(docstring: str) -> bool:
    """Whether a docstring is one sentence with its mark."""
    return docstring.endswith((".", "?", "!")) and "\n\n" not in docstring and not ANOTHER_SENTENCE.search(docstring)


def mistakes(files: list[Path]) -> list[str]:
    """Name the tests that do not say in a sentence how something behaves."""
    return [
        f"{file.relative_to(ROOT)}: {name}"
        for file in files
        for name, docstring in docstrings_of(file.read_text(encoding="utf-8"))
        if not is_sentence(docstring)
    ]


@pytest.mark.long
def test_every_test_says_in_a_sentence_how_something_behaves():
    """Every test has a docstring of one sentence; what else there is to say is a comment."""
    assert len(FILES) > 100
    assert mistakes(FILES) == []


@pytest.mark.parametrize("docstring", ["", "No mark", "One. Two.", "One.\n\nA paragraph."])
def test_what_is_no_sentence_is_found(docstring):
    """A docstring that is missing, goes on without an end, or is more than a sentence is a mistake."""
    ((_, found),) = docstrings_of(f'def test_it():\n    """{docstring}"""\n')
    assert not is_sentence(found)


def numbered(name: str, arguments: list[str]) -> list[str]:
    """Return the arguments whose values are numbered in a test's name, and functions without a name."""
    values = [argument for argument in arguments if re.search(rf"(^|-){argument}\d+($|-)", name)]
    return [*values, *(["lambda"] if "<lambda>" in name else [])]


def test_no_value_is_a_number_in_a_tests_name(request):
    """Each test of this run is named by what it is tried with, which is the same in every process."""
    for item in request.session.items:
        if hasattr(item, "callspec"):
            assert not numbered(item.callspec.id, list(item.callspec.params)), item.nodeid
            assert " at 0x" not in item.callspec.id, item.nodeid


@pytest.mark.parametrize(
    ("value", "name"),
    [
        pytest.param(None, "no limits", id="None"),
        pytest.param([], "no limits", id="an empty list"),
        pytest.param(["--tree", 3, None], "--tree, 3, None", id="a list"),
        pytest.param({"low": 1.2, "high": {"a": None}}, "low=1.2, high=a=None", id="a dictionary"),
        pytest.param(ValueError("too few"), "ValueError: too few", id="an error"),
        pytest.param(lambda: 1, "limits", id="a function without a name"),
        pytest.param([object()], "limits", id="an object"),
        pytest.param({"data": object()}, "data", id="an object in a dictionary"),
        pytest.param("x" * 200, "x" * 60, id="a long text"),
        pytest.param("short", None, id="a short text"),
        pytest.param(1.5, None, id="a number"),
        pytest.param(numbered, None, id="a function with a name"),
    ],
)
def test_a_value_is_named_by_what_is_in_it(value, name):
    """Lists, dictionaries, errors and long texts have names that read, and the others those of pytest."""
    assert pytest_make_parametrize_id(value, "limits") == name
