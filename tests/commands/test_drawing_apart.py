"""Charts are drawn in a separate process: where it dies, a line says so, and all else is there."""

from __future__ import annotations

import html
import json
import os
import signal
import sys
from dataclasses import replace
from importlib.metadata import PackageNotFoundError

import pytest

from runoff.charts import apart
from runoff.charts.apart import DrawingFailed, draw_apart, draw_or_say, drawer, drawn_since, surroundings
from runoff.charts.drawing import Figure
from runoff.charts.drawing_program import to_svg
from runoff.errors import Exit
from runoff.report.sections.latency import ratio_figure
from runoff.stored.run import parse_run
from tests.builders.many_models import make_model_run, store_model
from tests.builders.stored_runs import make_stored_run
from tests.commands.running import environment, runoff, shell, store
from tests.lanes import in_full
from tests.project.test_layers import loaded_after

DIED = "the process that draws them was ended by SIGTRAP, as happens where it may not reserve memory (ulimit -v)"
LITTLE = "ulimit -v 3000000; "
"""Room for all that Python loads, and not for what V8 reserves."""


@pytest.fixture
def drawn_by(monkeypatch):
    """Let the process that draws run other code, where V8 is not what a test is of."""

    def draw_by(code):
        monkeypatch.setattr(apart, "PROGRAM", code)

    return draw_by


LENGTHS = "import json, sys; print(json.dumps([f'<svg {len(line)}/></svg>' for line in sys.stdin]), end='')"
"""A drawing that says how long its specification is."""


def figure(drawing, title="a chart"):
    """Make a figure of a drawing."""
    return Figure(title, drawing, "", "")


@pytest.mark.long
def test_what_is_drawn_is_what_it_is_in_one_process():
    """The other process draws what this one would; a drawing that is there already stays; the order is kept."""
    ratios = ratio_figure(parse_run(make_stored_run()))
    thumbnails = figure("<svg>pictures</svg>")
    drawn = draw_apart([thumbnails, ratios, ratios])
    assert drawn[0] == thumbnails
    assert drawn[1] == drawn[2] == replace(ratios, drawing=to_svg(json.dumps(ratios.drawing)))


def test_nothing_is_started_where_nothing_is_to_be_drawn(drawn_by):
    """No figure, or one that has its drawing, needs no process."""
    drawn_by("raise SystemExit(9)")
    assert draw_apart([]) == []
    assert draw_apart([figure("<svg/>")]) == [figure("<svg/>")]


def test_a_chart_that_was_kept_is_not_drawn_again(drawn_by, monkeypatch, tmp_path):
    """It comes from the folder; another specification, a damaged file or another release of what draws is drawn."""
    drawn_by(LENGTHS)
    small, large = figure({"mark": "bar"}), figure({"mark": "point", "width": 3})
    first = draw_apart([small], tmp_path)
    (file,) = tmp_path.iterdir()
    assert file.read_text() == first[0].drawing
    drawn_by("raise SystemExit(9)")
    assert draw_apart([small, small], tmp_path) == first * 2
    with pytest.raises(DrawingFailed):
        draw_apart([small, large], tmp_path)
    drawn_by(LENGTHS)
    assert draw_apart([large, small], tmp_path)[1:] == first
    assert len(list(tmp_path.iterdir())) == 2
    file.write_text(file.read_text()[:-4])
    assert draw_apart([small], tmp_path) == first
    assert file.read_text() == first[0].drawing
    monkeypatch.setattr("importlib.metadata.version", lambda package: f"{package} 99")
    draw_apart([small], tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def test_where_nothing_draws_a_line_says_so(monkeypatch, tmp_path):
    """Without the package that draws, the charts are left out, also where they would be kept among the caches."""

    def missing(package: str) -> str:
        raise PackageNotFoundError(package)

    said: list[str] = []
    monkeypatch.setattr("importlib.metadata.version", missing)
    assert draw_or_say([figure({"mark": "bar"})], said.append, tmp_path) == [None]
    assert "vl-convert-python is not installed here" in said[0]


def test_a_folder_that_cannot_be_written_costs_no_chart(drawn_by, tmp_path):
    """Where nothing can be kept, what is drawn is there all the same."""
    drawn_by(LENGTHS)
    (tmp_path / "file").write_text("")
    (drawn,) = draw_apart([figure({"mark": "bar"})], tmp_path / "file" / "charts")
    assert drawn.drawing.startswith("<svg")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import os; os.abort()", "ended by SIGABRT"),
        ("raise ValueError('no such\\nmark')", r"failed \(mark\)"),
        ("import os; os._exit(3)", r"failed \(exit code 3\)"),
    ],
)
def test_a_process_that_dies_is_told_by_what_became_of_it(drawn_by, code, why):
    """A signal has its name, an error its last line, and the process that asked goes on."""
    drawn_by(code)
    with pytest.raises(DrawingFailed, match=why):
        draw_apart([figure({})])


