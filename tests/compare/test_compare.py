"""Does ``python -m runoff compare`` print what changed, and give the exit code that a CI needs?"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from runoff.__main__ import main
from runoff.compare.changes import compare_runs
from runoff.compare.comparison import render_comparison
from runoff.errors import Exit
from runoff.stored.run import parse_run
from tests.builders.stored_runs import (
    INJECTION,
    Values,
    about,
    came_of,
    make_comparable_run,
    make_stored_run,
    spread,
)
from tests.compare.conftest import LAUNCHES, ONNXRUNTIME, in_one_line
from tests.conftest import ROOT


def slower_by(factor: float, reach: float = 0.002):
    """Change the log-ratios of one contender's inference."""
    return {ONNXRUNTIME: spread(-0.58 + math.log(factor), reach)}


def without_tensorflow(run: Values) -> None:
    """Let a conversion fail."""
    run["benchmarks"] = [one for one in run["benchmarks"] if one["extra_info"]["contender"] != "tensorflow"]
    about(run)["contenders"]["tensorflow"] = came_of("conversion failed", "convert", "Resize is not supported")


def on_four_threads(run: Values) -> None:
    """Make a run of another stratum."""
    about(run)["stratum"]["threads"] = 4


def invalid(run: Values) -> None:
    """Make a run that its control does not let be believed."""
    about(run)["control"] |= {"low": 1.2, "high": 1.3}


def both(*edits: Callable[[Values], None]) -> Callable[[Values], None]:
    """Make several changes."""
    return lambda run: [edit(run) for edit in edits] and None


@pytest.mark.parametrize(
    ("changed", "edit", "gate", "code", "said"),
    [
        ({}, None, ["--fail-above", "0%"], 0, "Nothing is shown to be worse in 3 changes."),
        (slower_by(1.1), None, ["--fail-above", "5%"], 9, "inference of onnxruntime is slower by 10.0 %"),
        (slower_by(1.04), None, ["--fail-above", "5%"], 0, "1 of 3 changes is for the worse; none is proven"),
        (slower_by(1.1), None, [], 0, "no limit was given (--fail-above), so none fails"),
        (slower_by(1.1, reach=0.3), None, ["--fail-above", "5%"], 0, "1 inconclusive: the interval is wider than 5 %"),
        (slower_by(0.9), None, ["--fail-above", "5%"], 0, "faster"),
        ({}, without_tensorflow, [], 3, "missing: tensorflow in inference: head says conversion failed at convert"),
        ({}, on_four_threads, ["--fail-above", "5%"], 4, "differs: threads: 2 → 4"),
        ({}, invalid, ["--fail-above", "5%"], 5, "The head run is invalid by the control"),
        (slower_by(1.1), both(without_tensorflow), ["--fail-above", "5%"], 9, "missing: tensorflow in inference"),
        (slower_by(1.1), both(invalid, without_tensorflow), ["--fail-above", "5%"], 5, "invalid"),
        (slower_by(1.1), both(invalid, on_four_threads), ["--fail-above", "5%"], 4, "There is no comparable baseline"),
    ],
)
def test_each_outcome_has_its_exit_code(store, capsys, changed, edit, gate, code, said):
    """What fails, is missing, invalid or not comparable is said and has a code, in their order of precedence."""
    base, head = store("base.json"), store("head.json", changed, edit or (lambda run: None))
    assert main(["compare", base, head, *gate]) == code
    printed = in_one_line(capsys.readouterr().out)
    assert said in printed
    assert f"exit code {code}: {Exit(code).meaning}" in printed


def test_an_unreadable_file_goes_before_all(store, capsys):
    """It is no run where head lacks a field, whatever else is wrong with it."""
    base = store("base.json")
    head = store("head.json", slower_by(2.0), both(on_four_threads, lambda run: about(run).pop("seed")))
    assert main(["compare", base, head, "--fail-above", "5%"]) == Exit.NOT_A_RUN
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"runoff: {head}: machine_info.runoff.seed: it is missing; give a file that Runoff")


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (lambda run: about(run).update(schema=1), "machine_info.runoff.schema is 1, this Runoff reads 2 and 3"),
        (lambda run: run.pop("machine_info"), "machine_info.runoff"),
        (lambda run: about(run)["stratum"].pop("processor"), "machine_info.runoff.stratum.processor: it is missing"),
        (
            lambda run: about(run)["stratum"]["processor"].update(flags=[1]),
            "stratum.processor.flags[0]: expected text",
        ),
        (
            lambda run: run["benchmarks"][1]["extra_info"]["ratio"].update(nominal_confidence=1),
            "benchmarks[1].extra_info.ratio: nominal_confidence is 1.0, expected a number from 0.5 to below one",
        ),
        (
            lambda run: run["benchmarks"][1]["extra_info"]["ratio"].update(low="x"),
            "benchmarks[1].extra_info.ratio.low",
        ),
    ],
)
def test_older_and_foreign_files_are_told_by_file_and_field(store, capsys, edit, field):
    """A file of another schema, of another tool or with a broken field costs one line, on either side."""
    right, broken = store("right.json"), store("broken.json", edit=edit)
    for files in ((right, broken), (broken, right)):
        assert main(["compare", *files]) == Exit.NOT_A_RUN
        said = capsys.readouterr().err
        assert said.startswith(f"runoff: {broken}: ")
        assert field in said
        assert said.count("\n") == 1


