"""Can reports be made where nothing that is measured is installed, and without loading what takes long?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.histories import store_runs, with_step
from tests.builders.stored_runs import add_rounds, make_field_run
from tests.conftest import ROOT
from tests.project.test_layers import FRAMEWORKS

pytestmark = pytest.mark.long

SLOW = {"scipy.stats", "pandas", "matplotlib"}
"""What takes long to load, and nothing here needs."""
BLOCKED = (*sorted(FRAMEWORKS), "pytest", "psutil", "skimage", "memory_profiler", "PIL")
CODE = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {BLOCKED}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
from runoff.__main__ import main
code = main(sys.argv[1:])
print(*sorted(sys.modules), file=sys.stderr)
sys.exit(code)
"""


def run_alone(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tool in a fresh interpreter in which no framework, and nothing else that measures, can be imported."""
    return subprocess.run(
        [sys.executable, "-c", CODE, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.full
def test_page_markdown_and_chart_are_made_without_any_framework(tmp_path: Path) -> None:
    """A whole field's run becomes a page, markdown and a chart with every framework's import refused."""
    stored = make_field_run()
    add_rounds(stored)
    run = tmp_path / "run.json"
    run.write_text(json.dumps(stored))
    page, markdown, chart = (tmp_path / name for name in ("page.html", "page.md", "ratios.svg"))
    done = run_alone("report", str(run), "--html", str(page), "--markdown", str(markdown), "--chart", str(chart))
    assert (done.returncode, done.stdout) == (0, f"{page}\n{markdown}\n{chart}\n"), done.stderr
    assert page.read_text().count("<figure>") == 7
    assert "openvino-int8" in markdown.read_text()
    assert chart.read_text().startswith("<svg")
    loaded = set(done.stderr.split())
    assert not loaded & {*BLOCKED, *SLOW, "vl_convert"}  # which is in a separate process


def test_comparing_loads_nothing_that_draws(tmp_path: Path) -> None:
    """Two runs are compared without the second that loading the charts' library takes."""
    run = tmp_path / "run.json"
    run.write_text(json.dumps(make_field_run()))
    done = run_alone("compare", str(run), str(run))
    assert done.returncode == 0, done.stderr
    assert not set(done.stderr.split()) & {"vl_convert", "jinja2"}


@pytest.mark.full
def test_a_history_loads_nothing_that_takes_long(tmp_path: Path) -> None:
    """Runs become a history without any framework, and without scipy.stats, which takes longer than finding steps."""
    folder = store_runs(tmp_path / "runs", with_step(3, 0, 1.0))
    done = run_alone("history", str(folder), "--output", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "history.html").exists()
    assert not set(done.stderr.split()) & {*BLOCKED, *SLOW}
