"""What a workflow's step finds on a runner: a checkout with a remote, a run, and a python that measures nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.builders.histories import make_past_run
from tests.children import LONGEST_RUN
from tests.compare.test_within import race
from tests.conftest import ROOT


def lay_out_runner(tmp_path: Path) -> Path:
    """Lay out what a step finds on a runner: two commits with a remote, a run, and a python that measures nothing."""
    checkout, remote, left = tmp_path / "checkout", tmp_path / "remote.git", tmp_path / "left"
    git("init", "--quiet", "--bare", str(remote))
    git("init", "--quiet", "--initial-branch=main", str(checkout))
    for file in ("tox.ini", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / file, checkout / file)
    shutil.copytree(ROOT / ".ci", checkout / ".ci")
    git("add", "--all", folder=checkout)
    for message in ("one", "two"):
        git("commit", "--quiet", "--allow-empty", "--message", message, folder=checkout)
    git("remote", "add", "origin", str(remote), folder=checkout)
    left.mkdir()
    (left / "runoff.json").write_text(json.dumps(race()))
    (checkout / "results").mkdir()
    shutil.copy(left / "runoff.json", checkout / "results")
    (checkout / "site").mkdir()
    (checkout / "runs" / "run-compare").mkdir(parents=True)
    (checkout / "runs" / "run-compare" / "runoff.json").write_text(json.dumps(make_past_run(0)))
    (checkout / ".history" / "runs").mkdir(parents=True)
    (checkout / ".history" / "runs" / "one.json").write_text(json.dumps(make_past_run(1)))
    commands = tmp_path / "commands"
    commands.mkdir()
    python = commands / "python"
    python.write_text(
        f'#!/bin/sh\nexec {sys.executable} {ROOT / "tests" / "stand_ins" / "python_on_runners.py"} "$@"\n'
    )
    python.chmod(0o755)
    return checkout


def git(*arguments: str, folder: Path | None = None) -> str:
    """Run git and give what it prints."""
    settings = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    command = ["git", *settings, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def run_step(
    runner: Path, command: str, environments: Sequence[str] = (), **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a step's command as a runner does."""
    home = runner.parent
    seen = os.environ | {
        "PATH": f"{home / 'commands'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "RUNNER_TEMP": str(home),
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_STEP_SUMMARY": str(home / "summary.md"),
        "GITHUB_OUTPUT": str(home / "output.txt"),
        "RUNOFF_LEFT": str(home / "left"),
        "RUNOFF_ENVIRONMENTS": json.dumps(list(environments)),
        **variables,
    }
    return subprocess.run(
        [shutil.which("bash") or "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command],
        cwd=runner,
        env=seen,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_RUN,
    )
