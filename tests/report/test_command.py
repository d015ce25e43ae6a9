"""Does ``python -m runoff report`` write what was asked for, and say what is wrong with a file?"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest

from runoff.__main__ import main
from runoff.charts import apart
from runoff.errors import Exit
from runoff.report.sections.repeat import command
from runoff.report.write.markdown import render_markdown
from runoff.report.write.page import render_page
from runoff.stored.run import parse_run, read_run
from runoff.stored.schema import StoredRunBroken
from tests.builders.stored_runs import (
    about,
)
from tests.conftest import ROOT

pytestmark = pytest.mark.long

KEEPING = {name: getattr(apart, name) for name in ("recall", "keep")}
"""What tests of reports do without (tests/builders/drawing.py)."""


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda run: run.pop("benchmarks"), "benchmarks: it is missing"),
        (lambda run: run.update(benchmarks={}), "benchmarks: expected a list, got an object"),
        (lambda run: run.update(machine_info=None), "machine_info.runoff"),
        (
            lambda run: about(run).update(schema=1),
            "machine_info.runoff.schema is 1, this Runoff reads 2 and 3; measure a new one with",
        ),
        (lambda run: about(run).pop("seed"), "machine_info.runoff.seed: it is missing"),
        (
            lambda run: about(run).update(launches=True),
            "launches: expected a whole number, got true",
        ),
        (
            lambda run: about(run).update(warnings=[3]),
            "machine_info.runoff.warnings[0]: expected text",
        ),
        (lambda run: run.update(datetime="yesterday"), "datetime: expected a date and time"),
        (
            lambda run: run["benchmarks"][0]["stats"].update(median="fast"),
            "benchmarks[0].stats.median: expected a num",
        ),
        (
            lambda run: run["benchmarks"][0]["stats"].update(median=float("nan")),
            "benchmarks[0].stats.median: expected a number",
        ),
        (
            lambda run: run["benchmarks"][0]["stats"].update(median=0),
            "expected a median and values above zero",
        ),
        (lambda run: about(run).update(limits=["x"]), "machine_info.runoff.limits: expected text, got a list"),
        (
            lambda run: run["benchmarks"][2]["extra_info"]["curve"].update(bytes=[]),
            "benchmarks[2].extra_info.curve: expected pairs, got 900 seconds and 0 bytes",
        ),
    ],
)
def test_a_broken_field_is_named(stored, change, field):
    """What is missing or of the wrong kind is named by its path."""
    change(stored)
    with pytest.raises(StoredRunBroken, match=re.escape(field)):
        parse_run(stored)


def test_benchmarks_of_others_are_passed_over(stored):
    """A benchmark without a contender, in the same file, is none of ours."""
    stored["benchmarks"].append({"group": None, "fullname": "tests/x.py::test_x", "extra_info": {}, "stats": {}})
    assert len(parse_run(stored).rows) == 7


@pytest.fixture
def write_file(tmp_path: Path) -> Callable[[str], Path]:
    """Write a file that the tool is then given."""

    def write(text: str) -> Path:
        path = tmp_path / "run.json"
        path.write_text(text)
        return path

    return write


def test_the_tool_writes_the_page_beside_the_run(stored, write_file, capsys):
    """``report RUN.json`` writes index.html next to it and says where."""
    path = write_file(json.dumps(stored))
    assert main(["report", str(path)]) == 0
    page = path.with_name("index.html")
    assert capsys.readouterr().out == f"{page}\n"
    assert page.read_text() == render_page(read_run(path))


def test_the_tool_writes_what_is_asked_for(stored, write_file, tmp_path):
    """With --markdown and --chart these are written, and the page is not."""
    path = write_file(json.dumps(stored))
    assert main(["report", str(path), "--markdown", str(tmp_path / "a.md"), "--chart", str(tmp_path / "a.svg")]) == 0
    assert (tmp_path / "a.md").read_text().startswith("onnxruntime was the fastest")
    assert (tmp_path / "a.svg").read_text().startswith("<svg")
    assert not (tmp_path / "index.html").exists()


@pytest.fixture
def drawing(monkeypatch, tmp_path):
    """Let charts be kept in a folder of the test, and note how many each process draws."""
    counts = []

    @contextmanager
    def begin():
        counts.append(0)

        def draw(texts):
            counts[-1] += len(texts)
            return ["<svg></svg>"] * len(texts)

        yield draw

    monkeypatch.setenv("RUNOFF_HOME", str(tmp_path / "home"))
    for name, real in KEEPING.items():
        monkeypatch.setattr(apart, name, real)
    monkeypatch.setattr(apart, "drawer", begin)
    return counts


def test_a_page_that_is_made_again_draws_no_chart_again(stored, write_file, drawing):
    """One process draws the charts of a run, and none where they are kept among the caches; another run's are drawn."""
    path = write_file(json.dumps(stored))
    assert main(["report", str(path)]) == main(["report", str(path)]) == 0
    assert len(drawing) == 1
    assert drawing[0] == path.with_name("index.html").read_text().count("<figure") > 3
    for measured in stored["benchmarks"]:
        measured["stats"]["data"][0] *= 2
    write_file(json.dumps(stored))
    assert main(["report", str(path)]) == 0
    assert len(drawing) == 2
    assert 0 < drawing[1] < drawing[0]


