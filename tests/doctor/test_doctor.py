"""``python -m runoff doctor`` as a user runs it: what it prints, writes, refuses, and leaves alone."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from runoff.__main__ import main
from runoff.doctor.command import ERASE_LINE
from runoff.doctor.findings import inspect_machine
from runoff.doctor.text import WIDTH
from runoff.environments import discovery
from runoff.environments.inherited import inherited_variables
from runoff.errors import Exit
from runoff.processes.process import call
from runoff.processes.surroundings import Surroundings
from runoff.processor import read_processor
from runoff.stored.processor import processor_title
from tests.builders.declarations import declared
from tests.children import PATIENCE, child
from tests.conftest import ROOT
from tests.environments.test_cpus import write
from tests.lanes import in_full
from tests.project.test_layers import FRAMEWORKS
from tests.waiting import all_end, is_ready

pytestmark = pytest.mark.long

SECTIONS = (
    "What is here",
    "What the machine allows",
    "How noisy it is right now",
    "What would make the numbers better",
)


ANSWERED = """
import json, pathlib, sys
from runoff.environments import discovery
from runoff.environments.inherited import inherited_variables
answer = json.loads(pathlib.Path(sys.argv[1]).read_text())
discovery.call = lambda *_, **__: answer
from runoff.__main__ import main
sys.exit(main(["doctor", *sys.argv[2:]]))
"""
"""The doctor as ``python -m runoff doctor`` runs it, but for its question to this interpreter, which is answered."""


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """What interpreters answered, by what they were asked."""
    return {}


@pytest.fixture(autouse=True)
def asked_once(answers: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask each interpreter the same once for all tests: it reads the records of all that is installed."""

    def ask(function: str, arguments: dict[str, Any], *, surroundings: Surroundings, **named: Any) -> Any:
        question = json.dumps([function, arguments, str(surroundings.interpreter)])
        if question not in answers:
            answers[question] = call(function, arguments, surroundings=surroundings, **named)
        return answers[question]

    monkeypatch.setattr(discovery, "call", ask)


@pytest.fixture
def answered(answers: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> list[str]:
    """Give the command of a doctor in a separate process that knows what this interpreter answers."""
    assert run(capsys, "--seconds", "0")[0] == 0
    (answer,) = (answer for question, answer in answers.items() if sys.executable in json.loads(question))
    file = tmp_path / "answer.json"
    file.write_text(json.dumps(answer))
    return [sys.executable, "-c", ANSWERED, str(file)]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command and return its exit code and what it printed."""
    code = main(["doctor", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.fixture
def working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that temporary files go to."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.full
def test_text_and_json_say_the_same(capsys, tmp_path: Path) -> None:
    """Every section is printed in order within 100 columns; the JSON holds the same findings and advice."""
    path = tmp_path / "doctor.json"
    code, out, err = run(capsys, "--seconds", "0", "--json", str(path), "--environment", f"twin={sys.executable}")
    assert (code, err) == (0, "")
    places = [out.index(f"{title}\n{'-' * len(title)}\n") for title in SECTIONS]
    assert places == sorted(places)
    assert max(map(len, out.splitlines())) <= WIDTH
    found = json.loads(path.read_text())
    assert found["schema"] == 4
    assert found["noise"] is None
    assert [each["name"] for each in found["environments"]] == ["here", "twin"]
    plain = " ".join(out.split())
    for sentence in found["advice"]:
        assert " ".join(sentence.split()) in plain
    for environment in found["environments"]:
        assert (
            f"{environment['name']}: Python {environment['python']}, numpy {environment['numpy']['version']}" in plain
        )
        for backend in environment["backends"]:
            assert f"{backend['name']} {'can' if backend['missing'] else 'runs'}" in plain
    assert processor_title(read_processor()) in plain
    assert found["machine"]["processor"]["flags"] == list(read_processor().flags)


@pytest.mark.full
def test_a_short_race_is_part_of_it(capsys, tmp_path: Path) -> None:
    """With seconds to spend, the race of two equals is in the text and in the JSON."""
    path = tmp_path / "doctor.json"
    code, out, _ = run(capsys, "--seconds", "0.1", "--json", str(path))
    noise = json.loads(path.read_text())["noise"]
    assert code == 0
    assert noise["ratio"]["launches"] >= 2
    assert f"{noise['ratio']['launches']} launches of {noise['rounds']} rounds on {noise['threads']} threads" in out
    assert f"verdict           {noise['state']}: " in out


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("x=/nowhere/python", "no Python interpreter at /nowhere/python"),
        ("here=/bin/sh", "expected NAME=PYTHON"),
        ("nothing", "expected NAME=PYTHON"),
    ],
)
def test_an_environment_that_is_none(capsys, given: str, words: str) -> None:
    """A bad --environment is refused before anything is done, in argparse's words and with what is wrong."""
    with pytest.raises(SystemExit) as left:
        main(["doctor", "--environment", given])
    assert left.value.code == 2
    assert f"argument --environment: {words}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "ends", "words"),
    [
        (["a=/bin/sh", "a=/bin/sh"], Exit.USAGE, "twice"),
        *in_full((["notpython=/bin/false"], Exit.FAILED, "environment notpython: the process ended")),
    ],
)
def test_an_environment_that_cannot_be_used(capsys, working: Path, given: list[str], ends: Exit, words: str) -> None:
    """One that is named twice, or is no Python, gives one line and its exit code; a log that it names is there."""
    arguments = [part for each in given for part in ("--environment", each)]
    code, out, err = run(capsys, "--seconds", "0", *arguments)
    assert (code, out) == (ends, "")
    assert err.startswith("runoff: ")
    assert words in err
    assert err.count("\n") == 1
    if "(log: " in err:
        assert Path(err.partition("(log: ")[2].partition(")")[0]).is_relative_to(working)
        assert Path(err.partition("(log: ")[2].partition(")")[0]).is_file()


