"""The template of a backend's repository in docs/backends.md is whole, short, and its backend keeps the contract."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from runoff.__main__ import main
from runoff.environments.outside import parse_backend, read_offers
from runoff.environments.survey import GROUP
from runoff.errors import Exit
from tests.conftest import ROOT

BLOCK = re.compile(r"<!-- template: (?P<name>\S+) -->\n```\w+\n(?P<text>.*?)```\n", re.DOTALL)
FILES = {found["name"]: found["text"] for found in BLOCK.finditer((ROOT / "docs" / "backends.md").read_text())}
BACKEND = "runoff_newruntime/backend.py"


def written(folder: Path) -> Path:
    """Write the backend under the name that it has as a separate file."""
    file = folder / "newruntime.py"
    file.write_text(FILES[BACKEND])
    return file


def test_the_template_is_short_and_names_its_own_files(tmp_path):
    """The backend declares all in 40 lines of code, the entry point names its module, the workflow runs its test."""
    (found,) = read_offers([parse_backend(str(written(tmp_path)))]).values()
    assert not found.broken
    assert len([line for line in FILES[BACKEND].splitlines() if line.strip()]) <= 40
    assert set(FILES) == {"pyproject.toml", BACKEND, "tests/test_contract.py", ".github/workflows/test.yml"}
    entry = f'[project.entry-points."{GROUP}"]\nnewruntime = "{BACKEND[:-3].replace("/", ".")}"\n'
    assert entry in FILES["pyproject.toml"]
    assert '"check-backend", "newruntime"' in FILES["tests/test_contract.py"]
    steps = yaml.safe_load(FILES[".github/workflows/test.yml"])["jobs"]["test"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert "python -m pytest tests" in commands
    assert any(command.startswith("runoff race --contenders newruntime,") for command in commands)
    for name in (BACKEND, "tests/test_contract.py"):
        compile(FILES[name], name, "exec")


@pytest.mark.full
@pytest.mark.framework
def test_the_templates_backend_keeps_the_contract(tmp_path, capsys):
    """Of the models that torch makes, a real runtime converts all and refuses what nobody can take; no check fails."""
    assert main(["check-backend", str(written(tmp_path))]) == Exit.DONE
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "newruntime.py keeps the contract: none of 16 checks failed."
    verdicts = [re.split(" {2,}", line)[1] for line in lines[1:] if not line.startswith(" ") and "  " in line]
    assert len(verdicts) == 16
    assert set(verdicts) == {"passed"}
