"""``runoff race`` from a wheel, in a folder of its user's: what it writes there, and what it ignores."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runoff.environments.race_command import pytest_words
from runoff.errors import Exit
from tests.commands.running import environment, runoff
from tests.conftest import ROOT
from tests.suite_runs import copied_suite, put_fakes_in

RACE = (
    *("--weights", "builtin", "--images", "pictures", "--reference", "fake", "--contenders", "fake,fake-slower"),
    *("--launches", "1", "--rounds", "2", "-m", "not service and not conversion"),
    *("-k", "inference or correctness"),
)
HOSTILE = {
    "pytest.ini": "[pytest]\naddopts = -n 4 --cov --no-such-option\nfilterwarnings = error\npython_files = nothing\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--no-such-option'\n\n[tool.runoff]\nseed = 7\n",
    "conftest.py": "raise RuntimeError('the conftest of the user was imported')\n",
    "fixtures.py": "raise RuntimeError('a module of the user was imported')\n",
}


def own_words(*given: str) -> list[str]:
    """Return what of pytest's words depends on the user's."""
    words = pytest_words(given, Path("/suite"), Path("/home"))
    return words[len(pytest_words((), Path("/suite"), Path("/home"))) :]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((), []),
        (("shop:build",), ["--model", "shop:build"]),
        (("--seed", "1"), ["--seed", "1"]),
        (
            ("resnet50", "--seed", "1", "--", "-k", "inference"),
            ["--model", "resnet50", "--seed", "1", "-k", "inference"],
        ),
        (("--", "resnet50", "--", "x"), ["resnet50", "--", "x"]),
    ],
)
def test_a_model_comes_first_and_the_rest_is_pytests(given, words):
    """The first word is the model where it is no option, and all others go to pytest, behind what they can replace."""
    assert own_words(*given) == words


def test_help_is_short_and_needs_no_pytest():
    """The help has examples, says where all options are, and fits a terminal of 100 columns."""
    done = runoff("race", "--help")
    assert (done.returncode, done.stderr) == (Exit.DONE, "")
    assert "runoff race -- --help" in done.stdout
    assert len(done.stdout.splitlines()) < 30
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_where_the_suites_packages_are_missing_a_line_says_what_brings_them(tmp_path):
    """Without pytest nothing is started; Runoff is not installed there either, so the line names its tree."""
    bare = [sys.executable, "-S", "-m", "runoff", "race", "--seed", "1"]
    done = subprocess.run(
        bare, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment(PYTHONPATH=str(ROOT))
    )
    assert done.returncode == Exit.FAILED
    install = f"{sys.executable} -m pip install -e '{ROOT}[suite]'"
    assert done.stderr == f"runoff: pytest is not installed here; {install} installs it\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_a_checkout_races_from_any_folder(tmp_path):
    """In another folder a checkout's own suite is collected, and an unknown option ends with the code of a mistake."""
    there = {
        "cwd": tmp_path,
        "env": environment(PYTHONPATH=str(ROOT), RUNOFF_HOME=str(tmp_path / "home"), RUNOFF_LOCKS=str(tmp_path)),
    }
    done = runoff("race", "--collect-only", "-q", "--", "-k", "inference", **there)
    assert done.returncode == Exit.DONE
    assert "benchmarks/test_inference.py::test_inference[" in done.stdout
    mistyped = runoff("race", "--lanches", "3", **there)
    assert (mistyped.returncode, "for --lanches, do you mean: --launches?" in mistyped.stderr) == (Exit.USAGE, True)
    assert runoff("race", "-k", "nothing_of_this_name", **there).returncode == Exit.USAGE
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


@dataclass(frozen=True)
class Installation:
    """An interpreter that has the packages of this one, and Runoff from a wheel in which the fakes are the backends."""

    wheel: Path
    python: Path
    pictures: Path

    def race(self, folder: Path, *arguments: str, **variables: str | None) -> subprocess.CompletedProcess[str]:
        """Race the fakes in a folder of a user's by the command that the wheel brought."""
        shutil.copytree(self.pictures, folder / "pictures", dirs_exist_ok=True)
        command = [str(self.python.with_name("runoff")), "race", *RACE, *arguments]
        ours = {"PYTHONPATH": None, "RUNOFF_LOCKS": str(folder.parent), "PYTHONDONTWRITEBYTECODE": None} | variables
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment(**ours))


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Build the wheel of a tree with the fakes, and install it beside this environment's packages."""
    root = tmp_path_factory.mktemp("tree")
    with copied_suite(root, reference="fake") as copied:
        put_fakes_in(copied)
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, root / name)
        shutil.copytree(ROOT / "webui", root / "webui")
        place = tmp_path_factory.mktemp("installed")
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
        subprocess.run(build, cwd=root, check=True, capture_output=True)
        (wheel,) = place.glob("*.whl")
        venv.create(place / "venv")
        python = place / "venv" / "bin" / "python"
        install = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(python),
            "install",
            "--no-deps",
            "--no-index",
            str(wheel),
        ]
        subprocess.run(install, check=True, capture_output=True)
        (packages,) = (place / "venv").glob("lib/python*/site-packages")
        (packages / "tests.pth").write_text(sysconfig.get_path("purelib"))
        yield Installation(wheel, python, copied.pictures)


