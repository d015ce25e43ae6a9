"""The command line of a comparison: what its help says, and what it writes where."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import pytest

from runoff.__main__ import main
from runoff.compare.command import add_compare
from runoff.errors import Exit
from tests.builders.encodings import files_in_ascii
from tests.builders.stored_runs import make_comparable_run, spread

HELP = [
    "Compare two stored runs by their ratios to the reference, in every metric and contender of both; "
    "or, of one run, its reference with the same contender of another tree or environment.",
    "BASE.json the stored run to compare with",
    "HEAD.json the stored run that is judged (default: BASE's own race)",
    "--fail-above X% fail where a ratio is proven to have become more than X % worse (default: ratios never fail)",
    "--markdown PATH the comparison as GitHub markdown too; - prints it instead",
    "exit codes:",
    *(f"{code:d} {code.meaning}" for code in Exit),
]


def lines_of(text: str) -> list[str]:
    """Return lines without the spaces that align them."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_help_says_what_is_given_and_what_comes_of_it(monkeypatch):
    """The command has a line in the list of commands; its own help names each argument, option and exit code."""
    monkeypatch.setenv("COLUMNS", "250")
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    add_compare(commands)
    assert lines_of(parser.format_help()).count(
        "compare compare two stored runs, or two trees raced in one, for a person or a CI's gate"
    )
    assert [line for line in lines_of(commands.choices["compare"].format_help()) if line in HELP] == HELP


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Store a run, and one in which a contender is slower by a tenth."""
    runs = [make_comparable_run({("inference", "a"): spread(math.log(factor))}) for factor in (1.0, 1.1)]
    paths = [tmp_path / "base.json", tmp_path / "head.json"]
    for path, run in zip(paths, runs, strict=True):
        path.write_text(json.dumps(run))
    return [str(path) for path in paths]


def test_a_comparison_fits_the_terminal(monkeypatch, capsys, files):
    """No line is longer than the terminal is wide."""
    monkeypatch.setenv("COLUMNS", "60")
    main(["compare", *files])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 60


@pytest.mark.parametrize(("gate", "colour"), [([], "\x1b[32m"), (["--fail-above", "5%"], "\x1b[31m")])
def test_a_terminal_gets_colours(monkeypatch, capsys, files, gate, colour):
    """The outcome is green where nothing is worse and red else; what is no terminal gets no escape codes."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    main(["compare", *files, *gate])
    assert "\x1b" not in capsys.readouterr().out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    main(["compare", *files, *gate])
    assert capsys.readouterr().out.startswith(colour)


def test_markdown_is_utf8_whatever_the_locale_says(tmp_path, files):
    """Its signs are written where the usual encoding of files has none of them too."""
    page = tmp_path / "page.md"
    with files_in_ascii():
        main(["compare", *files, "--markdown", str(page)])
    assert "8 launches × 20 rounds" in page.read_text(encoding="utf-8")
