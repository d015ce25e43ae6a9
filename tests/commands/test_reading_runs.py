"""Every command reads a stored run in one way, and says the same of a file that is none: its path, and what to do."""

from __future__ import annotations

import errno
import json
import math
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runoff.__main__ import main
from runoff.errors import Exit
from runoff.stored import json_file
from tests.builders.drawing import charts, drawn
from tests.builders.stored_runs import Values, about, make_comparable_run, spread
from tests.commands.running import Done, shell, store

__all__ = ["charts", "drawn"]

RUN = make_comparable_run({("inference", "onnxruntime"): spread(math.log(0.7))})
TEXT = json.dumps(RUN, indent=1)
GIVE = "give a file that Runoff stored, such as results/runoff.json"


def changed(change: Callable[[Values], object]) -> bytes:
    """Return the run as a file with something changed in it."""
    run: Values = json.loads(TEXT)
    change(run)
    return json.dumps(run).encode()


def with_median(value: Any) -> bytes:
    """Return the run with another median in its first benchmark."""
    return changed(lambda run: run["benchmarks"][0]["stats"].update(median=value))


def with_agreement(**values: Any) -> bytes:
    """Return the run with other values in its reference's agreement, whose fields declare no bounds."""
    return changed(lambda run: about(run)["contenders"]["pytorch"]["agreement"].update(values))


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        TEXT.replace("\n", "\r\n").encode(),
    ],
    ids=["BOM", "UTF-16", "UTF-16 without a mark", "UTF-16 of the other order", "UTF-32", "CRLF"],
)
def test_a_run_is_read_as_other_programs_write_it(tmp_path, capsys, content):
    """A byte order mark, UTF-16 from PowerShell and Windows' ends of lines are no matter to any command."""
    path, plain = tmp_path / "run.json", store(tmp_path / "plain.json")
    path.write_bytes(content)
    assert main(["compare", str(path), str(plain), "--fail-above", "0%"]) == Exit.DONE
    assert main(["report", str(path), "--markdown", "-"]) == Exit.DONE
    assert main(["history", str(path), "--output", str(tmp_path)]) == Exit.DONE
    assert "were not foreseen" not in capsys.readouterr().err


MEDIAN = "benchmarks[0].stats.median: expected "


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", f"it is not JSON (it is empty); {GIVE}"),
        (b"{", f"it is not JSON (it ends in the middle, in line 1, as one that was cut off); {GIVE}"),
        (TEXT[:-90].encode(), f"in line {TEXT[:-90].count(chr(10)) + 1}, as one that was cut off); {GIVE}"),
        (b"{'a': 1}", "it is not JSON (Expecting property name enclosed in double quotes: line 1, column 2); "),
        (b"\x89PNG\r\n\x1a\n", f"it is not JSON (no text in UTF-8 at byte 0); {GIVE}"),
        (b"[" * 5000 + b"]" * 5000, f"lists and objects are nested too deeply; {GIVE}"),
        (TEXT[:-1].encode() + b', "x": ' + b"[" * 70 + b"]" * 70 + b"}", f"nested too deeply; {GIVE}"),
        (with_median(math.nan), MEDIAN),
        (with_median(math.inf), f"{MEDIAN}a number <= 1e+39; {GIVE}"),
        (with_median(-math.inf), f"{MEDIAN}a number >= 0.0; {GIVE}"),
        (with_median(1e308), f"{MEDIAN}a number <= 1e+39; {GIVE}"),
        (with_median(10**400), f"{MEDIAN}a number <= 1e+39; {GIVE}"),
        (with_median(10**4000), f"{MEDIAN}a number <= 1e+39; {GIVE}"),
        (with_median(5e-324), "benchmarks[0]: expected a median and values above zero; "),
        (changed(lambda run: about(run).update(margin=10**400)), "runoff.margin: expected a number <= 1e+39; "),
        (
            changed(lambda run: about(run).update(launches=10**400)),
            "runoff.launches: expected a whole number, got a num",
        ),
        (changed(lambda run: about(run).update(launches=0)), "runoff.launches: expected a whole number >= 1; "),
        (
            changed(lambda run: about(run)["control"].update(launches=0)),
            "control: launches is 0, expected a number",
        ),
        (changed(lambda run: about(run)["control"].update(low=1e-240)), "control: low is 1e-240, expected a number"),
        (with_agreement(share=math.nan), "agreement.share: is nan, expected a number from -1e+200 to 1e+200; "),
        (with_agreement(decided_share=10**400), "agreement.decided_share: is inf, expected a number from "),
        (changed(lambda run: about(run).update(schema=4)), "4, this Runoff reads 2 and 3; update Runoff, or measure"),
        (changed(lambda run: about(run).update(schema=1)), "schema is 1, this Runoff reads 2 and 3; measure a new one"),
        (changed(lambda run: about(run).update(schema="\x1b" * 99)), "schema is '\\x1b\\x1b"),
        (b"{}", f"there is no field machine_info.runoff; {GIVE}"),
    ],
    ids=str,
)
def test_every_command_says_the_same_of_a_file(tmp_path, capsys, content, said):
    """What is no run has one message with its path, whichever command was given it, and nothing is written."""
    path, right = tmp_path / "run.json", store(tmp_path / "right.json")
    path.write_bytes(content)
    messages = []
    for command in (["report", path], ["compare", path, right], ["compare", right, path], ["history", path]):
        assert main([*map(str, command), *(["--output", str(tmp_path)] if command[0] == "history" else [])]) == 6
        out, told = capsys.readouterr()
        assert out == ""
        assert "Traceback" not in told
        messages.append(told.splitlines()[-1].removeprefix("runoff: ").replace(" is skipped: ", ": "))
    assert len(set(messages)) == 1
    assert messages[0].startswith(f"{path}: ")
    assert said in messages[0]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["right.json", "run.json"]


