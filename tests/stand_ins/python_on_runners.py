"""What ``python`` is while a test runs the workflows' steps: nothing is installed or measured, all else is real.

``tox -e NAME`` must be an environment that there is; what it would leave behind lies in the folder of RUNOFF_LEFT.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

UNKNOWN = 9


def main(arguments: list[str]) -> int:  # noqa: PLR0911 - a line for each command
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
        case ["-m", "venv", folder]:
            (Path(folder) / "bin").mkdir(parents=True)
            shutil.copy(str(shutil.which("python")), Path(folder) / "bin" / "python")
            return 0
        case ["-m", "runoff", "race", *words]:
            return race(words)
        case [".ci/list_environments.py"] | ["-m", "runoff", "compare" | "report", *_]:
            return really(arguments)
        case [path, _] if path.endswith("/.github/action/comment.py"):
            return really(arguments)
    sys.stderr.write(f"not on the list of what a step may run: python {' '.join(arguments)}\n")
    return UNKNOWN


def race(words: list[str]) -> int:
    """Note what is raced, in which folder and with which options, and leave what would be stored."""
    left, results = Path(os.environ["RUNOFF_LEFT"]), Path(words[words.index("--results") + 1])
    options = {name: os.environ.get(name, "") for name in ("RUNOFF_MODEL", "RUNOFF_CONTENDERS", "GITHUB_TOKEN")}
    with left.with_suffix(".raced").open("a") as noted:
        noted.write(json.dumps({"folder": str(Path.cwd()), "words": words, **options}) + "\n")
    base = left.with_name("left-of-base")
    shutil.copytree(base if results.name == "base-results" and base.is_dir() else left, results, dirs_exist_ok=True)
    return int(os.environ.get("RACE_ENDS_WITH", "0"))


def known(name: str) -> bool:
    """Tell whether there is such an environment."""
    return name in json.loads(os.environ["RUNOFF_ENVIRONMENTS"])


def really(arguments: list[str]) -> int:
    """Run the real interpreter."""
    return subprocess.run([sys.executable, *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