def test_an_environment_without_numpy_is_described(capsys, tmp_path: Path) -> None:
    """Where no worker could run, the doctor says so and how to mend it, beside what is here."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    bare = tmp_path / "bare" / "bin" / "python"
    code, out, _ = run(capsys, "--seconds", "0", "--environment", f"bare={bare}")
    plain = "".join(out.split())
    assert code == 0
    assert "bare:Python" in plain
    assert "environmentbarehasnonumpy,whicheveryworkerneeds" in plain
    assert f"{bare}-mpipinstallnumpy" in plain


def test_nothing_is_left_behind(capsys, working: Path) -> None:
    """A doctor that came to its end leaves no file."""
    assert run(capsys, "--seconds", "0")[0] == 0
    assert not list(working.iterdir())


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "soon"])
def test_seconds_that_are_none(capsys, text: str) -> None:
    """What is no number of seconds is refused before anything is done."""
    with pytest.raises(SystemExit) as left:
        main(["doctor", f"--seconds={text}"])
    assert left.value.code == 2
    assert "expected a duration" in capsys.readouterr().err


def test_json_that_cannot_be_written(capsys) -> None:
    """The text is printed all the same, and the path is named."""
    code, out, err = run(capsys, "--seconds", "0", "--json", "/dev/null/doctor.json")
    assert code == Exit.UNWRITABLE
    assert SECTIONS[0] in out
    assert err.startswith("runoff: /dev/null/doctor.json can't be written (Not a directory); ")


def test_no_framework_is_imported(answered: list[str]) -> None:
    """Looking for every framework loads none of them into the doctor's own process."""
    python, _, program, answer = answered
    told = f"import atexit, sys\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\n{program}"
    command = [python, "-c", told, answer, "--seconds", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "What is here" in done.stdout
    loaded = set(done.stderr.split())
    assert "runoff" in loaded
    assert not loaded & FRAMEWORKS


def children_of(parent: int) -> list[int]:
    """Name the processes that a process started."""
    children = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(number) for number in children.read_text().split()]


def is_alive(process: int) -> bool:
    """Whether a process has not ended, as one has that its parent has not waited for yet (proc(5))."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"


def test_an_interrupt_ends_it_cleanly(answered: list[str]) -> None:
    """Ctrl-C gives one line, exit code 130 and no traceback, and leaves no worker behind."""
    ours, terminal = pty.openpty()
    doctor = child(
        [*answered, "--seconds", "60"], patience=180, cwd=ROOT, stdout=subprocess.PIPE, stderr=terminal, text=True
    )
    with all_end() as watch, os.fdopen(ours, "rb", buffering=0) as screen, doctor as process:
        os.close(terminal)
        said = b""
        while b"racing two equals" not in said:
            assert is_ready(screen.fileno(), PATIENCE), f"the doctor does not race; it said {said!r}"
            said += screen.read(1 << 16)
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        workers = [worker for worker in children_of(process.pid) if is_alive(worker)]  # others await their parent
        for worker in workers:
            watch(worker)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        assert (process.wait(PATIENCE), process.stdout.read()) == (Exit.INTERRUPTED, "")
        last_lines = screen.read(1 << 16).decode().split(ERASE_LINE)[-2:]
    assert last_lines == ["runoff: interrupted\r\n", ""]
    assert workers


def test_variables_that_tell() -> None:
    """A variable counts by a whole word of its name, or because a backend sets it; others are left out."""
    backends = {"machine": declared(ENVIRONMENT={"ENGINE_LEVEL": "2"}), "other": declared(ENVIRONMENT={})}
    given = {
        "OMP_NUM_THREADS": "1",
        "XY_ENABLE_ONEDNN_OPTS": "0",
        "LD_PRELOAD": "/lib/x.so",
        "ENGINE_LEVEL": "0",
        "COMPOSE_FILE": "x",
        "PROMPT": "$",
        "HOME": "/root",
    }
    found = inherited_variables(given, backends)
    assert {each.name: each.replaced_for for each in found} == {
        "ENGINE_LEVEL": ("machine",),
        "LD_PRELOAD": (),
        "OMP_NUM_THREADS": (),
        "XY_ENABLE_ONEDNN_OPTS": (),
    }
    assert {each.name: each.value for each in found} == {each.name: given[each.name] for each in found}


def test_a_made_up_machine_is_read_from_its_folders(tmp_path: Path) -> None:
    """What psutil and the CPU's name do not say comes from the folder that was given."""
    cpus = "sys/devices/system/cpu"
    siblings = {f"{cpus}/cpu{number}/topology/thread_siblings_list": "all" for number in os.sched_getaffinity(0)}
    files = {
        "proc/self/cgroup": "0::/\n",
        f"{cpus}/smt/active": "1",
        f"{cpus}/cpu0/cpufreq/scaling_governor": "powersave",
        "sys/fs/cgroup/cpu.max": "150000 100000",
        "sys/fs/cgroup/memory.max": "4096",
        "sys/fs/cgroup/cpu.stat": "nr_periods 4\nnr_throttled 2\n",
        "sys/class/power_supply/B/type": "Battery",
        "sys/class/power_supply/B/status": "Discharging",
    }
    write(tmp_path, files | siblings)
    found = inspect_machine({}, {}, high_priority=False, system=tmp_path)
    assert (found.threads.quota, found.threads.cores, found.simultaneous_threads) == (1.5, 1, True)
    assert (found.policy.governors, found.throttling.throttled, found.battery) == (("powersave",), 2, True)
    assert (found.memory.limit, len(found.load)) == (4096, 3)
    assert not found.high_priority
    assert not found.variables
