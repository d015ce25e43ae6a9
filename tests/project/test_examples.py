"""Do the examples of README and docs/ work: is each command one that there is, does each file hold what it is said to?

What reads stored runs is run, on runs that are made for it. What measures takes minutes and frameworks: its options are
read as it reads them itself, and other tests run it.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from pages.blocks import block_of
from runoff.__main__ import main, make_parser
from runoff.environments.outside import parse_backend, read_offers
from runoff.errors import Exit
from runoff.model.inputs.preprocessing_fields import read_field_file, read_fields
from runoff.options.file import find_option_file
from runoff.options.layers import given_on, settled
from tests.builders.drawing import charts, drawn
from tests.builders.fleets import four_strata, store_fleet
from tests.builders.stored_runs import make_stored_run
from tests.checking.test_template import BLOCK, FILES
from tests.compare.test_within import race
from tests.conftest import ROOT

__all__ = ["charts", "drawn"]

pytestmark = pytest.mark.long

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPLIT = {"|", "||", "&&", ";", ";;", "(", ")", "&"}
INTO_A_FILE = {">", ">>"}
OUTSIDE = {
    "git": "it needs a repository with this history",
    "pip": "it needs a package index",
    "venv": "it needs another Python",
    "docker": "it needs Docker and minutes",
    "kubectl": "it needs a cluster",
    "sbatch": "it needs a cluster",
    "curl": "it needs the page, which tests/webui/ starts",
    "cd": "it is the shell's",
    "source": "it is the shell's",
    "for": "it is the shell's",
    "done": "it is the shell's",
}
"""Commands that are not tried, and why."""
READS = ("report", "compare", "history", "merge", "plan")
"""Commands of runoff that measure nothing: they are run."""
PYTEST = ("compare", "field", "service", "service-field", "conversion")
"""Environments of tox whose words after -- are the suite's options."""


@dataclass(frozen=True)
class Block:
    """A piece of a page that is set apart as code: its language and its text."""

    page: str
    language: str
    text: str

    def __str__(self) -> str:
        """Name it by its first words."""
        return f"{self.page}, {self.text.splitlines()[0][:40]}"


BLOCKS = [
    Block(page.name, *found.groups()) for page in PAGES for found in FENCED.finditer(page.read_text(encoding="utf-8"))
]


