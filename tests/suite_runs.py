"""Copies of the suite, and runs of ``pytest benchmarks/`` in them, for the tests that look at it as its users do."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from runoff.processes.variables import telling

ROOT = Path(__file__).resolve().parents[1]
ABSENT = ("anyio", "hypothesispytest", "xdist", "timeout")
"""Pytest's plugins that come with what the tests need, and that the suite's users do not have.

Hypothesis takes a second at every end, and AnyIO imports all event loops at every start.
"""
RACE = ("--ignore=benchmarks/test_efficiency.py", "--ignore=benchmarks/test_footprint.py", "-p", "no_page")
"""What leaves out what takes longer than a race of fakes: measuring libraries and installed files, drawing the page."""


@dataclass(frozen=True)
class Suite:
    """A copy of the suite in a separate folder, with two pictures to run on, and the process that runs it."""

    root: Path
    pictures: Path
    reference: str
    server: subprocess.Popen[str] = field(repr=False)

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run ``pytest benchmarks/`` in it."""
        return self.perform(self.command(*arguments), **variables)

    def race(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run it without the questions about libraries and installed files, and without its page."""
        return self.run(*RACE, *arguments, **variables)

    def perform(self, command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
        """Perform a command line of ``python -m pytest`` in a child of the process that has imported what it needs."""
        stdout, stderr = self.root / "stdout.txt", self.root / "stderr.txt"
        run = {
            "arguments": command[3:],
            "variables": self.variables(**variables),
            "stdout": str(stdout),
            "stderr": str(stderr),
        }
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        print(json.dumps(run), file=self.server.stdin, flush=True)
        code = int(self.server.stdout.readline())
        return subprocess.CompletedProcess(command, code, stdout.read_text(), stderr.read_text())

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of a run on two pictures, the built-in checkpoint and the race's questions."""
        settings = ["--weights", "builtin", "--images", str(self.pictures), "--reference", self.reference]
        selection = ["--seed", "1", "-m", "not service and not conversion"]
        return self.bare_command(*settings, *selection, *arguments)

    def bare_command(self, *arguments: str) -> list[str]:
        """Return the command line of a run that says for itself what it runs on."""
        without = [word for plugin in ("cacheprovider", *ABSENT) for word in ("-p", f"no:{plugin}")]
        measured = ["-p", "orderly_end"] if covered() else []
        return [sys.executable, "-m", "pytest", "benchmarks/", *without, *measured, *arguments]

    def variables(self, **additional: str) -> dict[str, str]:
        """Return the environment in which this copy is found before the original.

        It has nothing that runs are told apart by: what a developer has set, or a framework that a test imported.
        """
        told = telling(os.environ)
        ours = {
            name: value for name, value in os.environ.items() if not name.startswith("PYTEST_") and name not in told
        }
        return ours | {"PYTHONPATH": str(self.root), "COLUMNS": "100", "RUNOFF_LOCKS": str(self.root)} | additional


def covered() -> bool:
    """Whether coverage.py measures this process and all that it starts."""
    return "COVERAGE_PROCESS_CONFIG" in os.environ


@contextmanager
def copied_suite(root: Path, reference: str) -> Iterator[Suite]:
    """Copy what ``pytest benchmarks/`` needs, without results and caches but Python's own, and draw two pictures."""
    for folder in ("runoff", "fixtures", "benchmarks"):
        shutil.copytree(ROOT / folder, root / folder)
    for file in ("conftest.py", "pytest.ini"):
        shutil.copy(ROOT / file, root / file)
    for plugin in ("breaks.py", "no_page.py", "orderly_end.py", "short_questions.py"):
        shutil.copy(ROOT / "tests" / "stand_ins" / plugin, root / plugin)
    pictures = root / "pictures"
    pictures.mkdir()
    for index in range(2):
        noise = np.random.RandomState(index).randint(0, 256, (256, 256, 3), dtype=np.uint8)
        Image.fromarray(noise).save(pictures / f"{index}.png")
    program = [sys.executable, str(ROOT / "tests" / "stand_ins" / "suite_server.py")]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(program, cwd=root, start_new_session=True, **pipes) as server:
        try:
            yield Suite(root, pictures, reference, server)
        finally:
            os.killpg(server.pid, signal.SIGKILL)  # and a run that goes on


def put_fakes_in(suite: Suite) -> None:
    """Put the fakes in the place of a copy's backends, and stand-ins in the place of what needs torch."""
    for backend in (suite.root / "runoff" / "backends").glob("[!_]*.py"):
        backend.unlink()
    shutil.copy(ROOT / "tests" / "fakes" / "fake.py", suite.root / "runoff" / "backends" / "fake.py")
    for stand_in, place in (("golden.py", "golden/steps.py"), ("operations.py", "operations.py")):
        shutil.copy(ROOT / "tests" / "stand_ins" / stand_in, suite.root / "runoff" / "model" / place)