def test_what_writes_no_page_begins_no_process(stored, write_file, drawing, tmp_path):
    """Markdown has no charts."""
    assert main(["report", write_file(json.dumps(stored)).as_posix(), "--markdown", str(tmp_path / "a.md")]) == 0
    assert drawing == []


@pytest.mark.full
def test_the_tool_puts_several_runs_on_one_page(stored, write_file, tmp_path, capsys):
    """The page is beside the first; one that can't be read is named, and then nothing is written."""
    path = write_file(json.dumps(stored))
    other = tmp_path / "other" / "run.json"
    other.parent.mkdir()
    other.write_text(json.dumps(stored))
    assert main(["report", str(path), str(other)]) == 0
    page = path.with_name("index.html")
    assert capsys.readouterr().out == f"{page}\n"
    assert page.read_text() == render_page(read_run(path), read_run(other))
    page.unlink()
    other.write_text("{")
    assert main(["report", str(path), str(other)]) == Exit.NOT_A_RUN
    assert capsys.readouterr().err.startswith(f"runoff: {other}: it is not JSON")
    assert not page.exists()


def test_the_tool_prints_markdown(stored, write_file, capsys):
    """``--markdown -`` prints it, for a step summary."""
    path = write_file(json.dumps(stored))
    assert main(["report", str(path), "--markdown", "-"]) == 0
    assert capsys.readouterr().out == render_markdown(read_run(path))


def test_the_tool_asks_a_stored_run_again_under_other_limits(stored, write_file, capsys):
    """--choose prints what is recommended under its limits, which take the place of the stored ones on the page too."""
    about(stored)["limits"] = "latency<1ms"
    path = write_file(json.dumps(stored))
    assert main(["report", str(path), "--choose", "latency<20ms"]) == 0
    page = path.with_name("index.html")
    said = capsys.readouterr().out
    assert said.startswith("★ Recommended under latency < 20 ms: onnxruntime, 17.1 ms an inference")
    assert said.endswith(f" meets this limit.\n{page}\n")
    assert "--choose &#39;latency&lt;20ms&#39;" in page.read_text()
    assert "latency &lt; 1 ms" not in page.read_text()


def test_the_tool_says_what_is_wrong_with_limits(stored, write_file, capsys):
    """Limits that can't be read cost one line and exit code 2, and nothing is written."""
    path = write_file(json.dumps(stored))
    assert main(["report", str(path), "--choose", "latency<20"]) == 2
    assert capsys.readouterr().err == "runoff: the unit of 20 is missing in 'latency<20'; latency is given in ms, s\n"
    assert not path.with_name("index.html").exists()


def test_the_command_that_repeats_a_run_has_its_limits(stored):
    """It is there where limits were stored, quoted for a shell; an older run has no such field."""
    assert "--choose" not in command(parse_run(stored))
    about(stored)["limits"] = "agreement>=99%,  cold_start < 1s"
    assert command(parse_run(stored)).endswith(" --choose 'agreement>=99%, cold_start<1s'")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("\ud7ff", "is not JSON"),
        ("[" * 100_000, "lists and objects are nested too deeply"),
        ("[]", "there is no field machine_info.runoff"),
        ('{"benchmarks": []}', "there is no field machine_info.runoff"),
        ('{"machine_info": {"runoff": {"schema": 9}}}', "machine_info.runoff.schema is 9"),
        ('{"machine_info": {"runoff": {"schema": 2}}, "benchmarks": []}', "machine_info.runoff.seed: it is missing"),
    ],
)
def test_the_tool_says_what_is_wrong_with_a_file(write_file, capsys, text, words):
    """A file that is no run costs one line that names the file and the field."""
    path = write_file(text)
    assert main(["report", str(path)]) == Exit.NOT_A_RUN
    said = capsys.readouterr().err
    assert said.startswith(f"runoff: {path}")
    assert words in said
    assert said.count("\n") == 1


def test_the_tool_says_what_it_cannot_read_or_write(stored, write_file, tmp_path, capsys):
    """A missing file, and one in the place of a folder, cost one line each, with their exit codes."""
    assert main(["report", str(tmp_path / "none.json")]) == Exit.NOT_A_RUN
    assert "none.json: it can't be read (No such file" in capsys.readouterr().err
    path = write_file(json.dumps(stored))
    assert main(["report", str(path), "--html", str(path / "page.html")]) == Exit.UNWRITABLE
    assert "page.html can't be written (" in capsys.readouterr().err


def test_the_tool_starts_from_the_command_line(tmp_path):
    """``python -m runoff report`` gives its exit code without a traceback."""
    command = [sys.executable, "-m", "runoff", "report", str(tmp_path / "none.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == Exit.NOT_A_RUN
    assert "Traceback" not in done.stderr