def test_what_needs_no_process_is_there_where_it_dies(drawn_by):
    """A chart that Vega-Lite does not draw stays on the page."""
    drawn_by("import os; os.abort()")
    said = []
    assert draw_or_say([figure({}), figure("<svg/>")], said.append) == [None, figure("<svg/>")]
    assert len(said) == 1


def test_a_process_that_takes_too_long_or_cannot_start_is_given_up(monkeypatch):
    """Neither is waited for, and each is a line."""
    said = []
    monkeypatch.setattr(apart, "PROGRAM", "import time; time.sleep(60)")
    monkeypatch.setattr(apart, "LONGEST", 0.2)
    assert draw_or_say([figure({})], said.append) == [None]
    monkeypatch.setattr(apart.sys, "executable", "/nowhere/python")
    assert draw_or_say([figure({})], said.append) == [None]
    assert said[0] == "the charts are left out: they were not done after 0 s"
    assert said[1].startswith("the charts are left out: no process could be started for them (")


def test_a_process_that_was_begun_draws_or_is_ended(drawn_by):
    """It waits until there is something to draw; where there is nothing, it is not waited for."""
    drawn_by(LENGTHS)
    with drawer() as draw:
        drawn = draw_apart([figure({"mark": "bar"})], draw=draw)
    assert drawn == draw_apart([figure({"mark": "bar"})])
    drawn_by("import time; time.sleep(600)")
    with drawer() as draw:
        assert draw_apart([figure("<svg/>")], draw=draw) == [figure("<svg/>")]
    (process,) = draw.args
    assert process.returncode == -signal.SIGKILL


def test_charts_were_drawn_since_where_one_was_kept_after_the_runs(tmp_path):
    """A run that is newer than what was kept last is new; so is any where nothing is kept, or one that is not there."""
    kept, run, newer = tmp_path / "charts", tmp_path / "run.json", tmp_path / "newer.json"
    for moment, path in enumerate((run, kept, newer), 1):
        path.touch()
        os.utime(path, (moment, moment))
    assert drawn_since(kept, [run])
    assert not drawn_since(kept, [run, newer])
    assert not drawn_since(kept, [tmp_path / "none.json"])
    assert not drawn_since(tmp_path / "none", [run])
    assert not drawn_since(None, [run])


def test_what_draws_is_begun_before_anything_else_is_loaded(tmp_path, monkeypatch):
    """A report's first act is to begin it, and it loads the standard library and what draws alone."""
    monkeypatch.setenv("RUNOFF_HOME", str(tmp_path))
    loaded = loaded_after(
        "import contextlib, runoff.charts.drawing_program\nfrom runoff.charts import apart\n"
        "from runoff.__main__ import perform\n"
        "def begin(): raise SystemExit\n"
        "apart.drawer = begin\n"
        f"with contextlib.suppress(SystemExit):\n    perform(['report', {str(tmp_path / 'run.json')!r}])\n"
        "assert 'runoff.stored.run' not in sys.modules"
    )
    assert not {name for name in loaded if name.isidentifier()} - sys.stdlib_module_names - ALLOWED - {"platformdirs"}


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
    outside = environment(RUNOFF_HOME=str(tmp_path / "home"), **variables)
    done = runoff("report", store(tmp_path / "run.json"), "--html", page, env=outside)
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
    done = shell(f"{LITTLE}runoff {command}", tmp_path, env=environment(RUNOFF_HOME=str(tmp_path / "home")))
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
