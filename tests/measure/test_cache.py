"""Folders that are made once: what decides a key, what is hashed, and what is refused."""

from __future__ import annotations

import hashlib
import json

import pytest

from runoff.errors import ArtifactBroken
from runoff.measure.cache import MAKING, RECORD, key_of, made_once, measure_files, read_made


def writing(text, **noted):
    """Make a file with such a text, and note what is said."""

    def make(path):
        path.write_text(text)
        return noted

    return make


def refuse(path):
    """Make nothing, and fail where that is asked for."""
    raise AssertionError(f"{path} was made a second time")


def test_a_key_follows_names_and_values_and_not_their_order():
    """The same values in another order have the same key of 16 places; another name or value has another."""
    key = key_of({"a": 1, "b": [1, 2]})
    assert key == hashlib.sha256(b'{"a": 1, "b": [1, 2]}').hexdigest()[:16]
    assert key == key_of({"b": [1, 2], "a": 1})
    assert key not in {key_of({"a": 1, "b": [2, 1]}), key_of({"a": 1, "c": [1, 2]})}


def test_what_was_made_is_read_ever_after(tmp_path):
    """A folder has its file, its bytes and hash and what was noted, and is not made again."""
    home = tmp_path / "deep" / "down" / "engine-key"
    made = made_once(home, "model.bin", writing("abc", seconds=1.5))
    assert (made.path, made.size, made.noted) == (home / "model.bin", 3, {"seconds": 1.5})
    assert made.path.read_text() == "abc"
    assert made_once(home, "model.bin", refuse) == made
    assert [path.name for path in home.parent.iterdir()] == ["engine-key"]
    assert json.loads((home / RECORD).read_text()) == {
        "file": "model.bin",
        "size": 3,
        "sha256": made.sha256,
        "noted": {"seconds": 1.5},
    }


def test_what_is_broken_off_leaves_nothing(tmp_path):
    """What fails while it is made is made anew the next time."""

    def fail(path):
        path.write_text("half")
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        made_once(tmp_path / "key", "model.bin", fail)
    assert list(tmp_path.iterdir()) == []
    assert made_once(tmp_path / "key", "model.bin", writing("whole")).size == 5


def test_it_is_made_in_a_folder_of_its_own_beside_its_place(tmp_path):
    """While something is being made, its folder's name says so, and its place is not there yet."""
    seen = []

    def make(path):
        seen.append(path)
        assert not (tmp_path / "key").exists()
        return writing("abc")(path)

    made_once(tmp_path / "key", "model.bin", make)
    assert seen[0].name == "model.bin"
    assert seen[0].parent.parent.name.startswith(MAKING)
    assert seen[0].parent.parent.parent == tmp_path


def test_one_that_another_run_made_meanwhile_is_taken(tmp_path):
    """Where the place is taken when ours is done, what lies there is what is used."""
    home = tmp_path / "key"

    def overtaken(path):
        made_once(home, "model.bin", writing("theirs"))
        return writing("ours")(path)

    assert made_once(home, "model.bin", overtaken).path.read_text() == "theirs"


def test_a_place_that_can_not_be_taken_is_an_error(tmp_path):
    """Where the folder can't be moved to its place and none is there, the system's own error says why."""

    def make(path):
        (tmp_path / "key").symlink_to(tmp_path / "nowhere")
        return writing("abc")(path)

    with pytest.raises(OSError, match="key"):
        made_once(tmp_path / "key", "model.bin", make)


def test_every_file_counts_with_its_place_and_the_record_does_not(tmp_path):
    """Bytes of files in folders count too; a moved, added or changed file changes the hash, another record doesn't."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_bytes(b"12345")
    (tmp_path / "two").write_bytes(b"678")
    (tmp_path / RECORD).write_text("anything")
    size, digest = measure_files(tmp_path)
    assert size == 8
    assert digest == hashlib.sha256(b"a/one\x005\x0012345two\x003\x00678").hexdigest()
    (tmp_path / RECORD).write_text("something else")
    assert measure_files(tmp_path) == (size, digest)
    (tmp_path / "a" / RECORD).write_text("a file of that name elsewhere")
    assert measure_files(tmp_path)[0] == 8 + len("a file of that name elsewhere")


def test_a_large_file_is_hashed_whole(tmp_path):
    """A file larger than what is read at once counts to its last byte."""
    content = bytes(range(256)) * 8192 + b"end"
    (tmp_path / "large").write_bytes(content)
    name = f"large\0{len(content)}\0".encode()
    assert measure_files(tmp_path) == (len(content), hashlib.sha256(name + content).hexdigest())


def test_a_changed_folder_is_refused_with_both_hashes(tmp_path):
    """What was expected and what was found are named, and which folder to delete."""
    made = made_once(tmp_path / "key", "model.bin", writing("abc"))
    made.path.write_text("abcd")
    found = measure_files(tmp_path / "key")[1]
    with pytest.raises(ArtifactBroken) as caught:
        read_made(tmp_path / "key")
    assert str(caught.value) == (
        f"the cached artifact {made.path} is not what was put there: expected 3 bytes with SHA-256 "
        f"{made.sha256[:12]}…, found 4 bytes with {found[:12]}…; "
        f"delete the folder {tmp_path / 'key'} and run again: it is then made again"
    )


@pytest.mark.parametrize("field", ["file", "size", "sha256", "noted"])
def test_a_record_of_another_kind_is_refused(tmp_path, field):
    """A record that lacks what it must have, and a folder without one, are not whole."""
    made_once(tmp_path / "key", "model.bin", writing("abc"))
    record = json.loads((tmp_path / "key" / RECORD).read_text())
    del record[field]
    (tmp_path / "key" / RECORD).write_text(json.dumps(record))
    with pytest.raises(ArtifactBroken) as caught:
        read_made(tmp_path / "key")
    assert str(caught.value) == (
        f"the cached artifact in {tmp_path / 'key'} is not whole ('{field}'); "
        f"delete the folder {tmp_path / 'key'} and run again: it is then made again"
    )
    (tmp_path / "key" / RECORD).unlink()
    with pytest.raises(ArtifactBroken, match="is not whole"):
        read_made(tmp_path / "key")
