"""Help comes at once: it loads nothing but Python's own modules and those that declare commands."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from runoff.__main__ import main
try:
    main(["--help"])
finally:
    sys.stderr.write("\\n".join(sys.modules))
"""
DECLARING = {
    *("runoff", "runoff.__main__", "runoff.errors", "runoff.quantities"),
    *("runoff.across", "runoff.across.command", "runoff.across.model_list"),
    *("runoff.checking", "runoff.checking.command"),
    *("runoff.compare", "runoff.compare.command", "runoff.doctor", "runoff.doctor.command"),
    *("runoff.environments", "runoff.environments.race_command", "runoff.environments.tox_versions"),
    *("runoff.fleet", "runoff.fleet.command", "runoff.history", "runoff.history.command"),
    *("runoff.report", "runoff.report.write", "runoff.report.write.command"),
    *("runoff.files", "runoff.files.names", "runoff.files.whole"),
    *("runoff.processes", "runoff.processes.interruption", "runoff.processes.surroundings"),
    *("runoff.processes.variables", "runoff.processes.workplace"),
    *("runoff.processes.alone", "runoff.processes.clean", "runoff.processes.clearing"),
    *("runoff.text", "runoff.text.ending", "runoff.text.ids", "runoff.text.output", "runoff.text.remedies"),
}
HEAVY = {"asyncio", "ctypes", "email", "http", "multiprocessing", "pydoc", "ssl", "sqlite3", "unittest", "xml"}


def test_help_loads_little():
    """The list of what is loaded is the one here: an import that costs every command time is seen by name."""
    command = [sys.executable, "-I", "-S", "-c", PROGRAM, str(ROOT)]  # without what an installation loads at the start
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "exit codes:" in done.stdout
    loaded = set(done.stderr.split())
    assert {name for name in loaded if name.partition(".")[0] == "runoff"} == DECLARING
    others = {name.partition(".")[0] for name in loaded} - {"runoff", "__main__"}
    assert others <= sys.stdlib_module_names
    assert not others & HEAVY
