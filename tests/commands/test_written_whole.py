"""What commands write is there whole or as it was before, and its path is named where it can't be written."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from runoff.errors import Exit, ResultsUnwritable
from runoff.files.whole import write_text
from tests.commands.running import environment, runoff, shell, store
from tests.lanes import in_full
from trust import __main__ as trust
from webui import __main__ as webui

pytestmark = pytest.mark.long
BEFORE = "the page of before\n"


@pytest.mark.parametrize(
    ("command", "file", "blocks"),
    [
        ('report "$1" --html "$2/page"', "page", 1),
        ('compare "$1" "$1" --markdown "$2/page"', "page", 0),
        *in_full(
            ('report "$1" --markdown "$2/page"', "page", 1),
            ('report "$1" --chart "$2/page"', "page", 1),
            ('history "$1" --output "$2"', "history.html", 1),
            ('history "$1" --output "$2/other" --markdown "$2/page"', "other/history.html", 1),
            ('models --page-only --output "$2"', "index.html", 1),
        ),
    ],
)
def test_a_disk_that_is_full_leaves_what_was_there(tmp_path, command, file, blocks):
    """Where a page does not fit, that of before stays, nothing lies beside it, and one line names it."""
    run, page = store(tmp_path / "run.json"), tmp_path / "out" / file
    page.parent.mkdir(parents=True)
    page.write_text(BEFORE)
    kept = environment(PYTHONDONTWRITEBYTECODE="1")  # Python itself would keep modules cut off, for whoever comes next
    done = shell(f"ulimit -f {blocks}; runoff {command}", run, tmp_path / "out", env=kept)
    assert done.returncode == Exit.UNWRITABLE
    assert f"runoff: {page} can't be written (File too large); " in done.stderr
    assert "None" not in done.stderr
    assert page.read_text() == BEFORE
    assert list(page.parent.iterdir()) == [page]


def test_the_reader_of_a_pipe_may_end_early(tmp_path):
    """A command whose reader is gone says nothing, ends with its code, and has written the files."""
    page = tmp_path / "page.md"
    done = shell(
        'set -o pipefail; runoff report "$1" --markdown - --html "$2" | true', store(tmp_path / "run.json"), page
    )
    assert (done.returncode, done.stdout, done.stderr) == (Exit.UNWRITABLE, "", "")
    assert page.read_text().startswith("<!doctype html>")


def test_help_goes_to_a_full_disk_without_a_traceback():
    """What argparse prints is written by the same rules."""
    done = shell("runoff --help > /dev/full")
    assert (done.returncode, done.stderr.count("\n")) == (Exit.UNWRITABLE, 1)


@pytest.mark.parametrize("command", [webui, trust], ids=["webui", "trust"])
def test_help_of_every_command_needs_a_place(monkeypatch, command):
    """Help that can't be written is 7 from the page and the experiments too, as it is from ``runoff``."""
    monkeypatch.setattr(sys, "argv", [command.__name__, "--help"])
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert command.main() == Exit.UNWRITABLE
        monkeypatch.undo()


def test_what_is_open_already_is_written_into(tmp_path):
    """/dev/stdout that is appended to a file, as a step's summary is, keeps what stands in that."""
    summary = tmp_path / "summary.md"
    summary.write_text(BEFORE)
    done = shell('runoff report "$1" --markdown /dev/stdout >> "$2"', store(tmp_path / "run.json"), summary)
    assert done.returncode == Exit.DONE
    assert summary.read_text().startswith(f"{BEFORE}No contender was shown to be faster")
    assert runoff("report", tmp_path / "run.json", "--markdown", "/dev/null").returncode == Exit.DONE
    assert not Path("/dev/null").is_file()


def test_a_file_keeps_its_mode_and_a_link_its_file(tmp_path):
    """What replaces a file is as open to others as that was, and a link goes on leading to it."""
    page, link = tmp_path / "page", tmp_path / "link"
    page.write_text(BEFORE)
    page.chmod(0o600)
    link.symlink_to(page)
    assert write_text(link, "new") == link
    assert (page.read_text(), stat.S_IMODE(page.stat().st_mode), link.is_symlink()) == ("new", 0o600, True)


def test_a_name_may_be_as_long_as_the_system_takes(tmp_path):
    """255 bytes are a name; one more is refused with the path."""
    assert write_text(tmp_path / ("n" * 255), "new").read_text() == "new"
    with pytest.raises(ResultsUnwritable, match=r"nnn can't be written \(File name too long\)"):
        write_text(tmp_path / ("n" * 256), "new")


def test_a_pipe_is_written_into(tmp_path):
    """A named pipe stays one, and its reader has the text."""
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_text(pipe, "new")
    reader.join(30)
    assert (read, pipe.is_fifo()) == (["new"], True)


def test_links_in_a_circle_and_strange_names_are_named(tmp_path):
    """A link that leads to itself can't be written; its name has no sign that a terminal would obey."""
    link = tmp_path / "a\nb\x1b[31m"
    link.symlink_to(link)
    with pytest.raises(ResultsUnwritable, match=r"a\\nb\\x1b\[31m can't be written \("):
        write_text(link, "new")


def test_half_a_sign_is_written_by_its_number(tmp_path):
    """A name that is not in UTF-8 can be in a text without keeping it from being written."""
    assert write_text(tmp_path / "page", "caf\udce9 \ud83d").read_bytes() == rb"caf\udce9 \ud83d"
