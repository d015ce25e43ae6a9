"""Is every model raced once, resumed where it ended, and kept apart from the failures of others?"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from runoff.across import racing
from runoff.across.journal import JOURNAL, read_attempts, read_entries
from runoff.across.model_list import Architecture
from runoff.across.racing import Plan, last_words, race_models, run_within
from tests.builders.many_models import make_model_run
from tests.waiting import HARDLY, told_through

GIT = shutil.which("git")
MODELS = ("first", "timm:second", "third")


@pytest.fixture
def plan(tmp_path):
    """Three models, the last one slow to convert for TensorFlow."""
    chosen = (Architecture("first", "A", 10), Architecture("timm:second", "B", 10), Architecture("third", "C", 500))
    return Plan(chosen, ("pytorch", "onnxruntime", "tensorflow"), 5, 10, 2, tmp_path / "models", 3600.0, 600.0)


class Suite:
    """Stands in for runs of the suite: notes their arguments, and stores a run, or says why not, by the model."""

    def __init__(self) -> None:
        self.calls: list[dict[str, str]] = []
        self.fails: dict[str, tuple[int | None, str]] = {}
        self.seconds = 0.0
        self.clock = 0.0

    def __call__(self, command, output, seconds):
        """Run the suite, which takes as long as the test says."""
        asked = dict(pairwise(command))
        self.calls.append({**asked, "within": seconds})
        self.clock += self.seconds
        model = asked["--model"]
        code, said = self.fails.get(model, (0, "fine"))
        output.write_text(said)
        if model not in self.fails:
            run = make_model_run(model, {"onnxruntime": 0.7})
            (Path(asked["--results"]) / "runoff.json").write_text(json.dumps(run))
        return code

    @property
    def models(self):
        """The models that were raced, in order."""
        return [call["--model"] for call in self.calls]


@pytest.fixture
def suite(monkeypatch):
    """Let runs be imagined, at a revision and by a clock of the test's."""
    stand_in = Suite()
    monkeypatch.setattr(racing, "run_within", stand_in)
    monkeypatch.setattr(racing, "revision", lambda: "abc123")
    monkeypatch.setattr(racing, "time", SimpleNamespace(monotonic=lambda: stand_in.clock))
    return stand_in


def entries(plan):
    """Read what is stored of the plan's models."""
    return {entry.architecture.model: entry for entry in read_entries(plan.folder, MODELS, plan.contenders)}


def test_each_model_is_one_run_of_the_suite_with_random_weights(plan, suite):
    """A run has the options of the plan, leaves out who is slow to convert, and stores into the model's own folder."""
    race_models(plan, lambda text: None)
    assert suite.models == list(MODELS)
    first, second, third = suite.calls
    assert first["-m"] == "pytest"
    assert (first["--weights"], first["--launches"], first["--rounds"], first["--threads"]) == (
        "random",
        "5",
        "10",
        "2",
    )
    assert first["--contenders"] == "pytorch,onnxruntime,tensorflow"
    assert third["--contenders"] == "pytorch,onnxruntime"
    assert second["--results"] == str(plan.folder / "timm-second")
    assert all(entry.run and entry.run.model.name == model for model, entry in entries(plan).items())


def test_what_is_stored_is_not_raced_again(plan, suite):
    """A second call races nothing; another revision and other options race everything."""
    race_models(plan, lambda text: None)
    said = []
    race_models(plan, said.append)
    assert suite.models == list(MODELS)
    assert said == ["3 models have a stored run already"]
    race_models(Plan(**vars(plan) | {"rounds": 11}), said.append)
    assert suite.models == [*MODELS, *MODELS]


def test_another_revision_is_raced_anew(plan, suite, monkeypatch):
    """A stored run of another commit is none of this one."""
    race_models(plan, lambda text: None)
    monkeypatch.setattr(racing, "revision", lambda: "def456")
    race_models(plan, lambda text: None)
    assert suite.models == [*MODELS, *MODELS]


def test_a_model_that_fails_is_a_row_and_is_tried_again(plan, suite):
    """Its reason and exit code are kept, the others are raced, and the next call races it alone."""
    suite.fails["first"] = (4, "rootdir: here\nERROR: UnknownModel: there is no model 'first'\n")
    race_models(plan, lambda text: None)
    assert suite.models == list(MODELS)
    found = entries(plan)
    assert found["first"].run is None
    assert found["first"].reason == "UnknownModel: there is no model 'first' (exit code 4; first/output.txt)"
    assert found["third"].run is not None
    suite.fails.clear()
    race_models(plan, lambda text: None)
    assert suite.models[3:] == ["first"]
    assert entries(plan)["first"].run is not None


