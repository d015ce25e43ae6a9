"""``runoff doctor --config``: what each option of a race is, and where that comes from."""

from __future__ import annotations

import json

import pytest

from runoff.__main__ import main
from runoff.errors import Exit


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Stand in an empty folder, 100 columns wide, with a variable that gives an option."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("RUNOFF_ROUNDS", "9")
    return tmp_path


def test_each_option_has_its_value_and_where_it_comes_from(folder, capsys):
    """The race's own words, the environment, a file and a default are told apart, and a file not read is named."""
    (folder / "runoff.toml").write_text('results = "new results"\n')
    (folder / "pyproject.toml").write_text("[tool.runoff]\nlaunches = 3\n")
    assert main(["doctor", "--config", "--json", "options.json", "--", "resnet50", "--seed", "3"]) == Exit.DONE
    printed = capsys.readouterr().out
    rows = {row["option"]: (row["value"], row["source"]) for row in json.loads((folder / "options.json").read_text())}
    chosen = {name: rows[name] for name in ("--model", "--seed", "--rounds", "--results", "--launches", "--wait")}
    assert chosen == {
        "--model": ("resnet50", "command line"),
        "--seed": ("3", "command line"),
        "--rounds": ("9", "RUNOFF_ROUNDS"),
        "--results": ("'new results'", "runoff.toml, line 1"),
        "--launches": ("8, and 5 for each service question", "default"),
        "--wait": ("1h", "default"),
    }
    assert "  --results            runoff.toml, line 1  'new results'\n" in printed
    assert "pyproject.toml beside it has [tool.runoff] too, which is not read" in " ".join(printed.split())
    assert max(map(len, printed.splitlines())) <= 100


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--config", "--", "--sed", "3"], "there is no option --sed; do you mean --seed?"),
        (["--config", "--", "--launches", "0"], "argument --launches: expected a whole number of at least 1"),
        (["resnet50"], "'resnet50' is no option of the doctor's"),
    ],
)
def test_what_is_wrong_is_a_line_with_the_code_of_a_mistake(words, said, capsys):
    """Nothing is printed but what was wrong."""
    assert main(["doctor", *words]) == Exit.USAGE
    printed = capsys.readouterr()
    assert (printed.out, said in printed.err) == ("", True)
