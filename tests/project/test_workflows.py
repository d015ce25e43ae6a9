"""Are the workflows thin and safe, and does every command in them run here too?"""

from __future__ import annotations

import json
import re
import runpy
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.builders.histories import make_past_run
from tests.children import child
from tests.compare.test_within import race
from tests.conftest import ROOT
from tests.runners import git, lay_out_runner, run_step

pytestmark = pytest.mark.long

WORKFLOWS = {
    path.name: yaml.load(path.read_text(), yaml.BaseLoader)  # noqa: S506  # every value as text; builds no object
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))
}
TOKEN = "not-to-be-written-down"
PINNED = re.compile(r"uses: (?P<action>[\w./-]+)@(?P<commit>[0-9a-f]{40}) # (?P<version>v\d+\.\d+\.\d+)$")

RUNS_TOX = re.compile(r'-m tox -e (?:"\$ENVIRONMENT"|([\w-]+))')


@dataclass(frozen=True)
class Step:
    """A command of a workflow, with the variables that it sees for one set of the matrix's values."""

    workflow: str
    job: str
    name: str
    command: str
    variables: dict[str, str]

    def __str__(self) -> str:
        """Name it in a test's id."""
        return f"{self.workflow}-{self.job}-{self.name}-{'-'.join(self.variables.values())}"


def jobs() -> list[tuple[str, str, dict[str, Any]]]:
    """Give every job with its workflow and name."""
    return [(file, name, job) for file, flow in WORKFLOWS.items() for name, job in flow["jobs"].items()]


def steps() -> list[Step]:
    """Give every command with every set of variables that it runs with, once however often it is there."""
    return list({(step.command, *step.variables.values()): step for step in all_steps()}.values())


def all_steps() -> Iterator[Step]:
    """Give every command of every job, once for each set of the matrix's values."""
    for file, name, job in jobs():
        for chosen in matrix(job):
            for step in job["steps"]:
                if "run" in step:
                    given = job.get("env", {}) | step.get("env", {})
                    variables = {key: filled(value, chosen) for key, value in given.items()}
                    yield Step(file, name, step["name"], step["run"], variables)


def matrix(job: dict[str, Any]) -> list[dict[str, str]]:
    """Give the sets of values that a job runs with; a list that only a run knows is one environment here."""
    found = job.get("strategy", {}).get("matrix", {})
    if "include" in found:
        included: list[dict[str, str]] = found["include"]
        return included
    (name, values), *more = [*found.items()] or [("", [""])]
    assert not more, "this test knows matrices of one variable"
    return [{name: value} for value in (values if isinstance(values, list) else ["compare"])]


def filled(value: str, chosen: dict[str, str]) -> str:
    """Fill in a variable's expression."""
    found = re.fullmatch(r"\$\{\{ matrix\.(\w+) \}\}", value)
    return chosen[found[1]] if found else "true" if "${{" in value else value


