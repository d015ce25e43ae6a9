"""What git says of a folder, also from within the hook of another repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_benchmark.utils import get_commit_info

from fixtures.results import pytest_benchmark_generate_commit_info
from runoff.across import racing
from runoff.environments.discovery import tree_version
from runoff.files.git import LOCAL, at_home, git

GIT = shutil.which("git")
AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
pytestmark = pytest.mark.skipif(GIT is None, reason="git is not installed")


def repository(folder: Path, content: str) -> Path:
    """Make a repository of one commit."""
    folder.mkdir()
    (folder / "file").write_text(content)
    for words in (("init", "-q"), ("add", "-A"), (*AUTHOR, "commit", "-q", "--no-verify", "-m", content)):
        subprocess.run([str(GIT), *words], cwd=folder, check=True)
    return folder


@pytest.fixture
def hooked(tmp_path, monkeypatch):
    """Make two repositories, and set what a hook of the other one is started with."""
    mine, other = repository(tmp_path / "mine", "mine"), repository(tmp_path / "other", "other")
    commit = git(mine, "rev-parse", "HEAD")
    for name, value in {
        "GIT_DIR": str(other / ".git"),
        "GIT_INDEX_FILE": str(other / ".git" / "index"),
        "GIT_WORK_TREE": str(other),
        "GIT_COMMON_DIR": str(other / ".git"),
        "GIT_OBJECT_DIRECTORY": str(other / ".git" / "objects"),
        "GIT_PREFIX": "",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(mine)
    return mine, commit


def stored_commit(root: Path) -> dict[str, object]:
    """Return what is stored of the commit of a checkout."""
    hook = pytest_benchmark_generate_commit_info(SimpleNamespace(rootpath=root))
    next(hook)
    found = get_commit_info("project")
    with pytest.raises(StopIteration) as ended:
        hook.send(found)
    return ended.value.value


def test_every_variable_that_names_a_repository_is_known():
    """Git's own list of them, less its configuration, is among ours."""
    listed = subprocess.run([str(GIT), "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=True)
    assert {name for name in listed.stdout.split() if not name.startswith("GIT_CONFIG")} <= set(LOCAL)


def test_a_hook_of_another_repository_changes_nothing(hooked):
    """A clean checkout has its own commit and is clean, in versions, in what is stored and in runs over models."""
    mine, commit = hooked
    assert git(mine, "rev-parse", "HEAD") == racing.revision() == commit
    assert commit.startswith(tree_version(mine))
    assert (stored_commit(mine)["id"], stored_commit(mine)["dirty"]) == (commit, False)
    (mine / "file").write_text("changed")
    assert racing.revision() == f"{commit} with changes"
    assert tree_version(mine).endswith("-dirty")
    assert stored_commit(mine)["dirty"] is True


def test_our_own_variables_are_there_again(hooked):
    """Others' code asks git in the checkout, without the variables; both are put back whatever happens."""
    mine, _ = hooked
    before = dict(os.environ)
    with at_home(mine.parent):
        assert (Path.cwd(), [name for name in LOCAL if name in os.environ]) == (mine.parent, [])
    with pytest.raises(ZeroDivisionError), at_home(mine.parent):
        _ = 1 / 0
    assert (Path.cwd(), dict(os.environ)) == (mine, before)


def test_a_folder_without_a_repository_has_no_commit_anywhere(tmp_path, monkeypatch):
    """Alone, or inside some other project's checkout, no commit is claimed: not by what is stored, nor elsewhere."""
    outer = repository(tmp_path / "outer", "outer")
    (outer / "copy").mkdir()
    for folder in (outer / "copy", tmp_path):
        monkeypatch.chdir(folder)
        assert git(folder, "rev-parse", "HEAD") is tree_version(folder) is None
        assert racing.revision() == ""
        found = stored_commit(folder)
        assert (found["id"], found["time"], found["dirty"]) == ("unversioned", None, False)


def test_a_configuration_by_variables_stays(hooked, monkeypatch):
    """A container that says by variables which folders are safe is heard."""
    mine, _ = hooked
    for name, value in {"COUNT": "1", "KEY_0": "user.name", "VALUE_0": "somebody"}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert git(mine, "config", "user.name") == "somebody"
