"""Is what people read in plain English? A list of turns that made readers stop, each with what to write instead."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runoff.__main__ import make_parser
from tests.conftest import ROOT

TURNS = {
    r"tells? of": "says, describes",
    r"what stands": "what is, what follows",
    r"stands? beside": "is shown next to",
    r"(is|are) held to": "is checked against, must be",
    r"asks for nothing": "loads nothing",
    r"brings or takes": "adds or removes",
    r"likeliest": "most likely",
    r"is the way of": "is the method of",
    r"ends the start": "does not start",
    r"withheld": "not shown",
    r"hereby|thereby|whilst|upon": "a plain word",
    r"(a|an|in) \w+( \w+)? of (its|their) own": "a separate",
    r"held to (its|their)": "checked against",
    r"gone round": "avoided",
    r"(go|goes|going|gone) on with": "continue",
    r"foresaw": "unexpected",
    r"lives on|why it lives": "survives",
    r"tests bite": "tests find faults",
    r"at the mercy of": "depends on",
    r"is a lamp": "is a hint",
    r"anew": "again",
    r"(is|are) said to be": "is reported as",
    r"hardly ever": "rarely",
    r"put to the test": "tested",
    r"gets? in the way": "restricts, fails",
    r"means? what it says": "is correct",
    r"(costs|is) least at worst": "has the smallest worst case",
    r"what moves": "the movement of",
    r"whose truth is known": "with known truth",
    r"(run|results?|that|those|journals?) of before": "older run, earlier results",
}
"""A pattern of a turn, and what to write instead."""
PAGES = sorted(path for pattern in ("*.md", "docs/*.md", ".github/**/*.md") for path in ROOT.glob(pattern))
"""All pages that a person reads."""
TEMPLATES = ("*.html", "*.txt", "*.jinja")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def turns_in(text: str) -> list[str]:
    """Name the turns of the list in a text, code aside, with what to write instead."""
    prose = re.sub(r"\s+", " ", CODE.sub("", text))
    return [
        f"{found[0]!r}: write {instead}"
        for turn, instead in TURNS.items()
        for found in re.finditer(rf"\b(?:{turn})\b", prose, re.IGNORECASE)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_has_a_turn_that_made_readers_stop(page):
    """None of the listed turns is in README, in any page of docs/, or in any other page that people read."""
    assert turns_in(page.read_text(encoding="utf-8")) == []


def helps(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield the help of a command and of every command below it."""
    yield parser.format_help()
    for action in parser._actions:  # argparse offers no other way to its commands
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from helps(command)


def test_no_help_has_such_a_turn():
    """The help of `runoff` and of each of its commands has none of the listed turns."""
    texts = list(helps(make_parser()))
    assert len(texts) > 10
    assert [turn for text in texts for turn in turns_in(text)] == []


def messages(file: Path) -> Iterator[str]:
    """Yield what a file's code may print: its texts of several words, without docstrings."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    explained = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in explained else None
        if isinstance(text, str) and " " in text:
            yield text


@pytest.mark.long
def test_no_message_has_such_a_turn():
    """No text in the code, and no template of a report, has one of the listed turns."""
    folders = [ROOT / name for name in ("runoff", "fixtures", "benchmarks", "webui", "pages", "trust")]
    texts = {file: "\n".join(messages(file)) for folder in folders for file in folder.rglob("*.py")}
    texts |= {
        file: file.read_text(encoding="utf-8") for kind in TEMPLATES for file in ROOT.glob(f"*/**/templates/{kind}")
    }
    assert len(texts) > 200
    found = {str(file.relative_to(ROOT)): turns_in(text) for file, text in texts.items()}
    assert {file: turns for file, turns in found.items() if turns} == {}


def ends_in_percent(spec: ast.expr) -> bool:
    """Say whether a format is that of a share; those of dates have a letter behind each sign."""
    return any(isinstance(node, ast.Constant) and str(node.value).endswith("%") for node in ast.walk(spec))


def test_shares_are_written_in_one_way():
    """No text has a share in Python's own format, which puts no space before the sign: runoff/text/numbers.py does."""
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for folder in ("runoff", "webui")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FormattedValue) and node.format_spec and ends_in_percent(node.format_spec)
    ]
    assert found == []


def test_a_turn_is_found_across_lines_and_not_in_code():
    """A turn is found where a line breaks it, whatever its case, and code is left as it is."""
    assert turns_in("The page Asks for\nnothing.") == ["'Asks for nothing': write loads nothing"]
    assert turns_in("`upon` and\n```console\n$ upon\n```\n") == []
