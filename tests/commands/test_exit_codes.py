"""What commands end with: one table in code and documentation, and a code of its own for whatever was not foreseen."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from runoff import __main__
from runoff.__main__ import main
from runoff.environments.tox_versions import race_code
from runoff.errors import Exit, RunoffError, UsageError
from tests.builders.drawing import charts, drawn
from tests.commands.running import shell, store
from tests.conftest import ROOT

__all__ = ["charts", "drawn"]  # fixtures: pytest finds them by name in this module

ROW = re.compile(r"^\| (\d+) \| (.+?) \| .+ \|$", re.MULTILINE)


def test_the_page_has_the_codes_that_the_commands_have(capsys):
    """Documentation and help list every code with its meaning, and no other."""
    codes = {int(code): code.meaning for code in Exit}
    page = (ROOT / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    assert {int(code): meaning for code, meaning in ROW.findall(page)} == codes
    for arguments in (["--help"], ["compare", "--help"]):
        with pytest.raises(SystemExit, match="0"):
            main(arguments)
        printed = capsys.readouterr().out
        assert all(f"  {code:<3}  {meaning}" in printed for code, meaning in codes.items())


def test_no_result_has_a_code_that_a_crash_has():
    """Python breaks down with 1 and a signal from 128 on; the codes of results are others, and all differ."""
    results = {Exit.OTHER_BENCHMARKS, Exit.NO_BASELINE, Exit.INVALID_RUN, Exit.WORSE}
    assert Exit.UNEXPECTED == 1
    assert all(1 < code < 126 for code in results)
    assert len(set(map(int, Exit))) == len(Exit)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (RunoffError("no such interpreter"), 8, "runoff: no such interpreter\n"),
        (UsageError("no such option"), 2, "runoff: no such option\n"),
        (KeyboardInterrupt(), 130, "runoff: interrupted\n"),
        (MemoryError(), 8, "runoff: there is not enough memory; give it more, or take fewer or smaller runs\n"),
        (PermissionError(13, "Permission denied", "/x"), 8, "runoff: /x: Permission denied\n"),
        (ModuleNotFoundError("No module named 'msgspec'", name="msgspec"), 8, "runoff: msgspec is not installed here;"),
        (OverflowError("too large"), 1, "runoff: OverflowError was not foreseen: too large (" + __file__),
        (RunoffError("a\x1b[31m name\nof two lines"), 8, "runoff: a\\x1b[31m name\nof two lines\n"),
    ],
)
def test_whatever_goes_wrong_is_a_line_with_a_code(monkeypatch, capsys, error, code, said):
    """Named errors have their codes, an interrupt its own, and what was not foreseen 1 with the place in the code."""

    def fail(options):
        raise error

    monkeypatch.setattr(__main__, "add_report", lambda commands, home: commands.add_parser("x").set_defaults(do=fail))
    assert main(["x"]) == code
    told = capsys.readouterr().err
    assert told.startswith(said)
    assert "Traceback" not in told


@pytest.mark.parametrize("words", [["race"], ["check-backend", "mine.py"], ["history", "runs"]], ids=" ".join)
def test_a_current_folder_that_was_removed_is_named(monkeypatch, capsys, tmp_path, words):
    """A command that needs the current folder says that it is gone, with the code of what can't be done."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    assert main(words) == Exit.FAILED
    assert "the current folder does not exist any more" in capsys.readouterr().err


def test_development_mode_shows_where_an_error_comes_from(tmp_path):
    """``python -X dev`` lets what was not foreseen through, whose code is 1 too."""
    broken = "import runoff.__main__ as m; m.perform = lambda _: 1 / 0; raise SystemExit(m.main([]))"
    for options, traceback in (([], False), (["-X", "dev"], True)):
        done = shell('"$@"', sys.executable, *options, "-c", broken)
        assert done.returncode == 1
        assert ("Traceback" in done.stderr) is traceback


@pytest.mark.long
def test_commands_end_with_what_came_of_them(tmp_path, capfd):
    """Each kind of outcome has its code, the same from every command that can come to it."""
    base, head, broken = store(tmp_path / "base.json"), store(tmp_path / "head.json", 1.2), tmp_path / "broken.json"
    broken.write_text("{")
    out, in_the_way = tmp_path / "out", base / "x"
    cases: list[tuple[list[str | Path], Exit]] = [
        (["compare", base, base, "--fail-above", "5%"], Exit.DONE),
        (["compare", base, head, "--fail-above", "5%"], Exit.WORSE),
        (["compare", base, head, "--fail-above", "much"], Exit.USAGE),
        (["compare", base], Exit.NO_BASELINE),
        (["compare", base, broken], Exit.NOT_A_RUN),
        (["report", base, "--markdown", "-"], Exit.DONE),
        (["report", broken], Exit.NOT_A_RUN),
        (["report", base, "--choose", "latency<20"], Exit.USAGE),
        (["report", base, "--html", in_the_way], Exit.UNWRITABLE),
        (["report", base, "--markdown", in_the_way], Exit.UNWRITABLE),
        (["compare", base, base, "--markdown", in_the_way], Exit.UNWRITABLE),
        (["history", tmp_path / "nowhere"], Exit.NOT_A_RUN),
        (["history", broken, "--output", out], Exit.NOT_A_RUN),
        (["history", base, "--output", in_the_way], Exit.UNWRITABLE),
        (["models", "--page-only", "--output", in_the_way], Exit.UNWRITABLE),
        (["models", "--contenders", "pytorch"], Exit.USAGE),
        (
            ["doctor", "--seconds", "0", "--environment", f"x={sys.executable}", "--environment", f"x={base}"],
            Exit.USAGE,
        ),
        (["nothing"], Exit.USAGE),
        (["--help"], Exit.DONE),
    ]
    found = [(arguments, code_of(arguments)) for arguments, _ in cases]
    assert found == [(arguments, int(code)) for arguments, code in cases]
    assert "Traceback" not in capfd.readouterr().err


def code_of(arguments):
    """Return what a command ends with, which argparse raises."""
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as end:
        return end.code


@pytest.mark.long
@pytest.mark.parametrize("redirection", [">&-", "> /dev/full"])
def test_an_output_that_takes_nothing_is_no_regression(tmp_path, redirection):
    """With standard output closed or full a comparison ends with 7, whatever came of it, and says so in a line."""
    base, head = store(tmp_path / "base.json"), store(tmp_path / "head.json", 1.2)
    done = shell(f'runoff compare "$1" "$2" --fail-above 5% {redirection}', base, head)
    assert done.returncode == Exit.UNWRITABLE
    assert done.stderr.startswith("runoff: standard output ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        (0, Exit.DONE),
        (1, Exit.FAILED),
        (2, Exit.INTERRUPTED),
        (3, Exit.UNEXPECTED),
        (4, Exit.USAGE),
        (5, Exit.USAGE),
        (7, Exit.UNWRITABLE),
        (8, Exit.FAILED),
        (99, Exit.UNEXPECTED),
        (-2, Exit.INTERRUPTED),
        (-9, Exit.UNEXPECTED),
    ],
)
def test_a_race_by_pytest_has_the_commands_codes(code, ended):
    """What pytest ended with becomes the code of the same meaning, a signal too."""
    assert race_code(code) == ended
