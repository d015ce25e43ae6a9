"""Charts are drawn in a process of their own: where it dies, a line says so, and all else is there."""

from __future__ import annotations

import html
import os
import signal
import sys

import pytest

from runoff.charts import apart
from runoff.charts.apart import DrawingFailed, draw_apart, draw_or_say, surroundings
from runoff.errors import Exit
from runoff.report.sections.latency import NothingToDraw, ratio_figure, standalone_ratio_chart
from runoff.stored.run import parse_run
from tests.builders.many_models import make_model_run, store_model
from tests.builders.stored_runs import keep_groups, make_stored_run
from tests.commands.running import environment, runoff, shell, store
from tests.lanes import in_full
from tests.project.test_layers import loaded_after

DIED = "the process that draws them was ended by SIGTRAP, as happens where it may not reserve memory (ulimit -v)"
IMPORT = "import sys; sys.path[0] = sys.argv[1]"
LITTLE = "ulimit -v 3000000; "
"""Room for all that Python loads, and not for what V8 reserves."""


def die() -> None:
    """End this process as V8 does."""
    os.kill(os.getpid(), signal.SIGTRAP)


def fail() -> None:
    """Raise an error that nobody has foreseen."""
    raise ValueError("no such\nmark")


@pytest.fixture
def without_v8(monkeypatch):
    """Let the process that draws begin without Vega-Lite, which what it does in the test needs none of."""
    idle = "apart.start_drawing = lambda: None"
    monkeypatch.setattr(apart, "PROGRAM", f"{IMPORT}; from runoff.charts import apart; {idle}; apart.answer()")


@pytest.mark.long
def test_what_is_drawn_comes_back_and_is_what_it_is_in_one_process():
    """Functions and what they are given go to the other process; what this one would draw comes back in their order."""
    run = parse_run(make_stored_run())
    tasks = [(divmod, (7, 2)), (str.upper, ("a",)), (ratio_figure, (run,))]
    assert draw_apart(tasks) == [(3, 1), "A", ratio_figure(run)]
    assert draw_apart([]) == []


@pytest.mark.usefixtures("without_v8")
@pytest.mark.parametrize(
    ("function", "why"),
    [(os.abort, "ended by SIGABRT"), (fail, r"failed \(mark\)"), (os._exit, "failed")],
)
def test_a_process_that_dies_is_told_by_what_became_of_it(function, why):
    """A signal has its name, an error its last line, and the process that asked goes on."""
    with pytest.raises(DrawingFailed, match=why):
        draw_apart([(function, (3,) if function is os._exit else ())])


@pytest.mark.usefixtures("without_v8")
def test_a_chart_without_figures_is_told_as_before():
    """A named error comes back as itself."""
    stored = make_stored_run()
    keep_groups(stored, "cold-start")
    with pytest.raises(NothingToDraw, match="the run has no ratios to draw"):
        draw_apart([(standalone_ratio_chart, (parse_run(stored),))])


def test_a_process_that_takes_too_long_or_cannot_start_is_given_up(monkeypatch):
    """Neither is waited for, and each is a line."""
    said = []
    monkeypatch.setattr(apart, "PROGRAM", "import time; time.sleep(60)")
    monkeypatch.setattr(apart, "LONGEST", 0.2)
    assert draw_or_say([(str, ())], said.append) is None
    monkeypatch.setattr(apart.sys, "executable", "/nowhere/python")
    assert draw_or_say([(str, ())], said.append) is None
    assert said[0] == "the charts are left out: they were not done after 0 s"
    assert said[1].startswith("the charts are left out: no process could be started for them (")


def test_what_disturbs_an_import_is_kept_from_it():
    """Warnings that are errors, and what Python does for those who look for faults, stay outside."""
    given = {"PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error", "PATH": "/bin"}
    assert surroundings(given) == {"PATH": "/bin"}