@pytest.mark.parametrize("limit", ["5", "-5%", "five%"])
def test_a_limit_is_a_percentage(store, capsys, limit):
    """--fail-above without a percentage is the command line's mistake."""
    with pytest.raises(SystemExit, match="2"):
        main(["compare", store("base.json"), store("head.json"), f"--fail-above={limit}"])
    assert "expected a percentage such as 5%" in capsys.readouterr().err


def test_the_table_shows_both_ratios_and_the_change(store, capsys):
    """A row has the ratios of base and head, the change with its interval and the verdict, under its metric."""
    main(["compare", store("base.json"), store("head.json", slower_by(1.1)), "--fail-above", "5%"])
    printed = capsys.readouterr().out
    row = r"^  onnxruntime +0\.560 +0\.616 +\+10\.0 % \[\+9\.[0-9], \+10\.[0-9]\] +slower, beyond 5 % *$"
    assert re.search(rf"^inference *\n{row}", printed, flags=re.MULTILINE)
    assert re.search(r"^peak-memory *\n  onnxruntime +1\.221 +1\.221 +0\.0 % ", printed, flags=re.MULTILINE)


def test_the_reference_and_the_files_are_named(store, capsys):
    """The reference's own change is for information; both files are named with moment and commit."""
    base, head = store("base.json"), store("head.json", machine=1.1)
    assert main(["compare", base, head, "--fail-above", "0%"]) == 0
    printed = in_one_line(capsys.readouterr().out)
    assert "reference: pytorch: inference 25.0 ms → 27.5 ms (+10.0 %), peak-memory 400 MB → 440 MB" in printed
    assert "machine's own speed is part of this" in printed
    unbroken = printed.replace(" ", "")  # a long path may be broken at a hyphen
    for name, path in (("base", base), ("head", head)):
        assert f"{name}:{path}:2January2026,03:04UTC,commitabc123withchanges" in unbroken


def test_what_to_do_without_a_baseline_is_said(store, capsys):
    """No ratio is shown; both in one run, or a new baseline, is the way on."""
    main(["compare", store("base.json"), store("head.json", edit=on_four_threads)])
    printed = in_one_line(capsys.readouterr().out)
    assert "95 % interval" not in printed
    assert "race both in one run (--tree NAME=FOLDER or --environment NAME=PYTHON" in printed


def test_exploratory_changes_are_unproven(store, capsys):
    """Runs of few launches never fail, and it is said that they prove nothing."""
    few = {key: values[:4] for key, values in LAUNCHES.items()}
    base, head = store("base.json", few), store("head.json", few | {ONNXRUNTIME: spread(3.0, count=4)})
    assert main(["compare", base, head, "--fail-above", "5%"]) == 0
    printed = in_one_line(capsys.readouterr().out)
    assert printed.startswith("Nothing is proven, for better or worse, in 3 changes.")
    assert "unproven: 3 exploratory: a run has fewer than 5 launches" in printed


def test_runs_of_different_contenders_are_compared_in_what_both_have(store, capsys):
    """What one run has alone is missing or new, said once for all its metrics; nothing in common is said as well."""
    base = store("base.json", {("inference", "old"): spread(0.0), ("peak-memory", "old"): spread(0.0)})
    head = store("head.json", {("inference", "new"): spread(0.0), ("peak-memory", "new"): spread(0.0)})
    assert main(["compare", base, head]) == 3
    printed = in_one_line(capsys.readouterr().out)
    assert printed.startswith("Not all could be compared: 2 benchmarks are missing and 2 benchmarks are new.")
    assert "missing: old in inference, peak-memory new: new in inference, peak-memory" in printed
    assert "renamed?: old → new in inference" in printed

    def alone(run: Values) -> None:
        run["benchmarks"] = [one for one in run["benchmarks"] if one["extra_info"]["contender"] == "pytorch"]

    assert main(["compare", store("base.json", edit=alone), store("head.json", edit=alone)]) == 0
    assert "The runs have no ratio in common." in capsys.readouterr().out


