"""The suite with backends from elsewhere: files, and a package that offers one by its entry point."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Suite

NEWCOMER = ROOT / "tests" / "stand_ins" / "newcomer.py"
WHEEL = "brought_runtime-1.2-py3-none-any.whl"
RACED = ("fake", "newcomer", "newcomer-doubled@again", "brought")


def wheel_in(folder: Path) -> Path:
    """Write the wheel of a package that offers the newcomer as ``brought``."""
    metadata = "brought_runtime-1.2.dist-info"
    files = {
        "brought_runtime/__init__.py": "raise RuntimeError('a framework that nobody asked for is imported')\n",
        "brought_runtime/racing.py": NEWCOMER.read_text(),
        f"{metadata}/METADATA": "Metadata-Version: 2.1\nName: brought-runtime\nVersion: 1.2\n",
        f"{metadata}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{metadata}/entry_points.txt": "[runoff.backends]\nbrought = brought_runtime.racing\n",
        f"{metadata}/RECORD": "",
    }
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return folder / WHEEL


@pytest.fixture(scope="module")
def raced(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """Race a file's, a package's and a broken file's backends beside the fake; return the output and what is stored."""
    folder = tmp_path_factory.mktemp("outside")
    shutil.copy(NEWCOMER, folder / "newcomer.py")
    (folder / "broken.py").write_text("import a_missing_runtime\n")
    target = folder / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
    subprocess.run([*pip, "--target", str(target), str(wheel_in(folder))], check=True)
    names = [shutil.copytree(each, suite.root / each.name).name for each in target.iterdir()]
    try:
        done = suite.race(
            *("--backend", str(folder / "newcomer.py"), "--backend", str(folder / "broken.py")),
            *("--environment", f"again={sys.executable}", "--contenders", ",".join([*RACED, "broken-fast"])),
            *("--launches", "1", "--rounds", "2"),
        )
    finally:
        for name in names:
            shutil.rmtree(suite.root / name)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads((suite.root / "results" / "runoff.json").read_text())["machine_info"]["runoff"]


def test_backends_from_elsewhere_race_beside_the_others(raced):
    """A file's backend, here and in another environment, and an installed package's are timed as the tree's own are."""
    _, stored = raced
    statuses = {name: came["status"] for name, came in stored["contenders"].items()}
    assert statuses == dict.fromkeys(RACED, "raced") | {"broken": "skipped"}
    assert {stored["contenders"][name]["agreement"]["share"] for name in RACED} == {1.0}


def test_one_that_breaks_is_told_with_its_reason(raced):
    """The output and the stored run say why a backend that can't be imported did not take part."""
    output, stored = raced
    assert "can't be imported: ModuleNotFoundError: No module named 'a_missing_runtime'" in " ".join(output.split())
    assert "No module named 'a_missing_runtime'" in stored["contenders"]["broken"]["reason"]


def test_a_stored_run_says_where_a_backend_came_from(raced):
    """It has a file's name and its hash, of a package also the name and version; the command names the files."""
    _, stored = raced
    origins = {name: came["origin"] for name, came in stored["contenders"].items()}
    assert origins["fake"] is None
    assert origins["newcomer"]["file"] == "newcomer.py"
    assert set(origins["newcomer"]) == {"file", "sha256"}
    source = NEWCOMER.read_bytes()
    expected = hashlib.sha256(f"newcomer.py\0{len(source)}\0".encode() + source).hexdigest()
    assert origins["newcomer"]["sha256"] == origins["newcomer-doubled@again"]["sha256"] == expected
    brought = origins["brought"]
    assert (brought["distribution"], brought["version"], brought["file"]) == ("brought-runtime", "1.2", "racing.py")
    command = stored["repeat"]
    assert [Path(command[place + 1]).name for place, word in enumerate(command) if word == "--backend"] == [
        "newcomer.py",
        "broken.py",
    ]


@pytest.mark.long
def test_a_clash_of_names_is_told_before_anything_is_measured(suite, tmp_path):
    """A file with the name of a backend that there is ends the run with one line that names both, and no traceback."""
    shutil.copy(NEWCOMER, tmp_path / "fake.py")
    done = suite.race("--backend", str(tmp_path / "fake.py"), "--contenders", "fake")
    words = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 4
    assert "BackendsClash: two backends are named 'fake': that of" in words
    assert "Traceback" not in words
