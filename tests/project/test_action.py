"""The action of this repository: its steps, run as a runner does, with an API on loopback and a remote in a folder."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from tests.compare.test_within import race
from tests.conftest import ROOT
from tests.runners import git, lay_out_runner, run_step

pytestmark = pytest.mark.long

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step["name"].split()[0]: step for step in ACTION["runs"]["steps"]}
TOKEN = "not-to-be-written-down"
Done = subprocess.CompletedProcess


@dataclass
class Job:
    """A job that uses the action: where it runs, what it gives, and the outputs of its race."""

    runner: Path
    inputs: dict[str, str]
    outputs: dict[str, str] = field(default_factory=dict)

    def step(self, name: str, **variables: str) -> Done[str]:
        """Run a step with the variables that it has, and read what it puts out."""
        given = {key: self.filled(value) for key, value in STEPS[name].get("env", {}).items()}
        done = run_step(self.runner, STEPS[name]["run"], **given | variables)
        output = self.runner.parent / "output.txt"
        if output.exists():
            self.outputs |= dict(line.split("=", 1) for line in output.read_text().splitlines())
        return done

    def filled(self, value: str) -> str:
        """Fill in a variable's one expression."""
        found = re.fullmatch(r"\$\{\{ (?:inputs\.([\w-]+)|steps\.race\.outputs\.(\w+)) \}\}", value)
        assert found, value
        defaults = {"token": TOKEN}
        if found[1]:
            return self.inputs.get(found[1], defaults.get(found[1], ACTION["inputs"][found[1]]["default"]))
        return self.outputs.get(found[2], "")

    @property
    def raced(self) -> list[dict[str, Any]]:
        """What was raced: the folder, the words and the options of each race."""
        noted = self.runner.parent / "left.raced"
        return [json.loads(line) for line in noted.read_text().splitlines()] if noted.exists() else []

    @property
    def summary(self) -> str:
        """The job's summary."""
        return (self.runner.parent / "summary.md").read_text()


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """Lay out a checkout of a project, two commits long."""
    return lay_out_runner(tmp_path)


def make_tree(runner: Path) -> None:
    """Make both commits of a checkout ones of Runoff."""
    worker = runner / "runoff" / "measure" / "worker.py"
    worker.parent.mkdir(parents=True)
    worker.touch()
    git("add", "runoff", folder=runner)
    git("commit", "--quiet", "--message", "a tree", folder=runner)
    git("commit", "--quiet", "--allow-empty", "--message", "its head", folder=runner)


def test_a_race_without_a_base_is_reported_though_it_failed(runner):
    """The options reach the race; the table of what was measured is in the summary, and the job ends with an error."""
    job = Job(runner, {"model": "shop:build", "options": "--launches 3  --rounds 9"})
    assert job.step("Install").returncode == 0
    done = job.step("Race", RACE_ENDS_WITH="8")
    assert done.returncode == 0, done.stderr
    (raced,) = job.raced
    assert raced["words"][:4] == ["--launches", "3", "--rounds", "9"]
    assert (raced["RUNOFF_MODEL"], raced["RUNOFF_CONTENDERS"], raced["folder"]) == ("shop:build", "", str(runner))
    assert job.outputs["verdict"] == ""
    assert "| contender |" in job.summary
    assert (Path(job.outputs["results"]) / "runoff.json").exists()
    failed = job.step("Fail")
    assert (failed.returncode, "exit code 8" in failed.stdout) == (1, True)
    assert job.step("Fail", RACED="0").returncode == 0


def test_a_projects_base_is_raced_from_its_own_tree_and_what_is_worse_fails(runner):
    """Both trees are raced with the same options; a head that is proven to be slower ends the job, after its table."""
    (runner.parent / "left" / "runoff.json").write_text(json.dumps(race(1.2)))
    (runner.parent / "left-of-base").mkdir()
    (runner.parent / "left-of-base" / "runoff.json").write_text(json.dumps(race()))
    job = Job(runner, {"base": "HEAD^1", "fail-above": "5%", "contenders": "onnxruntime"})
    done = job.step("Race")
    assert done.returncode == 0, done.stderr
    base, head = job.raced
    assert (Path(base["folder"]).name, head["folder"]) == ("base", str(runner))
    assert base["RUNOFF_CONTENDERS"] == head["RUNOFF_CONTENDERS"] == "onnxruntime"
    assert job.outputs["verdict"] == "9"
    assert "slower" in job.summary
    assert str(runner.parent) not in job.summary
    failed = job.step("Fail")
    assert (failed.returncode, "proven to be worse" in failed.stdout) == (1, True)
    assert git("worktree", "list", folder=runner).count("\n") == 1  # the base's is gone