def simple_commands(line: str) -> Iterator[list[str]]:
    """Yield the commands of a line of a shell without what they are joined by, and without files they are sent to."""
    lexer = shlex.shlex(re.sub(r"(^|\s)#.*", "", line), posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    skip = False
    for word in [*lexer, ";"]:
        if word in SPLIT:
            if words:
                yield words
            words = []
        elif word in INTO_A_FILE or skip:
            skip = word in INTO_A_FILE
        elif words or not (word == "do" or re.match(r"[A-Z_]+=", word)):
            words.append(word.replace("$feature", "genoa"))


def commands_of(block: Block) -> Iterator[list[str]]:
    """Yield the commands of a block that a shell would run: lines after a $, and the run and script of workflows."""
    if block.language == "console":
        lines = block.text.replace("\\\n", " ").splitlines()
        found = [line[2:] for line in lines if line.startswith("$ ") and not line.startswith("$ case ")]
    elif block.language == "yaml":
        found = re.findall(r"\b(runoff (?:plan|merge|race|compare|report) [^)\"\n]*)", block.text)
    else:
        found = []
    for line in found:
        yield from simple_commands(line)


COMMANDS = {
    f"{block.page}: {shlex.join(command)}": command
    for block in BLOCKS
    if block.language in ("console", "yaml")
    for command in commands_of(block)
}


def program_of(words: list[str]) -> tuple[str, list[str]]:
    """Return what a command starts and what that is given: a module of Python by its name."""
    if re.fullmatch(r"python[\d.]*", Path(words[0]).name) and words[1] == "-m":
        return words[2], words[3:]
    return Path(words[0]).name, words[1:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that the examples read: stored runs by their names, a fleet, a backend."""
    place = tmp_path_factory.mktemp("examples") / "here"
    run = json.dumps(make_stored_run())
    for name in ("base.json", "service.json", "BASE.json", "HEAD.json", "results/runoff.json"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(run)
    for name in (".runoff/storage/compare", "other-machine", "../base-results"):
        (place / name).mkdir(parents=True)
        (place / name / "runoff.json").write_text(run)
    store_fleet(place / "fleet", four_strata())
    (place / "../base").symlink_to(ROOT)
    for name in ("1.18", "1.32", "py313"):
        (place / "environments" / name / "bin").mkdir(parents=True)
        (place / "environments" / name / "bin" / "python").symlink_to(sys.executable)
    (place / "classes.txt").write_text("cat\ndog\n")
    (place / "labels.csv").write_text("cat/1.jpg,cat\n")
    for name in ("training.pt", "resnet18.pth", "model.onnx", "tagger.onnx"):
        (place / name).write_text("")
    (place / "newruntime.py").write_text(FILES["runoff_newruntime/backend.py"])
    return place


@pytest.mark.parametrize("example", COMMANDS)
def test_every_command_is_one_that_there_is(example, folder, monkeypatch, capsys):
    """A command that reads stored runs succeeds on made ones; of one that measures, the options are taken."""
    monkeypatch.chdir(folder)
    program, words = program_of(COMMANDS[example])
    if program == "runoff":
        command, *rest = words
        if command == "compare" and rest[0] == "results/runoff.json":
            (folder / "within.json").write_text(json.dumps(race(1.0)))
            words = ["compare", "within.json", *rest[1:]]
        assert command not in READS or main(words) == Exit.DONE
        make_parser().parse_args(words)
        if command == "race":
            given_on(rest)
    elif program == "tox":
        assert words[0] == "-e"
        environments = block_of((ROOT / "docs" / "environments.md").read_text(encoding="utf-8"), "environments")
        assert f"| `{words[1]}` |" in environments
        if words[1] in PYTEST and words[2:]:
            assert words[2] == "--"
            given_on(words[3:])
    elif program == "pytest":
        assert words[0] == "benchmarks/"
        given_on(words[1:])
    else:
        assert program in OUTSIDE


def test_scripts_that_ask_for_an_exit_code_stop_where_something_is_worse():
    """The gate of docs/exit-codes.md and the script of docs/ci.md fail on 9 alone, and the first on a crash too."""
    (gate,) = [block.text for block in BLOCKS if block.page == "exit-codes.md"]
    script = "".join(line.removeprefix("$ ") for line in gate.splitlines(keepends=True))
    (ci,) = [block.text for block in BLOCKS if block.language == "bash"]
    for code, of_gate, of_ci in ((0, 0, 0), (3, 0, 0), (5, 1, 0), (9, 1, 9), (1, 1, 1)):
        stand_ins = (
            f"python() {{ return {code}; }}\ngit() {{ :; }}\ncd() {{ :; }}\n"
            f'runoff() {{ [ "$1" = race ] || return {code}; }}\n'
        )
        for text, expected in ((script, of_gate), (ci, of_ci)):
            done = subprocess.run(["/bin/bash", "-c", stand_ins + text], capture_output=True, check=False)
            assert done.returncode == expected, (text, code, done.stderr)


def test_option_files_are_taken(tmp_path):
    """The options of docs/options.md are options with values that they take, in runoff.toml and in pyproject.toml."""
    (text,) = [block.text for block in BLOCKS if (block.page, block.language) == ("options.md", "toml")]
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    (tmp_path / "one" / "runoff.toml").write_text(text)
    (tmp_path / "two" / "pyproject.toml").write_text(f"[tool.runoff]\n{text}")
    for place in ("one", "two"):
        found = settled({}, {}, find_option_file(tmp_path / place))
        assert found["launches"].value == 5
        assert found["require_agreement"].value is True


def test_preprocessing_files_are_taken(tmp_path):
    """The file of docs/models.md has every field, each with a value that it takes."""
    (text,) = [block.text for block in BLOCKS if (block.page, block.language) == ("models.md", "toml")]
    (tmp_path / "preprocessing.toml").write_text(text)
    found = read_fields(read_field_file(tmp_path / "preprocessing.toml"))
    assert found["crop"] == (224, 224)


def test_workflows_fit_together():
    """The workflows of the pages have steps that run or use something, jobs that need jobs, and the action's inputs."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    flows = [yaml.load(block.text, yaml.BaseLoader) for block in BLOCKS if block.language == "yaml"]  # noqa: S506
    jobs = [flow["jobs"] for flow in flows if "jobs" in flow]
    assert len(flows) == len(jobs) + 1  # GitLab's has a script
    assert all(flow["race"]["script"] for flow in flows if "jobs" not in flow)
    for flow in jobs:
        for job in flow.values():
            assert job["runs-on"]
            assert job.get("needs", next(iter(flow))) in flow
            assert all(("run" in step) != ("uses" in step) for step in job["steps"])
            ours = [step for step in job["steps"] if "runoff@" in step.get("uses", "")]
            assert all(set(step["with"]) <= set(action["inputs"]) for step in ours)
            named = set(re.findall(r"steps\.runoff\.outputs\.(\w+)", json.dumps(job)))
            assert named <= set(action["outputs"])


def test_backends_of_the_pages_declare_what_they_must(tmp_path):
    """The skeleton on docs/backends.md declares a backend; the repository beneath it has tests of its own."""
    templates = {found["text"] for found in BLOCK.finditer((ROOT / "docs" / "backends.md").read_text())}
    (skeleton,) = [block.text for block in BLOCKS if block.language == "python" and block.text not in templates]
    file = tmp_path / "newruntime.py"
    file.write_text(skeleton)
    (found,) = read_offers([parse_backend(str(file))]).values()
    assert not found.broken
    assert found.REQUIRES == ("newruntime",)


def test_no_example_is_left_out():
    """Every piece of code of the pages is of a kind that is tried above; a text is what a program printed."""
    assert {block.language for block in BLOCKS} <= {"console", "yaml", "bash", "toml", "python", "text"}
    assert {block.page for block in BLOCKS if block.language == "toml"} == {"backends.md", "models.md", "options.md"}
    assert {block.page for block in BLOCKS if block.language == "python"} == {"backends.md"}
    assert {block.page for block in BLOCKS if block.language == "text"} == {"fleet.md"}  # tests/fleet/ compares it
    assert len(COMMANDS) > 60
