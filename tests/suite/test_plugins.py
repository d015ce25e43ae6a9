"""The suite with pytest as people have it: plugins switched off, warnings as errors, other groups, odd pictures."""

from __future__ import annotations

import json
import subprocess
from io import BytesIO

import pytest
from PIL import Image

from fixtures.results import pytest_benchmark_group_stats, pytest_benchmark_scale_unit
from tests.suite_runs import RACE

FEW = ("--launches", "1", "--rounds", "2", "--contenders", "fake")


MOST = ("capture", "junitxml", "warnings", "logging", "tmpdir", "threadexception", "stepwise")


@pytest.mark.parametrize("plugins", [("terminal",), MOST], ids=["terminal", "most"])
def test_no_plugin_of_pytests_is_taken_for_granted(suite, plugins):
    """Whatever is switched off, the run is stored, and its table is printed without a traceback."""
    done = suite.race(*FEW, *(word for plugin in plugins for word in ("-p", f"no:{plugin}")))
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    assert "Traceback" not in printed
    assert "INTERNALERROR" not in printed
    assert "Stored in results/runoff.json" in printed
    assert "recommended" in printed


def cut_exif() -> bytes:
    """Return a picture whose EXIF block promises more than it has, which Pillow warns of."""
    exif = Image.Exif()
    exif[271] = "a maker with a long name" * 3
    content = BytesIO()
    Image.new("RGB", (256, 256), (200, 30, 60)).save(content, "JPEG", exif=exif.tobytes()[:-60])
    return content.getvalue()


@pytest.mark.full
def test_warnings_of_others_are_no_errors(suite, tmp_path):
    """Under -W error a benchmark skipped in its body is skipped, and a cut EXIF block names its picture."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "cut.jpg").write_bytes(cut_exif())
    Image.new("RGB", (256, 256), (10, 200, 60)).save(folder / "whole.png")
    # In a process that has imported nothing before, of which pytest itself would warn.
    command = suite.command(*RACE[:2], *FEW, "-W", "error", "--images", str(folder))
    done = subprocess.run(command, cwd=suite.root, env=suite.variables(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    printed = " ".join(done.stdout.split())
    assert "skipped" in printed
    assert " error" not in printed.rpartition("passed")[2]
    about = json.loads((suite.root / "results" / "runoff.json").read_text())["machine_info"]["runoff"]
    (odd,) = [warning for warning in about["warnings"] if warning.startswith("odd about the files")]
    assert "cut.jpg: " in odd
    assert "whole.png" not in odd


def divided(groups):
    """Let the hook divide groups."""
    hook = pytest_benchmark_group_stats()
    next(hook)
    with pytest.raises(StopIteration) as ended:
        hook.send(groups)
    return ended.value.value


def of(unit, name="x"):
    """Return a benchmark of some unit."""
    return {"name": name, "extra_info": {"unit": unit} if unit else {}}


def test_groups_of_several_units_are_divided():
    """Each table has one unit; a group of one unit keeps its name, and others' benchmarks stay together."""
    seconds, size, foreign = of("seconds"), of("bytes"), of(None)
    groups = [("fake", [seconds, size, of("seconds")]), ("inference", [seconds]), (None, [foreign])]
    assert divided(groups) == [
        ("fake in seconds", [seconds, of("seconds")]),
        ("fake in bytes", [size]),
        ("inference", [seconds]),
        (None, [foreign]),
    ]


@pytest.mark.parametrize(
    ("unit", "scaled"),
    [("seconds", None), (None, None), ("bytes", ("MB", 1e-6)), ("logits", ("logits, not ", 1.0))],
)
def test_only_seconds_are_shown_as_time(unit, scaled):
    """Bytes are megabytes, and any other unit is named as it is."""
    assert pytest_benchmark_scale_unit("seconds", [of(unit)]) == scaled
    assert pytest_benchmark_scale_unit("operations", [of(unit)]) is None


@pytest.mark.full
def test_a_table_by_contender_has_a_unit_for_each(suite):
    """Grouped by contender, bytes are never shown in milliseconds."""
    done = suite.race(*FEW, "--benchmark-group-by=param:contender")
    assert done.returncode == 0, done.stdout
    assert "contender=fake in bytes" in done.stdout
    assert "time in MBs" in done.stdout
