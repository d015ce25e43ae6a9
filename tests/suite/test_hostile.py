"""Runs on machines that get in the way: each ends as the table of docs/hostile.md says, and this writes that table.

``python -m tests.suite.test_hostile`` prints it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from tests.conftest import ROOT
from tests.suite.test_holes import HOLES, UNSHARE, why_not
from tests.suite_runs import RACE

STRANGER = "exec unshare --user --map-user=12345 --map-group=12345 env -u HOME -u XDG_CACHE_HOME"
"""Be a user without a name, a home and any right, who owns the files."""
READ_ONLY = 'mount --rbind "$PWD" "$PWD"; mount -o remount,bind,ro "$PWD"; cd "$PWD"'
TMPFS = "mount -t tmpfs -o {options} none /mnt"


@dataclass(frozen=True)
class Case:
    """A run: what a shell does before, options and variables, and what must come of it.

    ``code`` is its exit code, ``message`` is printed, ``stored`` says in words what is kept where.
    """

    name: str
    before: str
    code: int
    message: str
    stored: str
    options: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    run: str = 'exec "$@"'

    @property
    def row(self) -> str:
        """The case's row of the table."""
        return f"| {self.name} | {self.code} | {self.message or '–'} | {self.stored} |"


THE_RUN, NOTHING = "the run", "nothing; it is refused before anything is measured"
ELSEWHERE = ("--results", "/mnt/results")
CASES = (
    Case("a read-only checkout", READ_ONLY, 4, "the results folder", NOTHING),
    Case(
        "a read-only checkout, `--results` elsewhere, `HOME` unset, a user without a name",
        f"{TMPFS.format(options='size=256m,mode=777')}; {READ_ONLY}",
        0,
        "caches, logs and journals are in /mnt/runoff-12345, since they can't be kept in",
        THE_RUN,
        ELSEWHERE,
        {"TMPDIR": "/mnt"},
        f'{STRANGER} "$@"',
    ),
    Case("`HOME` unset, a user without a name", ":", 0, "Stored in", THE_RUN, run=f'{STRANGER} "$@"'),
    Case(
        "`.runoff/` belongs to another user",
        "rm -rf .runoff; mkdir -m 755 .runoff; chown 4321 .runoff",
        0,
        "caches, logs and journals are in /mnt/cache/runoff, since they can't be kept in",
        THE_RUN,
        variables={"XDG_CACHE_HOME": "/mnt/cache"},
        run='exec unshare --user --map-user=12345 --map-group=12345 "$@"',
    ),
    Case("a `/tmp` of 64 MB", TMPFS.format(options="size=64m"), 0, "Stored in", THE_RUN, (), {"TMPDIR": "/mnt"}),
    Case(
        "a full `/tmp`",
        f"{TMPFS.format(options='size=4k')}; head -c 4096 /dev/zero > /mnt/full",
        0,
        "Stored in",
        THE_RUN,
        (),
        {"TMPDIR": "/mnt"},
    ),
    Case(
        "a `/tmp` of which nothing runs",
        TMPFS.format(options="noexec"),
        0,
        "Stored in",
        THE_RUN,
        (),
        {"TMPDIR": "/mnt"},
    ),
    Case(
        "the C locale and 40 columns",
        "unset PYTHONIOENCODING PYTHONUTF8",
        0,
        "Stored in",
        THE_RUN,
        variables={"LC_ALL": "C", "COLUMNS": "40", "PYTHONCOERCECLOCALE": "0"},
    ),
    Case(
        "a `/proc` and `/sys` with holes",
        HOLES.rpartition("exec")[0],
        0,
        "what can't be had here: stolen time, because /proc/stat has no counter of it",
        THE_RUN,
    ),
    Case(
        "SIGTERM in the middle",
        ":",
        2,
        "broken off by SIGTERM after",
        "the launches that were over, marked as broken off",
        ("--launches", "500"),
        run='"$@" & run=$!; until ls .runoff/runs/*.jsonl > /dev/null 2>&1; do sleep 0.1; done; kill $run; wait $run',
    ),
    Case(
        "a closed standard output",
        ":",
        7,
        "",
        THE_RUN,
        run='exec "$@" >&-',
    ),
)
HEAD = "| where | code | what is said | what is stored |\n| :--- | ---: | :--- | :--- |\n"


def table() -> str:
    """Return the table of all cases."""
    return HEAD + "\n".join(case.row for case in CASES) + "\n"


def test_the_table_in_the_docs_is_that_of_the_runs():
    """What the documentation says of each machine is what the tests hold."""
    assert table() in (ROOT / "docs" / "hostile.md").read_text()


@pytest.mark.full
@pytest.mark.skipif(why_not() is not None, reason=f"a mount namespace takes root: {why_not()}")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_run_ends_as_the_table_says(suite, case, tmp_path):
    """The exit code and what is said are those of the table; what is stored is whole, and nobody gets a traceback."""
    results = suite.root / "results"
    for left in (results, suite.root / ".runoff"):
        shutil.rmtree(left, ignore_errors=True)
    command = suite.command(*RACE, "--contenders", "fake", "--launches", "1", "--rounds", "2", *case.options)
    shared = tmp_path / "t"
    shared.mkdir()
    place = 'mount --make-rprivate /; mount --bind "$SHARED" /mnt; chmod 777 /mnt'
    keep = 'cp /mnt/results/runoff.json "$SHARED/" 2>/dev/null'
    script = f"set -e\n{place}\n{case.before}\nset +e\n( {case.run} )\ncode=$?\n{keep}\nexit $code"
    variables = suite.variables(SHARED=str(shared), RUNOFF_LOCKS="/mnt") | dict(case.variables)
    done = subprocess.run(
        [str(UNSHARE), "-m", "sh", "-c", script, "sh", *command],
        cwd=suite.root,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    printed = done.stdout + done.stderr
    assert done.returncode == case.code, printed
    assert case.message in " ".join(printed.split())
    assert "Traceback" not in printed
    assert "INTERNALERROR" not in printed
    stored = shared / "runoff.json" if case.options == ELSEWHERE else results / "runoff.json"
    assert stored.exists() is (case.stored is not NOTHING)
    if stored.exists():
        run = json.loads(stored.read_text())
        assert {each["group"] for each in run["benchmarks"]} >= {"inference", "cold-start"}
        assert (run["machine_info"]["runoff"]["broken_off"] is not None) is (case.code == 2)


if __name__ == "__main__":
    print(table())