@pytest.fixture(scope="module")
def environments() -> list[str]:
    """Give the names of the environments in tox.ini."""
    command = [sys.executable, "-m", "tox", "list", "--no-desc", "--quiet"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert "lint" in listed
    return listed


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """Lay out what a step finds on a runner."""
    return lay_out_runner(tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("step", steps(), ids=str)
def test_every_command_runs_here(step, runner, environments):
    """Each step's command, with the variables of its job, ends well; measuring and installing are stood in for."""
    if step.name.startswith("Add the run"):
        shutil.rmtree(runner / ".history")  # a runner has none before this step
    done = run_step(runner, step.command, environments, **step.variables)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_gate_fails_on_a_proven_regression_alone(runner, environments):
    """The step of the gate fails for a head that is slower by 20 %, and not for a run that its control disowns."""
    (gate,) = (step for step in WORKFLOWS["benchmarks.yml"]["jobs"]["race"]["steps"] if "Fail" in step.get("name", ""))
    stored = runner / "results" / "runoff.json"
    stored.write_text(json.dumps(race(1.2)))
    assert run_step(runner, gate["run"], environments).returncode == 1
    assert "slower" in (runner.parent / "summary.md").read_text()
    invalid = race(1.2)
    invalid["machine_info"]["runoff"]["control"] |= {"value": 1.2, "low": 1.18, "high": 1.22}
    stored.write_text(json.dumps(invalid))
    assert run_step(runner, gate["run"], environments).returncode == 0
    stored.write_text("{")
    assert run_step(runner, gate["run"], environments).returncode != 0


def test_runs_are_stored_append_only(runner, environments):
    """A second run is added to the first, the same run is not stored twice, and nothing that was stored changes."""
    shutil.rmtree(runner / ".history")
    command = ".ci/store-runs .history results/runoff.json"
    remote = runner.parent / "remote.git"
    listed = []
    for number in (1, 2, 2):
        (runner / "results" / "runoff.json").write_text(json.dumps(make_past_run(number)))
        done = run_step(runner, command, environments, GITHUB_TOKEN=TOKEN)
        assert done.returncode == 0, done.stderr
        assert TOKEN not in done.stdout + done.stderr
        listed.append(git("ls-tree", "-r", "history", folder=remote).splitlines())
        git("worktree", "remove", "--force", ".history", folder=runner)
    assert [len(files) for files in listed] == [1, 2, 2]
    assert set(listed[0]) < set(listed[1])
    assert listed[1] == listed[2]
    assert git("rev-list", "--count", "history", folder=remote).strip() == "2"
    assert TOKEN not in (runner / ".git" / "config").read_text()


def test_the_matrices_are_what_tox_lists(runner, environments):
    """The environments that race or hold a version are found by name, so that a new one takes part by being listed."""
    done = run_step(runner, 'python .ci/list_environments.py >> "$GITHUB_OUTPUT"', environments)
    assert done.returncode == 0, done.stderr
    lines = (runner.parent / "output.txt").read_text().splitlines()
    found = {name: json.loads(listed) for name, _, listed in (line.partition("=") for line in lines)}
    assert found["racing"] == ["compare", "versions-onnxruntime", "versions-tensorflow", "versions-pytorch"]
    assert {"py311-onnxruntime1.32", "py310-tensorflow2.13", "py313-pytorch2.13"} <= set(found["versions"])
    rest = set(environments) - set(found["racing"]) - set(found["versions"])
    assert {"versions", "lint", "tests-lowest-py310"} <= rest
    assert not [name for name in rest if name.startswith("py3")]
    listing = runpy.run_path(str(ROOT / ".ci" / "list_environments.py"))
    assert listing["choose"]("compare\ncompare-py313\ncomparison\n", listing["RACING"]) == ["compare", "compare-py313"]


def test_every_lane_of_the_tests_runs_in_ci(environments):
    """CI runs lint, docs, coverage, the images and every tests environment of tox; what quick runs is part of them."""
    run = {
        found[1] or step.variables["ENVIRONMENT"]
        for step in all_steps()
        if step.workflow == "ci.yml" and (found := RUNS_TOX.search(step.command))
    }
    assert run == {
        "lint",
        "docs",
        "coverage",
        "image",
        *(name for name in environments if name.startswith("tests-")),
    } - {"tests-quick"}


def test_pre_releases_alone_may_fail():
    """One job of CI goes on after an error, that of the pre-releases, and all others are required."""
    tolerant = {name for _, name, job in jobs() if "continue-on-error" in json.dumps(job)}
    assert tolerant == {"prerelease"}
    ci = WORKFLOWS["ci.yml"]["jobs"]
    assert {*ci["required-checks-pass"]["needs"], "required-checks-pass", "prerelease"} == set(ci)


def test_actions_are_pinned():
    """Every action is pinned by the hash of a commit, with its version beside it, the same everywhere."""
    pins: dict[str, set[tuple[str, str]]] = {}
    for file in WORKFLOWS:
        for line in (ROOT / ".github" / "workflows" / file).read_text().splitlines():
            if "uses:" in line:
                found = PINNED.search(line)
                assert found, f"{file}: {line}"
                pins.setdefault(found["action"], set()).add((found["commit"], found["version"]))
    assert pins
    assert all(len(versions) == 1 for versions in pins.values())


def test_commands_hold_no_expression():
    """What comes from outside reaches a command as a variable: no expression is pasted into a shell's text."""
    assert not [step for step in steps() if "${{" in step.command]


def test_permissions_are_the_least():
    """Nothing is permitted by default, a pull request's jobs only read, and one job alone may write to the tree."""
    assert all(flow["permissions"] == {} for flow in WORKFLOWS.values())
    writes = {
        (file, name): {right for right, kind in job["permissions"].items() if kind == "write"}
        for file, name, job in jobs()
    }
    assert {key: rights for key, rights in writes.items() if rights} == {
        ("benchmarks.yml", "store"): {"contents"},
        ("benchmarks.yml", "publish"): {"pages", "id-token"},
        ("release.yml", "attest"): {"id-token", "attestations"},
        ("release.yml", "publish"): {"id-token"},
    }
    store = WORKFLOWS["benchmarks.yml"]["jobs"]["store"]["if"]
    assert store == "${{ !cancelled() && github.ref == 'refs/heads/main' }}"
    assert all("pull_request_target" not in flow["on"] for flow in WORKFLOWS.values())


def test_jobs_end_and_keep_no_credentials():
    """Every job has a time limit, and no checkout leaves the token behind."""
    for file, name, job in jobs():
        assert int(job["timeout-minutes"]) <= 120, f"{file}: {name}"
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] == "false", f"{file}: {name}"


def test_no_run_waits_where_another_can_take_its_place():
    """Who stores is in no concurrency group, of which GitHub keeps one waiting job; a failed race hands on its run."""
    jobs_ = WORKFLOWS["benchmarks.yml"]["jobs"]
    assert "concurrency" not in jobs_["store"]
    # Each push to main, and each tag, has a separate group.
    groups = {file: WORKFLOWS[file]["concurrency"]["group"] for file in ("benchmarks.yml", "ci.yml", "release.yml")}
    assert all(
        group.endswith("github.ref || github.run_id }}") for group in (groups["benchmarks.yml"], groups["ci.yml"])
    )
    assert groups["release.yml"].endswith("${{ github.ref }}")
    for job in ("race", "measure"):
        uploads = [step for step in jobs_[job]["steps"] if "upload-artifact" in step.get("uses", "")]
        assert [step["if"] for step in uploads] == ["${{ !cancelled() }}"]


def pushing_checkouts(runner: Path, count: int) -> list[Path]:
    """Lay out a checkout for each of several pushes, each with a separate run."""
    checkouts = []
    for number in range(count):
        checkout = runner.parent / f"push-{number}"
        git("clone", "--quiet", str(runner), str(checkout))
        git("remote", "set-url", "origin", str(runner.parent / "remote.git"), folder=checkout)
        git("commit", "--quiet", "--allow-empty", "--message", f"push {number}", folder=checkout)
        (checkout / "runoff.json").write_text(json.dumps(make_past_run(number)))
        checkouts.append(checkout)
    return checkouts


def branches(remote: Path) -> list[str]:
    """List a repository's branches."""
    return git("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads", folder=remote).split()


@pytest.mark.full
def test_ten_pushes_at_once_store_ten_runs(runner):
    """Ten jobs store at the same time: each run is in the history, whole, and no branch of theirs is left."""
    remote = runner.parent / "remote.git"
    checkouts = pushing_checkouts(runner, 10)
    command = [str(ROOT / ".ci" / "store-runs"), ".history", "runoff.json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with ExitStack() as stack:
        jobs_ = [stack.enter_context(child(command, patience=300, cwd=checkout, **pipes)) for checkout in checkouts]
        said = [job.communicate()[0] for job in jobs_]
    assert [job.returncode for job in jobs_] == [0] * 10, said
    files = git("ls-tree", "-r", "--name-only", "history", folder=remote).split()
    stored = {git("show", f"history:{file}", folder=remote) for file in files}
    assert stored == {(checkout / "runoff.json").read_text() for checkout in checkouts}
    assert len(files) == 10
    assert branches(remote) == ["history"]


def test_what_a_stopped_job_left_is_merged_by_the_next(runner, environments):
    """A job that was stopped before it could merge has pushed its run; the next one adds it to the history."""
    remote = runner.parent / "remote.git"
    stopped, following = pushing_checkouts(runner, 2)
    command = f"{ROOT / '.ci' / 'store-runs'} .history runoff.json"
    hook = remote / "hooks" / "update"
    hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/history ] || { kill -9 "$(cat stopped)"; exit 1; }\n')
    hook.chmod(0o755)
    done = run_step(stopped, f"echo $$ > {remote}/stopped; exec {command}", environments)
    assert done.returncode == -signal.SIGKILL
    (left,) = branches(remote)
    assert left.startswith("runs/")
    hook.unlink()
    done = run_step(following, command, environments)
    assert done.returncode == 0, done.stderr
    assert len(git("ls-tree", "-r", "--name-only", "history", folder=remote).split()) == 2
    assert branches(remote) == ["history"]


def test_updates_are_proposed_for_actions_and_packages():
    """Dependabot looks after what workflows use and what pyproject.toml names, each in one pull request a week."""
    found = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())
    assert {each["package-ecosystem"] for each in found["updates"]} == {"github-actions", "pip"}
    assert all(each["schedule"]["interval"] == "weekly" and each["groups"] for each in found["updates"])
