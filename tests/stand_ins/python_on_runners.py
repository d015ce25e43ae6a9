"""What ``python`` is while a test runs the workflows' steps: nothing is installed or measured, all else is real.

``tox -e NAME`` must be an environment that there is; what it would leave behind lies in the folder of RUNOFF_LEFT.
"""

import json
import os
import shutil
import subprocess
import sys

UNKNOWN = 9


def main(arguments: list[str]) -> int:
    """Do what the arguments ask for, or give UNKNOWN for what no list has."""
    match arguments:
        case ["-m", "pip", "install", *_] | [
            "-m",
            "tox",
            "exec",
            "-q",
            "-e",
            "coverage",
            "--",
            "coverage",
            "report",
            "--format",
            "markdown",
        ]:
            return 0
        case ["-m", "tox", "exec", "-e", name, "--", "python", *rest] if known(name):
            return really(rest)
        case ["-m", "tox", "-e", "history", "--", *rest]:
            return really(["-m", "runoff", "history", *rest])
        case ["-m", "tox", "-e", name, *_] if known(name):
            shutil.copytree(os.environ["RUNOFF_LEFT"], "results", dirs_exist_ok=True)
            return 0
        case [".ci/list_environments.py"]:
            return really(arguments)
    sys.stderr.write(f"not on the list of what a step may run: python {' '.join(arguments)}\n")
    return UNKNOWN


def known(name: str) -> bool:
    """Tell whether there is such an environment."""
    return name in json.loads(os.environ["RUNOFF_ENVIRONMENTS"])


def really(arguments: list[str]) -> int:
    """Run the real interpreter."""
    return subprocess.run([sys.executable, *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
