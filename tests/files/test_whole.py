"""Files that appear whole or not at all, also where two runs that share a cache write the same one at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from runoff.files.whole import cached, write_whole

BLOCK = 1 << 16
BLOCKS = 8
PATIENCE = 30.0


def test_two_writers_of_one_file_leave_the_whole_of_one(tmp_path):
    """Two that write block by block in turns, the first one finishing last, never show a mixture or a part."""
    path, seen = tmp_path / "shared.bin", []
    turns = threading.Barrier(2, timeout=PATIENCE)

    def write(letter: bytes, partial: Path) -> None:
        with partial.open("wb") as file:
            for _ in range(BLOCKS):
                turns.wait()
                file.write(letter * BLOCK)
                file.flush()
                seen.append(path.exists())

    threads = [
        threading.Thread(target=write_whole, args=(path, lambda partial, letter=letter: write(letter, partial)))
        for letter in (b"a", b"b")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert seen[:BLOCKS] == [False] * BLOCKS
    assert path.read_bytes() in (b"a" * BLOCK * BLOCKS, b"b" * BLOCK * BLOCKS)
    assert list(tmp_path.iterdir()) == [path]


def test_one_that_writes_while_another_has_finished_replaces_it_whole(tmp_path):
    """A second run that makes the same cached file within the first one's writing costs neither of them its file."""
    path = tmp_path / "drawn.npy"

    def slow(partial: Path) -> None:
        partial.write_text("first, ")
        assert cached(path, lambda other: other.write_text("second, whole")).read_text() == "second, whole"
        with partial.open("a") as file:
            file.write("whole")

    assert cached(path, slow).read_text() == "first, whole"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_fails_leaves_what_was_there(tmp_path):
    """A broken off writing leaves the file of before and nothing beside it."""
    path = write_whole(tmp_path / "kept.txt", lambda partial: partial.write_text("before"))

    def broken(partial: Path) -> None:
        partial.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_whole(path, broken)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