def test_a_tree_of_runoffs_races_its_base_in_one_run(runner):
    """In a checkout of Runoff, the base is a tree of the same run; a run that its control disowns proves nothing."""
    make_tree(runner)
    invalid = race(1.2)
    invalid["machine_info"]["runoff"]["control"] |= {"value": 1.2, "low": 1.18, "high": 1.22}
    (runner.parent / "left" / "runoff.json").write_text(json.dumps(invalid))
    job = Job(runner, {"base": "HEAD^1", "fail-above": "5%", "contenders": "onnxruntime"})
    done = job.step("Race")
    assert done.returncode == 0, done.stderr
    (raced,) = job.raced
    assert raced["words"][2:4] == ["--reference", "onnxruntime@base"]
    assert raced["words"][0] == "--tree"
    assert job.outputs["verdict"] == "5"
    ended = job.step("Fail")
    assert (ended.returncode, "invalid by its control" in ended.stdout) == (0, True)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"fail-above": "5%"}, "give base too"),
        ({"base": "--upload-pack=touch"}, "is an option"),
        ({"base": "no-such-branch"}, "origin has none of this name"),
        ({"base": "HEAD^1", "requirements": "ci.txt", "contenders": "pytorch"}, "base HEAD^1 has no file ci.txt"),
        ({"base": "HEAD^1", "contenders": "pytorch,onnxruntime"}, "contenders names one contender"),
        ({"base": "HEAD^1"}, "contenders names one contender"),
    ],
    ids=["no base", "option", "unknown", "no requirements", "two contenders", "no contender"],
)
def test_what_can_not_be_raced_is_refused_first(runner, inputs, said):
    """The reason is an error of the job's, and nothing is raced."""
    if said.startswith("contenders"):
        make_tree(runner)
    job = Job(runner, inputs)
    done = job.step("Race")
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not job.raced


def test_a_bases_packages_race_in_an_environment_of_their_own(runner):
    """What the base's requirements name is installed apart, and is the reference of the one run."""
    (runner / "requirements.txt").write_text("onnxruntime==1.23.2\n")
    git("add", "requirements.txt", folder=runner)
    git("commit", "--quiet", "--message", "requirements", folder=runner)
    (runner.parent / "left" / "runoff.json").unlink()  # what was raced is not looked at here
    job = Job(runner, {"base": "HEAD", "requirements": "requirements.txt", "contenders": "onnxruntime"})
    done = job.step("Race")
    assert done.returncode == 0, done.stderr
    (raced,) = job.raced
    option, environment, *rest = raced["words"]
    assert (option, rest[:2]) == ("--environment", ["--reference", "onnxruntime@base"])
    assert re.fullmatch(rf"base={runner.parent}/runoff-\w+/packages/bin/python", environment)


def test_a_base_that_is_not_here_is_fetched(runner):
    """A branch that the checkout does not have comes from origin; the token is in no file, and no race inherits it."""
    git("push", "--quiet", "origin", "HEAD^1:refs/heads/release", folder=runner)
    (runner.parent / "left" / "runoff.json").unlink()  # what was raced is not looked at here
    job = Job(runner, {"base": "release"})
    done = job.step("Race")
    assert done.returncode == 0, done.stderr
    assert [Path(each["folder"]).name for each in job.raced] == ["base", "checkout"]
    assert job.outputs == {"raced": "0", "verdict": ""}
    assert TOKEN not in (runner / ".git" / "config").read_text() + done.stdout + done.stderr
    assert [each["GITHUB_TOKEN"] for each in job.raced] == ["", ""]


