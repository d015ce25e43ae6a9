"""The command line of a history: what its help says, and what it writes where."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

import pytest
from msgspec import structs

from runoff.__main__ import main, make_parser
from runoff.charts import apart
from runoff.charts.apart import DrawingFailed
from runoff.errors import Exit
from runoff.history import words
from runoff.history.command import add_history
from runoff.history.lines import make_history, version_changes, versions_of, what_else_changed
from runoff.history.reading import read_runs
from runoff.history.writing import history_json, render_history, render_history_markdown
from tests.builders.encodings import files_in_ascii
from tests.builders.histories import history_of, make_past_run, past_runs, store_runs, with_step
from tests.builders.stored_runs import about

HELP = """\
usage: python -m runoff history [-h] [--output FOLDER] [--markdown PATH] DIR [DIR ...]

Draw ratio, cold start, peak memory and accuracy over commits, by contender and stratum, and find steps.

positional arguments:
  DIR              a folder with stored runs, at any depth

options:
  -h, --help       show this help message and exit
  --output FOLDER  where history.html and history.json are written (default: results)
  --markdown PATH  the steps as GitHub markdown too
"""


def test_help_says_what_is_given(monkeypatch, capsys):
    """The folders, of which one is needed, and each option; where files go is said too."""
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")
    with pytest.raises(SystemExit) as ended:
        main(["history", "--help"])
    assert (ended.value.code, capsys.readouterr().out) == (0, HELP)
    with pytest.raises(SystemExit) as ended:
        main(["history"])
    assert ended.value.code == 2
    assert "the following arguments are required: DIR" in capsys.readouterr().err


def test_the_list_of_commands_says_what_it_is_for(monkeypatch):
    """It has one line there."""
    monkeypatch.setenv("COLUMNS", "120")
    parser = argparse.ArgumentParser()
    add_history(parser.add_subparsers(), home=Path)
    listed = [" ".join(line.split()) for line in parser.format_help().splitlines()]
    assert "history draw many stored runs over commits, with the steps in them" in listed


def test_files_go_to_results_unless_it_is_said():
    """Several folders can be read; Markdown is written where it is asked for, and nowhere else."""
    plain = make_parser().parse_args(["history", "a", "b"])
    assert (plain.places, plain.output, plain.markdown) == ([Path("a"), Path("b")], Path("results"), None)
    asked = make_parser().parse_args(["history", "a", "--output", "c", "--markdown", "d"])
    assert (asked.output, asked.markdown) == (Path("c"), Path("d"))


def test_a_chart_that_cannot_be_drawn_costs_the_charts_alone(tmp_path, monkeypatch, capsys):
    """A line says so, on the page too, and the figures are written."""

    def fail(texts):
        raise DrawingFailed("the chart can't be drawn")

    monkeypatch.setattr(apart, "draw_in_process", fail)
    folder = store_runs(tmp_path / "runs", [make_past_run(0)])
    assert main(["history", str(folder), "--output", str(tmp_path / "out")]) == Exit.DONE
    said = "the charts are left out: the chart can't be drawn"
    assert capsys.readouterr().err == f"! {said}\n"
    page = (tmp_path / "out" / "history.html").read_text(encoding="utf-8")
    assert "the charts are left out: the chart can" in page
    assert "<figure>" not in page


@pytest.mark.long
def test_a_history_is_written_as_page_json_and_markdown(tmp_path, monkeypatch, capsys):
    """Folders are made, files are in UTF-8 and are written over; what was left out goes to standard error."""
    monkeypatch.setattr(apart, "draw_in_process", lambda texts: ["<svg/>"] * len(texts))
    runs = with_step(6, 6, 1.0)
    for run in runs:
        about(run)["stratum"]["processor"]["name"] = "Prozessör"
    folder, out, summary = store_runs(tmp_path / "runs", runs), tmp_path / "out" / "deeper", tmp_path / "steps.md"
    (folder / "half.json").write_text('{"machine_info": ')
    history = make_history(read_runs([folder]))
    page, data = out / "history.html", out / "history.json"
    with files_in_ascii():
        for markdown, files in (([], [page, data]), (["--markdown", str(summary)], [page, data, summary])):
            assert main(["history", str(folder), "--output", str(out), *markdown]) == 0
            told = capsys.readouterr()
            assert told.out.splitlines() == [words.answer(history), *map(str, files)]
            assert told.err.splitlines() == [f"! {remark}" for remark in words.remarks(history)]
    assert len(words.remarks(history)) == 1
    assert page.read_text(encoding="utf-8") == render_history(history)
    assert data.read_text(encoding="utf-8") == history_json(history)
    assert summary.read_text(encoding="utf-8") == render_history_markdown(history)


def test_each_file_that_is_written_is_named(tmp_path, monkeypatch, capsys):
    """The answer comes first, then a line for each file; runs that were read are remembered in the home."""
    monkeypatch.setattr(apart, "draw_in_process", lambda texts: ["<svg/>"] * len(texts))
    monkeypatch.setenv("RUNOFF_HOME", str(tmp_path / "home"))
    folder = store_runs(tmp_path / "runs", [make_past_run(0), make_past_run(1)])
    (folder / "half.json").write_text('{"machine_info": ')
    out, summary = tmp_path / "out", tmp_path / "steps.md"
    assert main(["history", str(folder), "--output", str(out), "--markdown", str(summary)]) == 0
    history = make_history(read_runs([folder]))
    files = [out / "history.html", out / "history.json", summary]
    told = capsys.readouterr()
    assert told.out.splitlines() == [words.answer(history), *map(str, files)]
    assert told.err.splitlines() == [f"! {remark}" for remark in words.remarks(history)] != []
    assert [path.read_text(encoding="utf-8") for path in files[1:]] == [
        history_json(history),
        render_history_markdown(history),
    ]
    assert len(list((tmp_path / "home").rglob("*.runs"))) == 1


def test_the_json_is_for_people_too():
    """Lines are indented by one space and letters stay what they are; a value that is no number is refused."""
    runs = [make_past_run(0)]
    about(runs[0])["stratum"]["processor"]["name"] = "Prozessör"
    history = history_of(runs)
    written = history_json(history)
    assert written.startswith('{\n "runoff_history": 3,\n "runs": 1,\n')
    assert written.endswith("}\n")
    assert '"name": "Prozessör"' in written
    assert json.loads(written)["runs"] == 1
    (section,) = history.sections
    broken = structs.replace(section.lines[0].points[0], value=float("nan"))
    line = dataclasses.replace(section.lines[0], points=(broken,))
    history = dataclasses.replace(history, sections=(dataclasses.replace(section, lines=(line,)),))
    with pytest.raises(ValueError, match="no number"):
        history_json(history)


def test_where_nothing_was_found_markdown_is_the_answer_alone():
    """Neither steps nor remarks leave empty lines behind."""
    history = history_of([make_past_run(0)])
    plain = make_history(dataclasses.replace(history.reading, skipped={}, copies={}))
    assert render_history_markdown(plain) == f"**{words.answer(plain)}**\n"


def test_one_of_each_is_told_as_one_and_two_as_two():
    """One step was found; two runs are left out."""
    runs = with_step(21, 10, 1.5)
    for run in runs[3:5]:
        about(run)["control"] |= {"value": 1.2, "low": 1.18, "high": 1.22}
    history = history_of(runs)
    assert words.remarks(history)[-1] == "2 runs are left out, invalid by the control: 3.json and 4.json"
    (section,) = history.sections
    line = next(line for line in section.lines if line.steps)
    history = dataclasses.replace(history, sections=(dataclasses.replace(section, lines=(line,)),))
    assert words.answer(history) == "1 step was found in 1 line of 21 runs: 1 for the worse, 0 for the better."
    assert words.break_table(section).columns == words.BREAK_COLUMNS
    assert words.break_table(section).caption == (
        "Where versions or labelled pictures changed, lines end and others begin; the two are not comparable, so no "
        "step is claimed"
    )


def test_the_day_of_a_run_is_that_of_its_commit():
    """An old commit that was measured today is of its own day."""
    run = make_past_run(0)
    run["datetime"] = "2027-06-05T00:00:00+00:00"
    assert words.day(past_runs([run])[0]) == "2026-01-01"


def test_a_version_that_came_or_went_is_told_with_none():
    """What only one of two runs has is none in the other; equal versions are no change."""
    assert version_changes({"a": "1", "same": "1"}, {"same": "1", "b": "2"}) == ("a: 1 → none", "b: none → 2")


def test_the_largest_section_comes_first():
    """Runs of two processors are two sections, whichever was measured first."""
    runs = [make_past_run(number) for number in range(4)]
    about(runs[0])["stratum"]["processor"]["name"] = "Other CPU"
    assert [len(section.runs) for section in history_of(runs).sections] == [3, 1]


def test_figures_depend_on_the_versions_of_a_contender_and_its_reference():
    """Both with their Python, told apart where they differ; of what is not known there is none."""
    stratum = structs.replace(
        past_runs([make_past_run(0)])[0].stratum,
        reference="base@other",
        contenders={"a": {"engine": "1"}, "base@other": {"engine": "2"}},
        environments={"here": {"python": "3.11"}, "other": {"python": "3.12"}},
    )
    both = (("engine", "1"), ("engine of base@other", "2"), ("python", "3.11"), ("python of base@other", "3.12"))
    assert versions_of(stratum, "a") == both
    assert versions_of(stratum, "b@absent") == (("engine", "2"), ("python", "3.12"))


def test_what_one_run_does_not_say_is_unknown():
    """What else changed is told from or to unknown where one of two runs has it alone."""
    (run,) = past_runs([make_past_run(0)])
    before, after = (dataclasses.replace(run, circumstances={name: "1", "same": "x"}) for name in ("old", "new"))
    assert what_else_changed(before, after) == ("old: 1 → unknown", "new: unknown → 1")