def test_a_failed_attempt_leaves_no_older_run(plan, suite):
    """What was stored at another revision is not shown as this one's."""
    race_models(plan, lambda text: None)
    suite.fails["third"] = (1, "E  broken")
    race_models(Plan(**vars(plan) | {"launches": 6}), lambda text: None)
    assert entries(plan)["third"].run is None


def test_a_model_that_takes_too_long_is_ended(plan, suite):
    """It is a row that says so; what it may have stored on its way is not taken for a run."""
    suite.fails["first"] = (None, "")
    race_models(plan, lambda text: None)
    assert entries(plan)["first"].reason == "it was not done within 600 s, and was ended"
    assert suite.calls[0]["within"] == 600


def test_the_whole_has_a_bound_in_time(plan, suite):
    """No model is begun that would not end within it by what those before took, and what is open is said to be so."""
    suite.seconds, said = 700.0, []
    race_models(Plan(**vars(plan) | {"max_time": 1000.0}), said.append)
    assert suite.models == ["first"]
    assert said[-1] == "the time is over with 2 models to go; run it again to go on from here"
    assert entries(plan)["third"].reason == "not tried yet; run it again to go on from here"
    race_models(Plan(**vars(plan) | {"max_time": 1100.0}), said.append)
    assert suite.models == ["first", "timm:second"]
    assert suite.calls[-1]["within"] == 600


def test_progress_says_what_runs_and_how_long_still(plan, suite):
    """Each line has the place, the model, and an estimate from the models before."""
    suite.seconds, said = 120.0, []
    suite.fails["timm:second"] = (1, "no such thing")
    race_models(plan, said.append)
    assert said[0] == "1 of 3: first (the first one)"
    assert said[1:3] == ["first took 120 s", "2 of 3: timm:second (about 4 min to go)"]
    assert said[3] == "timm:second took 120 s: no such thing (exit code 1; timm-second/output.txt)"


def test_a_journal_that_was_cut_off_is_read_as_far_as_it_goes(plan, suite):
    """A line that is not whole, or no attempt, costs the model that it was about and no other."""
    race_models(plan, lambda text: None)
    journal = plan.folder / JOURNAL
    journal.write_text(journal.read_text()[:-20] + '\n[]\n{"model": "x"}\n')
    assert list(read_attempts(plan.folder)) == list(MODELS[:2])


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ("a\nERROR: Wrong: x\nFAILED y\n", "Wrong: x"),
        ("FAILED test[pytorch] - no\n1 failed\n", "FAILED test[pytorch] - no"),
        ("something\n\nthe last\n", "the last"),
        ("", "it printed nothing"),
    ],
)
def test_the_reason_is_what_the_run_said_of_it(tmp_path, printed, found):
    """It is the error, else the first failure, else the last line."""
    output = tmp_path / "output.txt"
    output.write_text(printed)
    assert last_words(output) == found


def test_a_command_is_run_to_its_end(tmp_path):
    """Its exit code comes back, and what it printed is kept."""
    code = run_within([sys.executable, "-c", "print('here'); raise SystemExit(3)"], tmp_path / "out.txt", 60)
    assert (code, (tmp_path / "out.txt").read_text()) == (3, "here\n")


@pytest.mark.long
def test_a_command_that_does_not_end_is_interrupted(tmp_path, monkeypatch):
    """It is given the chance to clear up after itself, as with Ctrl-C."""
    program = (
        "import pathlib, sys, time\ntry:\n    pathlib.Path(sys.argv[1]).write_text('ready')\n    time.sleep(600)\n"
        "except KeyboardInterrupt:\n    print('cleared up')\n"
    )
    wait = subprocess.Popen.wait
    with told_through(tmp_path / "word") as word:

        def wait_once_ready(process, timeout=None):
            """Let its time begin when it is ready, however long a busy machine takes to start it."""
            if timeout == HARDLY:
                assert word() == "ready"
            return wait(process, timeout)

        monkeypatch.setattr(subprocess.Popen, "wait", wait_once_ready)
        command = [sys.executable, "-c", program, str(tmp_path / "word")]
        assert run_within(command, tmp_path / "out.txt", HARDLY) is None
    assert (tmp_path / "out.txt").read_text() == "cleared up\n"


def test_a_revision_names_the_commit_and_says_whether_files_differ(tmp_path, monkeypatch):
    """Where there is no repository it is empty."""
    monkeypatch.chdir(tmp_path)
    assert racing.revision() == ""
    for words in (["init", "-q"], ["config", "user.email", "a@b"], ["config", "user.name", "a"]):
        subprocess.run([GIT, *words], check=True)
    (tmp_path / "file").write_text("one")
    subprocess.run([GIT, "add", "file"], check=True)
    subprocess.run([GIT, "commit", "-q", "-m", "one"], check=True)
    clean = racing.revision()
    assert len(clean) == 40
    (tmp_path / "file").write_text("two")
    assert racing.revision() == f"{clean} with changes"