def test_names_are_shown_as_they_are(store, capsys):
    """Markup in a contender's name is text, on the terminal and in markdown; control characters are dropped."""
    name = "[red]a[/red]|`*_"
    base = store("base.json", {("inference", name): spread(0.0), ("inference", INJECTION): spread(0.0)})
    assert main(["compare", base, base]) == 0
    printed = capsys.readouterr().out
    assert f"  {name} " in printed
    assert "\x1b" not in printed
    assert main(["compare", base, base, "--markdown", "-"]) == 0
    printed = capsys.readouterr().out
    assert r"| inference | \[red\]a\[/red\]\|\`\*\_ | 1.000 |" in printed
    assert "<script" not in printed.replace(r"\<", "")
    assert {line.replace(r"\|", "").count("|") for line in printed.splitlines() if line.startswith("|")} == {7}


@pytest.mark.parametrize("width", [40, 70, 100])
def test_no_line_is_wider_than_the_terminal(width):
    """Long names are folded, numbers are not."""
    launches = LAUNCHES | {("inference", "long" * 30): spread(0.0)}
    run = parse_run(make_comparable_run(launches))
    drawn = render_comparison(compare_runs(run, run), ("base.json", "head.json"), width=width)
    assert max(map(len, drawn.splitlines())) <= width
    if width == 100:
        assert "0.0 % [-0.2, +0.2]" in drawn


def test_colour_is_only_used_when_asked_for():
    """A comparison has no escape codes unless the terminal takes them."""
    run = parse_run(make_comparable_run(LAUNCHES))
    found = compare_runs(run, run)
    assert "\x1b" not in render_comparison(found, ("a", "b"))
    assert "\x1b" in render_comparison(found, ("a", "b"), colour=True)


def test_markdown_says_the_same(store, tmp_path, capsys):
    """--markdown PATH writes what is printed as markdown too and names the file; - prints it alone."""
    files = [store("base.json"), store("head.json", slower_by(1.1))]
    page = tmp_path / "changes.md"
    assert main(["compare", *files, "--fail-above", "5%", "--markdown", str(page)]) == Exit.WORSE
    assert capsys.readouterr().out.endswith(f"{page}\n")
    assert main(["compare", *files, "--fail-above", "5%", "--markdown", "-"]) == Exit.WORSE
    markdown = capsys.readouterr().out
    assert markdown == page.read_text()
    assert markdown.startswith("Worse: inference of onnxruntime is slower by 10.0 %")
    assert "| metric | contender | base ratio | head ratio | change \\[95 % interval\\] | verdict |" in markdown
    assert re.search(r"^\| inference \| onnxruntime \| 0\.560 \| 0\.616 \| \+10\.0 % ", markdown, flags=re.MULTILINE)
    assert "- **exit code 9**: " in markdown


def test_markdown_that_cannot_be_written_is_said(store, tmp_path, capsys):
    """A file in the place of a folder costs one line, and the comparison is printed all the same."""
    page = tmp_path / "a.json" / "a.md"
    assert main(["compare", store("a.json"), store("b.json"), "--markdown", str(page)]) == Exit.UNWRITABLE
    printed = capsys.readouterr()
    assert printed.out.startswith("Nothing is shown to be worse")
    assert printed.err.startswith(f"runoff: {page} can't be written (")
    assert printed.err.count("\n") == 1


def test_a_whole_run_is_compared_with_itself(tmp_path, capsys):
    """A run with failed, wrong and skipped contenders and metrics without ratios has not changed from itself."""
    path = tmp_path / "run.json"
    path.write_text(json.dumps(make_stored_run()))
    assert main(["compare", str(path), str(path), "--fail-above", "0%"]) == 0
    assert "neither run has a ratio of it" in in_one_line(capsys.readouterr().out)


@pytest.mark.long
def test_it_starts_from_the_command_line(store):
    """``python -m runoff compare`` gives its exit code to a CI without a traceback."""
    command = [sys.executable, "-m", "runoff", "compare", store("base.json"), store("head.json", slower_by(1.1))]
    done = subprocess.run([*command, "--fail-above", "5%"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (Exit.WORSE, "")
    assert done.stdout.startswith("Worse: ")
