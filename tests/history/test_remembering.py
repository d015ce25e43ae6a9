"""Is what is remembered of runs what was read of them, and is it read anew wherever that may not be so?"""

from __future__ import annotations

import json
import os
import stat

import pytest

from runoff.history import reading, remembering
from runoff.history.reading import read_runs
from runoff.history.remembering import recalled
from tests.builders.histories import make_past_run, store_runs
from tests.builders.stored_runs import about


@pytest.fixture
def parsed(monkeypatch):
    """Note which files' runs are parsed."""
    files = []
    parse = reading.parse_past_run
    monkeypatch.setattr(reading, "parse_past_run", lambda file, content: files.append(file) or parse(file, content))
    return files


def read(folder, home, said=None):
    """Read a folder's runs as the command does."""
    memory = recalled(home, [folder], (said if said is not None else []).append)
    found = read_runs([folder], memory)
    memory.keep()
    return found


def test_what_is_remembered_is_what_was_read(tmp_path, parsed):
    """The second reading parses nothing and has the same runs, whose equal strata are one object."""
    runs = [make_past_run(number) for number in range(4)]
    about(runs[3])["stratum"]["threads"] = 7
    folder = store_runs(tmp_path / "runs", runs)
    first = read(folder, tmp_path)
    assert len(parsed) == 4
    second = read(folder, tmp_path)
    assert len(parsed) == 4
    assert second == first == read_runs([folder])
    assert len({id(run.stratum) for run in second.runs}) == len({id(run.stratum) for run in first.runs}) == 2


def test_only_what_is_new_or_changed_is_read(tmp_path, parsed):
    """A new file and one that changed are parsed; one that moved is known, and one that is gone is gone."""
    folder = store_runs(tmp_path / "runs", [make_past_run(number) for number in range(4)])
    read(folder, tmp_path)
    parsed.clear()
    (folder / "0000.json").write_text(json.dumps(make_past_run(9)))
    (folder / "0001.json").rename(folder / "moved.json")
    (folder / "0002.json").unlink()
    (folder / "new.json").write_text(json.dumps(make_past_run(5)))
    found = read(folder, tmp_path)
    assert sorted(parsed) == [str(folder / name) for name in ("0000.json", "new.json")]
    assert found == read_runs([folder])
    assert {run.file.rpartition("/")[2] for run in found.runs} == {"0000.json", "moved.json", "0003.json", "new.json"}


def test_a_file_that_did_not_change_is_not_opened(tmp_path, monkeypatch, parsed):
    """What changed is read, though size and time of change were put back; what was written just now is hashed again."""
    opened = []
    read_content = reading.read_content
    monkeypatch.setattr(reading, "read_content", lambda path: opened.append(path.name) or read_content(path))
    folder = store_runs(tmp_path / "runs", [make_past_run(number) for number in range(3)])
    for _ in range(2):
        read(folder, tmp_path)
        assert len(opened) == 3
        opened.clear()
    monkeypatch.setattr(remembering, "SETTLED", 0.0)
    read(folder, tmp_path)
    opened.clear()
    changed = folder / "0001.json"
    before = changed.stat()
    other = json.dumps(make_past_run(4))
    changed.write_text(other + " " * (before.st_size - len(other)))
    while changed.stat().st_ctime_ns == before.st_ctime_ns:
        os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert changed.stat()[stat.ST_SIZE] == before.st_size
    found = read(folder, tmp_path)
    assert opened == ["0001.json"]
    assert found == read_runs([folder])
    assert len(parsed) == 3 + 1 + 3


def test_what_is_damaged_is_said_and_replaced(tmp_path, parsed):
    """A byte that flipped, or an end that is missing, costs the time of reading and nothing else."""
    folder = store_runs(tmp_path / "runs", [make_past_run(0), make_past_run(1)])
    whole = read(folder, tmp_path)
    (file,) = (tmp_path / "history").iterdir()
    kept = file.read_bytes()
    for damaged in (kept[:-20], kept[:-20] + bytes([kept[-20] ^ 1]) + kept[-19:]):
        file.write_bytes(damaged)
        parsed.clear()
        said = []
        assert read(folder, tmp_path, said) == whole
        assert len(parsed) == 2
        (line,) = said
        assert line == f"{file} is damaged; all runs are read again, and it is replaced"
        assert file.read_bytes() == kept


def test_another_state_of_the_code_reads_anew(tmp_path, monkeypatch, parsed):
    """What other code kept is passed over without a word."""
    folder = store_runs(tmp_path / "runs", [make_past_run(0)])
    read(folder, tmp_path)
    monkeypatch.setattr("runoff.history.remembering.code_state", lambda: b"another")
    read(folder, tmp_path, said := [])
    assert len(parsed) == 2
    assert said == []


def test_where_nothing_can_be_kept_runs_are_read(tmp_path):
    """A home that is a file keeps nothing, and costs nothing but time."""
    folder = store_runs(tmp_path / "runs", [make_past_run(0)])
    (tmp_path / "home").write_text("")
    assert read(folder, tmp_path / "home") == read_runs([folder])
