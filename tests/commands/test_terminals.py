"""Whatever the terminal, the locale or the disk is: no traceback, runs are stored, and the exit code is right."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from runoff.compare.changes import compare_runs
from runoff.compare.comparison import render_comparison
from runoff.errors import Exit
from runoff.report.write.terminal import render_table
from runoff.stored.run import parse_run
from runoff.text.output import in_encoding
from tests.builders.stored_runs import make_stored_run
from tests.commands.running import environment, runoff, shell, store
from tests.conftest import ROOT
from tests.lanes import in_full

ASCII = {
    "C without UTF-8": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": None},
    "ASCII": {"PYTHONIOENCODING": "ascii"},
    "Turkish": {"LC_ALL": "tr_TR.ISO-8859-9", "PYTHONIOENCODING": "iso8859-9"},
}


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("★ 1.46× – … → ’", "ascii", "* 1.46x - ... -> '"),
        ("İşık × ★\n", "iso8859-9", "İşık × *\n"),
        ("★ 語\udcff\ud83d", "ascii", r"* \u8a9e\xff\ud83d"),
        ("caf\udce9", "utf-8", r"caf\xe9"),
        ("★ ×", "utf-8", "★ ×"),
    ],
)
def test_a_text_becomes_what_an_encoding_has(text, encoding, shown):
    """Runoff's own signs have likenesses in ASCII, and others are written by their numbers."""
    assert in_encoding(text, encoding) == shown


@pytest.mark.long
@pytest.mark.parametrize("variables", [ASCII["C without UTF-8"], *in_full(ASCII["ASCII"], ASCII["Turkish"])], ids=ASCII)
def test_a_terminal_without_the_signs_changes_no_outcome(tmp_path, variables):
    """The comparison has its own exit code and its words, and the files are in UTF-8."""
    base, head, markdown = store(tmp_path / "base.json"), store(tmp_path / "head.json", 1.2), tmp_path / "page.md"
    for other, code in ((base, Exit.DONE), (head, Exit.WORSE)):
        arguments = ["compare", base, other, "--fail-above", "5%", "--markdown", markdown]
        done = runoff(*arguments, env=environment(**variables), encoding="iso8859-9")
        assert (done.returncode, done.stderr) == (code, "")
        assert "8 launches" in done.stdout
        assert "8 launches × 20 rounds" in markdown.read_text(encoding="utf-8")
    done = runoff("report", base, "--markdown", "-", env=environment(**variables), encoding="iso8859-9")
    assert (done.returncode, done.stderr) == (Exit.DONE, "")
    assert "* Recommended: " in done.stdout


@pytest.mark.long
@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"TERM": "xterm", "NO_COLOR": "1"}, False)],
    ids=["xterm", "dumb", "NO_COLOR"],
)
def test_colours_go_where_they_are_wanted(tmp_path, variables, coloured):
    """A terminal has them, but a dumb one has no escape code at all, and NO_COLOR has no colour; none is too wide."""
    base, head = store(tmp_path / "base.json"), store(tmp_path / "head.json", 1.2)
    ours, terminal = pty.openpty()
    command = [sys.executable, "-m", "runoff", "compare", base, head]
    given = environment(NO_COLOR=None, COLUMNS="40") | variables
    done = subprocess.run(command, cwd=ROOT, env=given, stdout=terminal, check=False)
    os.close(terminal)
    said = b""
    try:
        while more := os.read(ours, 1 << 16):
            said += more
    except OSError:  # which is how a terminal ends on Linux
        os.close(ours)
    assert done.returncode == Exit.DONE
    assert (b"\x1b[3" in said) is coloured
    if variables["TERM"] == "dumb":
        assert b"\x1b" not in said
        assert max(map(len, said.decode().splitlines())) <= 40


@pytest.mark.parametrize(
    ("variables", "redirection", "code"),
    [
        ({"PYTHONIOENCODING": "ascii", "COLUMNS": "40"}, '> "$OUT"', Exit.DONE),
        *in_full(({}, "> /dev/full", Exit.UNWRITABLE), ({}, "| true", Exit.UNWRITABLE)),
    ],
    ids=["ASCII in 40 columns", "full", "pipe"],
)
def test_a_race_is_stored_whatever_becomes_of_its_output(suite, tmp_path, variables, redirection, code):
    """The suite goes on, stores its run and its page, and ends with its own code, without a traceback."""
    results, out = tmp_path / "results", tmp_path / "out"
    race = suite.command(
        *("--contenders", "fake", "--launches", "1", "--rounds", "2", "-k", "inference", "-p", "no_page"),
        *("--results", str(results)),
    )
    script = f'set -o pipefail; "$@" {redirection}'
    done = shell(script, *race, cwd=suite.root, env=suite.variables(OUT=str(out), **variables))
    assert "Traceback" not in done.stderr
    assert "INTERNALERROR" not in done.stdout + done.stderr
    assert done.returncode == code, done.stderr
    assert json.loads((results / "runoff.json").read_text())["benchmarks"]
    if out.exists():
        text = out.read_text(encoding="ascii")
        assert "\\n" not in text
        assert "fake" in text


@pytest.mark.parametrize("width", [40, 20])
def test_a_table_that_has_no_room_is_rows_of_lines(width):
    """In 40 columns no figure is lost, no word of a name is broken, and no line is longer than the terminal is wide."""
    run = parse_run(make_stored_run())
    text = render_comparison(compare_runs(run, run), ("a.json", "b.json"), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "inference\n  onnxruntime" in "\n".join(line.rstrip() for line in text.splitlines())
    assert "base ratio: 0.684" in " ".join(text.split())
    table = render_table(run, width=width)
    assert max(map(len, table.splitlines())) <= width
    assert "median ms: 17.1" in " ".join(table.split())
