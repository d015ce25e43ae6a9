"""What caches take and what may go: the longest unused first, and nothing that a run or a page uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runoff.__main__ import main
from runoff.errors import AnotherRun, Exit
from runoff.files.whole import cached, note_use
from runoff.measure.cache import made_once
from runoff.processes.clearing import Kept, in_use, keep_below, over_limit, read_kept, unused
from tests.children import child
from tests.conftest import ROOT

HOLD = "import sys; from pathlib import Path; from runoff.processes.clearing import in_use\n"
HOLD += "with in_use(Path(sys.argv[1])): print('held', flush=True); input()"


@pytest.fixture
def home(tmp_path):
    """Make caches of three things, used at 1, 2 and 3, beside what is measured and stored."""
    home = tmp_path / ".runoff"
    for folder, name, size, used in (
        ("artifacts", "b", 2000, 2),
        ("golden", "c", 3000, 3),
        ("checkpoints", "a", 1000, 1),
    ):
        path = home / folder / name
        path.parent.mkdir(parents=True)
        if folder == "artifacts":
            path.mkdir()
            (path / "model.onnx").write_bytes(b"x" * size)
        else:
            path.write_bytes(b"x" * size)
        os.utime(path, (used, 0))
    for folder in ("runs", "storage"):
        (home / folder).mkdir()
        (home / folder / "kept.json").write_text("{}")
    return home


def names(kept):
    """Return the names of what is kept, in its order."""
    return [each.path.name for each in kept]


def test_what_lies_in_caches_is_known_with_its_size_and_last_use(home):
    """The longest unused comes first; measured launches and saved runs are no caches."""
    kept = read_kept(home)
    assert [(each.path.name, each.size, each.used) for each in kept] == [("a", 1000, 1), ("b", 2000, 2), ("c", 3000, 3)]


@pytest.mark.parametrize(
    ("limit", "gone"),
    [(6000, []), (5999, ["a"]), (5000, ["a"]), (4999, ["a", "b"]), (3000, ["a", "b"]), (0, ["a", "b", "c"])],
)
def test_the_longest_unused_goes_until_the_rest_fits(home, limit, gone):
    """No more goes than has to."""
    assert names(over_limit(reversed(read_kept(home)), limit)) == gone


def test_a_limit_is_kept_and_a_use_is_noted(home):
    """What was used just now stays, though it was made first."""
    note_use(home / "checkpoints" / "a")
    assert keep_below(home, 4000) == 2000
    assert names(read_kept(home)) == ["c", "a"]


def test_what_is_taken_from_a_cache_counts_as_used(tmp_path):
    """A file and a folder that were made long ago are new again when they are asked for; when they were made stays."""

    def write(path):
        path.write_text("x")

    file, folder = tmp_path / "golden" / "file", tmp_path / "artifacts" / "folder"
    for _ in range(2):
        cached(file, write)
        made_once(folder, "model", lambda path: path.write_text("x") and {})
        before = [(each.path.name, each.used) for each in read_kept(tmp_path)]
        for path in (file, folder):
            os.utime(path, (1, 1))
    assert all(used > 1 for _, used in before)
    assert file.stat().st_mtime == folder.stat().st_mtime == 1


def test_nothing_goes_that_is_used(home):
    """While another process uses the caches, the limit removes nothing and the command is refused."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with child([sys.executable, "-c", HOLD, str(home)], cwd=ROOT, **pipes) as process:
        assert process.stdout.readline() == "held\n"
        with in_use(home), pytest.raises(AnotherRun, match="nothing was removed"), unused(home):
            pass
        assert keep_below(home, 0) == 0
        assert main(["clean", "--remove", "--home", str(home)]) == Exit.FAILED
    assert len(read_kept(home)) == 3


def test_the_command_only_shows_what_would_go(home, capsys):
    """Each thing has a line with its size, and nothing is gone."""
    assert main(["clean", "--home", str(home)]) == 0
    printed = capsys.readouterr().out
    assert [line.split()[0] for line in printed.splitlines()[1:4]] == ["0.0"] * 3
    assert "It takes 0 MB; --remove removes it." in printed
    assert len(read_kept(home)) == 3


def test_the_command_finds_the_caches_of_a_race(home, capsys, monkeypatch):
    """Without --home it lists what lies where a race that is started here keeps its caches."""
    monkeypatch.setenv("RUNOFF_HOME", str(home))
    assert main(["clean"]) == 0
    printed = capsys.readouterr().out
    assert [Path(line.split()[-1]).is_relative_to(home) for line in printed.splitlines()[1:4]] == [True] * 3


def test_the_command_removes_all_but_what_is_to_be_kept(home, capsys):
    """So many bytes of what was used last stay, as does what is no cache."""
    assert main(["clean", "--home", str(home), "--remove", "--keep", "3kB"]) == 0
    assert names(read_kept(home)) == ["c"]
    assert (home / "runs" / "kept.json").exists()
    assert (home / "storage" / "kept.json").exists()
    assert main(["clean", "--home", str(home / "none")]) == 0
    assert "There is nothing to remove" in capsys.readouterr().out


def test_a_file_in_the_place_of_the_folder_is_a_mistake(home, capsys):
    """A path that can hold no cache is named, rather than called empty."""
    file = home / "runs" / "kept.json"
    assert main(["clean", "--home", str(file)]) == Exit.USAGE
    assert f"expected the folder of caches, found a file: {file}" in capsys.readouterr().err


def test_a_link_is_removed_and_not_what_it_leads_to(home, tmp_path):
    """Whoever has a cache on another disk keeps what is there."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("x")
    (home / "golden" / "link").symlink_to(elsewhere)
    keep_below(home, 0)
    assert (elsewhere / "file").exists()
    assert not read_kept(home)


def test_equal_moments_have_an_order():
    """What was used at the same moment goes by its path, the same each time."""
    kept = [Kept(ROOT / name, 1, 5.0) for name in "ba"]
    assert names(over_limit(kept, 1)) == ["a"]