@pytest.mark.long
@pytest.mark.parametrize(
    "variables",
    [{"PYTHONWARNINGS": "error"}, *in_full({"PYTHONOPTIMIZE": "2"}, {"HOME": None})],
    ids=["-W error", "-OO", "no home"],
)
def test_charts_are_drawn_whatever_python_was_told(tmp_path, variables):
    """Neither missing asserts nor warnings that are errors nor a missing home cost a chart."""
    page = tmp_path / "page.html"
    done = runoff("report", store(tmp_path / "run.json"), "--html", page, env=environment(**variables))
    assert (done.returncode, done.stderr) == (Exit.DONE, "")
    assert "<figure>" in page.read_text()


@pytest.mark.long
@pytest.mark.parametrize(
    ("command", "page"),
    [
        ('report "$1/run.json" --html "$1/page.html"', "page.html"),
        *in_full(
            ('history "$1/run.json" --output "$1"', "history.html"),
            ('models --page-only --models resnet18 --output "$1/models"', "models/index.html"),
        ),
    ],
)
def test_where_little_memory_may_be_reserved_a_page_has_no_charts(tmp_path, command, page):
    """Under ``ulimit -v`` V8 dies, and the command ends with 0, a line and a page with all tables that says so."""
    store(tmp_path / "run.json")
    store_model(tmp_path / "models", "resnet18", make_model_run("resnet18", {"openvino": 0.6}))
    done = shell(f"{LITTLE}runoff {command}", tmp_path)
    assert (done.returncode, done.stderr) == (Exit.DONE, f"! the charts are left out: {DIED}\n")
    text = (tmp_path / page).read_text()
    assert "<figure" not in text
    assert "pytorch" in text
    assert html.escape(DIED) in text


@pytest.mark.long
def test_a_chart_that_was_asked_for_is_missing_with_a_code(tmp_path):
    """``--chart`` alone can't be done then; what was asked for beside it is written."""
    markdown, chart = tmp_path / "page.md", tmp_path / "ratios.svg"
    run = store(tmp_path / "run.json")
    done = shell(f'{LITTLE}runoff report "$1" --markdown "$2" --chart "$3"', run, markdown, chart)
    assert (done.returncode, done.stdout) == (Exit.FAILED, f"{markdown}\n")
    assert done.stderr == f"runoff: {chart} can't be drawn: {DIED}\n"
    assert not chart.exists()


def test_help_loads_the_standard_library_alone():
    """What every command begins with needs no package, so that help is there in a fraction of a second."""
    loaded = loaded_after(
        "import contextlib, io\nfrom runoff.__main__ import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n    main(['--help'])"
    )
    assert "runoff" in loaded
    assert not {name for name in loaded if name.isidentifier()} - sys.stdlib_module_names - ALLOWED


ALLOWED = {"__main__", "__mp_main__", "runoff", "_distutils_hack", "sitecustomize", "usercustomize", "coverage"}
"""What is there in any Python, and what measures the tests."""


def test_a_run_whose_charts_die_is_stored_and_printed(suite):
    """The table is there before anything is drawn; then a line, a page without charts, and the exit code of the run."""
    plugin = suite.root / "dying.py"
    plugin.write_text(
        "import runoff.charts.apart as apart\n"
        "def pytest_configure():\n"
        "    apart.PROGRAM = 'import os; os.kill(os.getpid(), 5)'\n"
    )
    without = ("--ignore=benchmarks/test_efficiency.py", "--ignore=benchmarks/test_footprint.py", "-k", "inference")
    try:
        done = suite.run("--contenders", "fake", "--launches", "1", "--rounds", "2", *without, "-p", "dying")
    finally:
        plugin.unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    table, _, after = done.stdout.partition("Control (a second fake")
    assert "Stored in results/runoff.json; the page is " in table
    assert f"! the charts are left out: {DIED}; python -m runoff report results/runoff.json makes the page" in after
    page = (suite.root / "results" / "index.html").read_text()
    assert "<figure" not in page
    assert "<table" in page