def written(folder: Path) -> set[str]:
    """Return the files of a folder, as paths in it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.full
def test_the_wheel_has_the_suite_and_registers_no_plugin(installation):
    """Every file of the suite is packed once, and all that the wheel registers is the command."""
    with zipfile.ZipFile(installation.wheel) as wheel:
        names = wheel.namelist()
        (registered,) = (name for name in names if name.endswith("entry_points.txt"))
        assert wheel.read(registered).decode().split() == ["[console_scripts]", "runoff", "=", "runoff.__main__:main"]
    packed = {name.removeprefix("runoff/suite/") for name in names if name.startswith("runoff/suite/")}
    folders = [f"{name}/{file.name}" for name in ("benchmarks", "fixtures") for file in (ROOT / name).glob("*.py")]
    assert packed == {"conftest.py", "pytest.ini", *folders}
    assert len(names) == len(set(names))


@pytest.mark.full
def test_users_pytest_has_the_same_plugins_with_runoff_installed(installation, tmp_path):
    """Pytest lists the same plugins with and without the wheel, and collects nothing of the suite's."""
    (tmp_path / "test_own.py").write_text("def test_own():\n    pass\n")
    listed = []
    for python in (installation.python, Path(sys.executable)):
        command = [str(python), "-m", "pytest", "--trace-config", "-p", "no:cacheprovider", "test_own.py"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
        names = {line.split(":")[0].strip() for line in done.stdout.splitlines() if line.startswith("    ")}
        listed.append({name for name in names if not name.isdecimal()})
    assert {"benchmark", "terminal"} <= listed[0]
    assert listed[0] == listed[1]


@pytest.mark.full
@pytest.mark.suite
def test_an_installed_race_writes_its_results_and_nothing_else_there(installation, tmp_path):
    """The run and its page are written there, caches in RUNOFF_HOME, and nothing where the wheel is."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (packages,) = installation.python.parents[1].glob("lib/python*/site-packages/runoff")
    before = written(packages)
    done = installation.race(folder, RUNOFF_HOME=str(tmp_path / "home"))
    assert done.returncode == Exit.DONE, done.stdout + done.stderr
    assert "Stored in results/runoff.json" in done.stdout
    assert written(folder) == {"results/runoff.json", "results/index.html", "pictures/0.png", "pictures/1.png"}
    assert {path.name for path in folder.iterdir()} == {"results", "pictures"}
    run = json.loads((folder / "results" / "runoff.json").read_text())
    assert {each["fullname"].split("::")[0] for each in run["benchmarks"]} >= {"benchmarks/test_inference.py"}
    assert run["machine_info"]["runoff"]["repeat"][:2] == ["runoff", "race"]
    assert run["commit_info"]["id"] == "unversioned"
    assert {path.name for path in (tmp_path / "home").iterdir()} >= {"artifacts", "trees"}
    assert written(packages) == before


@pytest.mark.full
@pytest.mark.suite
def test_the_users_own_pytest_does_not_disturb_a_race(installation, tmp_path):
    """What configures pytest there and by variables has no effect, nor a module of a name of ours; our section has."""
    folder, cache = tmp_path / "mine", tmp_path / "cache"
    folder.mkdir()
    for name, content in HOSTILE.items():
        (folder / name).write_text(content)
    kept = {"PYTEST_ADDOPTS": "-n 4 --no-such-option", "PYTEST_PLUGINS": "no_such_plugin", "RUNOFF_HOME": None}
    done = installation.race(folder, XDG_CACHE_HOME=str(cache), **kept)
    assert done.returncode == Exit.DONE, done.stdout + done.stderr
    assert "Stored in results/runoff.json" in done.stdout
    assert "left out" not in done.stdout
    assert "options from pyproject.toml: seed" in done.stdout.splitlines()
    assert {path.name for path in folder.iterdir()} == {"results", "pictures", *HOSTILE}
    assert sys.platform != "linux" or "artifacts" in os.listdir(cache / "runoff")  # noqa: PTH208 - names are compared
    again = installation.race(folder, "--no-such-option", XDG_CACHE_HOME=str(cache), **kept)
    assert (again.returncode, "--no-such-option" in again.stderr) == (Exit.USAGE, True)