def test_a_file_of_half_a_gigabyte_is_refused_by_its_size(tmp_path, capsys):
    """No more of it is read than a run can have."""
    path = tmp_path / "run.json"
    with path.open("wb") as file:
        file.truncate(500 * 10**6)
    assert main(["report", str(path)]) == Exit.NOT_A_RUN
    assert capsys.readouterr().err == f"runoff: {path}: it is larger than 100 MB, the most that is read; {GIVE}\n"


def test_what_can_just_be_read_is(tmp_path, monkeypatch):
    """A file of as many bytes as are read at most is read."""
    path = store(tmp_path / "run.json")
    monkeypatch.setattr(json_file, "LARGEST_FILE", path.stat().st_size)
    assert main(["compare", str(path), str(path)]) == Exit.DONE
    monkeypatch.setattr(json_file, "LARGEST_FILE", path.stat().st_size - 1)
    assert main(["compare", str(path), str(path)]) == Exit.NOT_A_RUN


@pytest.mark.long
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ('runoff compare <(cat "$1") <(cat "$2") --fail-above 5%', Exit.WORSE),
        ('cat "$1" | runoff compare /dev/stdin "$2" --fail-above 5%', Exit.WORSE),
        ('runoff report <(cat "$1") --markdown -', Exit.DONE),
        ('runoff history <(cat "$1") "$2" --output "$3"', Exit.DONE),
        ('runoff report <(cat "$1")', Exit.USAGE),
        ('runoff report < "$1" /dev/stdin', Exit.USAGE),
        ("runoff report <(true) --markdown -", Exit.NOT_A_RUN),
    ],
)
def test_runs_come_through_pipes(tmp_path, command, code):
    """Process substitution and pipes are read by every command; where a page can't lie beside one, that is said."""
    done: Done[str] = shell(
        command, store(tmp_path / "base.json"), store(tmp_path / "head.json", 1.2), tmp_path / "out"
    )
    assert done.returncode == code, done.stderr
    assert ("say by --html PATH where it goes" in done.stderr) is (code == Exit.USAGE)


STRANGE = b"caf\xe9 \n\x1b[31m.json"


def test_a_folder_names_whatever_is_passed_over(tmp_path, capsys):
    """Pipes, sockets, links that lead nowhere, in a circle or to folders, and what is no run: each with its reason."""
    folder, out, elsewhere = tmp_path / "runs", tmp_path / "out", tmp_path / "elsewhere"
    for each in (folder, folder / "deep.json", elsewhere):
        each.mkdir()
    store(folder / "deep.json" / "run.json")
    os.mkfifo(folder / "pipe.json")
    for name, target in (("nowhere", "nothing"), ("circle", "circle.json"), ("linked", elsewhere), ("up", "..")):
        (folder / f"{name}.json").symlink_to(target)
    (folder / "also.json").symlink_to(folder / "deep.json" / "run.json")
    (folder / "notes.txt").write_text("no run, and not called one")
    Path(os.fsdecode(os.fsencode(folder) + b"/" + STRANGE)).touch()
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(folder / "socket.json"))
        assert main(["history", str(folder), "--output", str(out)]) == Exit.DONE
    printed, told = capsys.readouterr()
    linked = "it is a link to a folder, which is not followed; give that folder itself"
    reasons = dict(line.removeprefix(f"! {folder}/").split(" is skipped: ") for line in told.splitlines())
    assert reasons == {
        "pipe.json": "it is a pipe and no file",
        "socket.json": "it is a socket and no file",
        "nowhere.json": "it is a link that leads nowhere",
        "circle.json": "it is a link that leads in a circle",
        "linked.json": linked,
        "up.json": linked,
        r"caf\xe9 \n\x1b[31m.json": f"it is not JSON (it is empty); {GIVE}",
    }
    assert "of 1 run" in printed
    stored = json.loads((out / "history.json").read_text(encoding="utf-8"))
    assert f"{folder}/" + r"caf\xe9 \n\x1b[31m.json" in stored["skipped"]
    for file in ("history.html", "history.json"):
        assert "\x1b" not in (out / file).read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch, capsys):
    """A folder below one of runs that is another's is passed over with its reason."""
    store(tmp_path / "run.json")
    (tmp_path / "closed").mkdir()
    scan = os.scandir

    def refuse(folder: Path) -> Any:
        if folder.name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    assert main(["history", str(tmp_path), "--output", str(tmp_path)]) == Exit.DONE
    assert f"! {tmp_path}/closed is skipped: the folder can't be read (Permission denied)" in capsys.readouterr().err


def test_strange_names_are_shown_and_never_obeyed(tmp_path, capsys):
    """A name that is not in UTF-8, with a line's end and a terminal's command, is written out wherever it is shown."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + STRANGE))
    store(path)
    run = str(path)
    for command, code in (
        (["report", run, "--html", f"{run}.html", "--markdown", f"{run}.md"], Exit.DONE),
        (["compare", run, run, "--markdown", f"{run}.md"], Exit.DONE),
        (["history", run, "--output", str(tmp_path / "out")], Exit.DONE),
        (["report", f"{run}.none"], Exit.NOT_A_RUN),
    ):
        assert main(command) == code
    printed, told = capsys.readouterr()
    for text in (printed, told, *(file.read_text() for file in tmp_path.rglob("*") if file.is_file())):
        assert "\x1b" not in text
        assert "caf\udce9" not in text
    written = f"{tmp_path}/" + r"caf\xe9 \n\x1b[31m.json"
    assert f"{written}.html\n{written}.md\n" in printed
    assert told.startswith(f"runoff: {written}.none: it can't be read (No such file or directory); ")