def test_the_run_is_added_to_the_branch_that_is_named(runner):
    """The run is pushed to a separate branch; one with other things than runs in it is left as it is."""
    job = Job(runner, {"history": "speed"}, {"results": str(runner / "results")})
    done = job.step("Store")
    assert done.returncode == 0, done.stderr
    remote = runner.parent / "remote.git"
    assert git("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads", folder=remote).split() == ["speed"]
    assert len(git("ls-tree", "-r", "--name-only", "speed", folder=remote).split()) == 1
    git("worktree", "remove", "--force", str(runner.parent / "runoff-history"), folder=runner)
    git("push", "--quiet", "origin", "HEAD:refs/heads/main", folder=runner)
    before = git("rev-parse", "main", folder=remote)
    refused = Job(runner, {"history": "main"}, job.outputs | {"results": str(runner / "results")}).step("Store")
    assert (refused.returncode, "holds other things than runs" in refused.stderr) == (2, True)
    assert git("rev-parse", "main", folder=remote) == before


@dataclass
class Api:
    """A stand-in for GitHub's API: its address, the comments on one pull request, and who may write."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    reads_only: bool = False
    asked: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, authorization: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Answer a request as the API documents it."""
        self.asked.append(f"{method} {path}")
        assert authorization == f"Bearer {TOKEN}"
        if method == "GET":
            page = int(path.rpartition("page=")[2])
            return 200, self.comments[(page - 1) * 100 : page * 100]
        if self.reads_only:
            return 403, {"message": "Resource not accessible by integration"}
        if method == "POST":
            assert path == "/repos/us/shop/issues/7/comments"
            self.comments.append({"id": len(self.comments), "user": {"type": "Bot"}, **body})
            return 201, self.comments[-1]
        self.comments[int(path.rpartition("/")[2])] |= body
        return 200, {}


@contextmanager
def serving(api: Api) -> Iterator[Api]:
    """Serve it on loopback while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            code, answer = api.answer(self.command, self.path, self.headers["Authorization"], json.loads(sent or b"{}"))
            text = json.dumps(answer).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = handle_one  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def comment(runner: Path, api: Api, text: str, *, event: str = '{"pull_request": {"number": 7}}') -> Done[str]:
    """Run the step that comments."""
    (runner.parent / "event.json").write_text(event)
    (runner.parent / "table.md").write_text(text)
    job = Job(runner, {"contenders": "onnxruntime"}, {"table": str(runner.parent / "table.md")})
    runners = {"GITHUB_API_URL": api.url, "GITHUB_REPOSITORY": "us/shop", "GITHUB_JOB": "race"}
    done = job.step("Comment", GITHUB_EVENT_PATH=str(runner.parent / "event.json"), **runners)
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr
    assert TOKEN not in done.stdout + done.stderr
    return done


def test_one_comment_is_written_and_then_replaced(runner):
    """Of many comments its own is found again; what somebody else wrote with the same mark is left alone."""
    mark = "<!-- runoff: onnxruntime race -->"
    others = [{"id": number, "user": {"type": "User"}, "body": f"{mark}\nfaster"} for number in range(100)]
    with serving(Api(comments=[dict(other) for other in others])) as api:
        comment(runner, api, "first")
        comment(runner, api, "second " + "x" * 70_000)
    assert api.comments[:100] == others
    (own,) = api.comments[100:]
    assert own["body"].startswith(f"{mark}\nsecond xxx")
    assert len(own["body"]) < 65_536
    assert "in the job's summary" in own["body"]
    assert [each.split()[0] for each in api.asked] == ["GET", "GET", "POST", "GET", "GET", "PATCH"]


def test_without_leave_to_write_the_job_goes_on(runner):
    """A token that only reads, an API that can't be reached, and a push: each is said, and fails nothing."""
    with serving(Api(reads_only=True)) as api:
        assert "::warning title=Runoff::The comment could not be written (403 " in comment(runner, api, "x").stdout
        before = len(api.asked)
        assert "nothing to comment on" in comment(runner, api, "x", event="{}").stdout
        assert len(api.asked) == before
    assert "could not be written (URLError)" in comment(runner, api, "x").stdout


def test_the_action_takes_no_expression_into_a_shell_and_documents_its_inputs():
    """Inputs reach the steps as variables, each is in docs/ci.md, and what a step uses is an input that there is."""
    documented = (ROOT / "docs" / "ci.md").read_text()
    assert all(f"`{name}`" in documented for name in ACTION["inputs"])
    assert not [step for step in STEPS.values() if "${{" in step["run"]]
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text()))
    assert used == set(ACTION["inputs"])
