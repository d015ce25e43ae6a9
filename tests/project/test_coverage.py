"""What coverage.py measures: workers that their controller kills, and no file that stands in for another."""

from __future__ import annotations

import os
import subprocess
import sys
from fnmatch import fnmatch

import pytest
from coverage import CoverageData

from tests.conftest import ROOT
from tests.project.test_extras import tomllib

WORKER = ROOT / "runoff" / "measure" / "worker.py"
A_RUN_OF_A_WORKER = "tests/measure/test_worker.py::test_the_first_output_arrives_bit_by_bit"


@pytest.mark.full
def test_what_a_worker_ran_is_measured(tmp_path):
    """What a worker did before it was killed is measured, and what it was not asked for is not."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "PYTEST_"))}
    coverage = [sys.executable, "-m", "coverage"]
    variables = ours | {"COVERAGE_FILE": str(tmp_path / "data"), "RUNOFF_TRACED": "1"}
    for command in (["run", "-m", "pytest", "-p", "no:cacheprovider", A_RUN_OF_A_WORKER], ["combine"]):
        subprocess.run([*coverage, *command], cwd=ROOT, env=variables, capture_output=True, check=True)
    data = CoverageData(str(tmp_path / "data"))
    data.read()
    measured = data.lines(str(WORKER)) or []
    text = WORKER.read_text().splitlines()
    assert text.index('    passed("load", time.perf_counter_ns() - begin)') + 1 in measured
    assert text.index('        elif command["do"] == "report":') + 1 not in measured


def test_what_stands_in_for_real_files_is_not_measured(suite):
    """Every file of a copied suite that differs from the original is left out, so that none counts as it."""
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["coverage"]["run"]
    copied = [file for file in (suite.root / "runoff").rglob("*.py") if (ROOT / file.relative_to(suite.root)).exists()]
    differing = [file for file in copied if file.read_bytes() != (ROOT / file.relative_to(suite.root)).read_bytes()]
    assert differing
    assert [file for file in differing if not any(fnmatch(str(file), kind) for kind in configuration["omit"])] == []
