"""The suite and the doctor where /proc and /sys have holes: made in a mount namespace of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.suite.test_suite import ALL_RIGHT

UNSHARE = shutil.which("unshare")
HOLES = """
set -e
mount --make-rprivate /
made=$(mktemp -d)
mount -t tmpfs none "$made"
: > "$made/empty"
grep -v -E "^(model name|flags|Features)" /proc/cpuinfo > "$made/cpuinfo"
mount --bind "$made/cpuinfo" /proc/cpuinfo
for file in stat meminfo loadavg vmstat; do mount --bind "$made/empty" "/proc/$file"; done
mount -t tmpfs none /sys/devices/system/cpu
mount -t tmpfs none /sys/fs/cgroup
exec "$@"
"""
NO_PROC = """
set -e
mount --make-rprivate /
umount -l /proc
exec "$@"
"""


def why_not() -> str | None:
    """Say why no mount namespace can be made here."""
    if UNSHARE is None:
        return "there is no unshare"
    tried = subprocess.run([UNSHARE, "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return f"unshare -m: {tried.stderr.decode().strip()}" if tried.returncode else None


def in_holes(script: str, command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command in a mount namespace that a script has made holes into."""
    words = [str(UNSHARE), "-m", "sh", "-c", script, "sh", *command]
    return subprocess.run(words, capture_output=True, text=True, check=False, **options)


pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(why_not() is not None, reason=f"a mount namespace takes root: {why_not()}"),
]


@pytest.mark.parametrize(
    ("script", "absent", "measured"),
    [
        pytest.param(HOLES, "stolen time, because /proc/stat has no counter of it", {"peak-memory"}, id="holes"),
        pytest.param(
            NO_PROC,
            "peak memory, because /proc/self/status can't be read; stolen time, because /proc/stat can't be read",
            set(),
            id="no /proc",
        ),
    ],
)
def test_the_suite_measures_what_it_can(suite, script, absent, measured):
    """What the system does not say is named with its reason, nothing else is lost, and nobody gets a traceback."""
    few = ("--ignore=benchmarks/test_footprint.py", "--launches", "1", "--rounds", "3", "-rs")
    command = suite.command(*few, "--contenders", ALL_RIGHT)
    done = in_holes(script, command, cwd=suite.root, env=suite.variables())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    printed = " ".join(done.stdout.split())
    assert f"what can't be had here: {absent}" in printed
    assert ("peak-memory can't be had here, because /proc/self/status can't be read" in printed) is not measured
    stored = json.loads((suite.root / "results" / "runoff.json").read_text())
    groups = {benchmark["group"] for benchmark in stored["benchmarks"]}
    assert {"inference", "cold-start"} | measured <= groups
    assert ("peak-memory" in groups) == bool(measured)


@pytest.mark.parametrize("script", [HOLES, NO_PROC], ids=["holes", "no /proc"])
def test_the_doctor_says_what_is_missing(script):
    """Every line is there, with why where it has no figure."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "runoff", "doctor", "--seconds", "0"]
    done = in_holes(script, command, cwd=ROOT, env=ours)
    assert done.returncode == 0, done.stderr
    printed = " ".join(done.stdout.split())
    assert "memory can't be had here, because /proc/meminfo can't be read" in printed
    assert "not known; governor" in printed or "MHz now; governor and boost not readable" in printed
