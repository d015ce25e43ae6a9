"""``runoff plan`` and ``runoff merge``: what they print and write, and what they refuse."""

from __future__ import annotations

import json
import re

import pytest

from runoff.__main__ import main
from runoff.errors import Exit
from tests.builders.fleets import four_strata, store_fleet
from tests.conftest import ROOT

KUBERNETES = ["kubernetes", "--image", "shop:1", "--cpus", "8", "--memory", "16GB"]


def test_a_plan_is_printed_or_written(tmp_path, capsys):
    """Without --output it is printed alone, so that kubectl and sbatch can read it; what follows -- is raced."""
    assert main(["plan", *KUBERNETES, "--on", "pool=genoa,pool=turin", "--", "shop:build", "--", "-k", "x"]) == 0
    jobs = json.loads(capsys.readouterr().out)["items"]
    commands = [job["spec"]["template"]["spec"]["containers"][0]["command"] for job in jobs]
    assert [command[:6] for command in commands] == [["runoff", "race", "shop:build", "--", "-k", "x"]] * 2
    path = tmp_path / "array.sh"
    assert main(["plan", "slurm", "--on", "genoa", "--cpus", "8", "--output", str(path), "--", "shop:build"]) == 0
    assert path.read_text().startswith("#!/bin/bash\n#SBATCH ")
    assert capsys.readouterr().out == f"{path}\n"
    assert main(["plan", "github", "--on", "a", "--"]) == 0
    assert '"command": "runoff race --results fleet/a-1"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "the following arguments are required: github|kubernetes|slurm"),
        (["github", "slurm", "--on", "a"], "'slurm' is no option of plan github; the words of the race come after --"),
        (["github", "--on", "a", "shop:build"], "'shop:build' is no option of plan github"),
        (["github", "--", "shop:build"], "--on takes names such as ubuntu-24.04,ubuntu-24.04-arm, separated by commas"),
        (["slurm", "--on", "a", "--", "x"], "the following arguments are required: --cpus"),
        (["slurm", "--on", "a", "--cpus", "1.5", "--", "x"], "expected a whole number of at least 1, found '1.5'"),
        (["slurm", "--on", "a,b", "--cpus", "8", "--", "x"], "one array is for one feature; found a, b"),
        ([*KUBERNETES, "--on", "genoa", "--", "x"], "such as node.kubernetes.io/instance-type=m7a.2xlarge"),
    ],
)
def test_what_cannot_be_planned_is_a_line(given, said, capsys):
    """Nothing given, two formats, words without --, and what a format does not take: each is said, with the code 2."""
    try:
        code = main(["plan", *given])
    except SystemExit as end:
        code = end.code
    told = capsys.readouterr()
    assert (code, told.out) == (Exit.USAGE, "")
    assert said in told.err


def test_runs_are_merged_as_text_markdown_and_json(tmp_path, monkeypatch, capsys):
    """What docs/fleet.md shows is printed, the others are written; the JSON beside the runs is no run."""
    monkeypatch.setenv("COLUMNS", "100")
    folder = store_fleet(tmp_path, four_strata())
    written = folder / "fleet.json"
    assert main(["merge", str(folder), "--json", str(written)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("The winner is the same on 3 of 4 strata: openvino;")
    assert printed.endswith(f"{written}\n")
    assert "0.580 to 0.600" in printed
    lines = [line.rstrip() for line in printed.splitlines()]
    assert max(map(len, lines[:20])) <= 100
    page = (ROOT / "docs" / "fleet.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```text\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert set(example.splitlines()) <= set(lines)
    assert [stratum["winner"] for stratum in json.loads(written.read_text())["strata"]].count("openvino") == 3
    assert main(["merge", str(folder), str(folder / "ice-1" / "runoff.json"), "--markdown", "-"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("**The winner is the same on 3 of 4 strata: openvino;")
    assert (told.out.count("\n| stratum "), told.err) == (5, "")


def test_runs_are_merged_as_a_page(tmp_path, capsys):
    """The page has the answer, a column for each stratum, and each run's file; it loads nothing from elsewhere."""
    folder, page = store_fleet(tmp_path, four_strata()), tmp_path / "fleet.html"
    assert main(["merge", str(folder), "--html", str(page)]) == 0
    assert capsys.readouterr().out.endswith(f"{page}\n")
    text = page.read_text(encoding="utf-8")
    assert "<strong>The winner is the same on 3 of 4 strata: openvino;" in text
    headings = re.findall(r'<th scope="col"[^>]*>(stratum \d<br>[^<]*)', text)
    assert headings == ["stratum 1<br>2 runs", *(f"stratum {number}<br>1 run" for number in (2, 3, 4))]
    assert text.count("runoff.json") == 5
    assert "://" not in text


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ([], Exit.USAGE, "the following arguments are required: RUN.json|FOLDER"),
        (["."], Exit.NOT_A_RUN, "no run that Runoff stored is in ."),
        (["gone"], Exit.NOT_A_RUN, "there is no file or folder gone"),
        ([".", "--markdown", "-", "--json", "-"], Exit.USAGE, "give the others a file"),
    ],
)
def test_what_cannot_be_merged_is_a_line(given, code, said, tmp_path, monkeypatch, capsys):
    """Nothing given, no run, and two formats for one output: each is said, with its code."""
    monkeypatch.chdir(tmp_path)
    try:
        ended = main(["merge", *given])
    except SystemExit as end:
        ended = end.code
    told = capsys.readouterr()
    assert (ended, told.out) == (code, "")
    assert said in told.err
