"""Prints tox's environments for a workflow's matrices, as ``racing=[...]`` and ``versions=[...]``.

The runs of those that race are drawn together; those that hold one version of one framework are made to see that they
can be.
"""

import json
import re
import subprocess
import sys

RACING = re.compile(r"compare(-.*)?|versions-.*")
VERSION = re.compile(r"py\d+-[a-z]+[\d.]+")


def choose(listed: str, kind: re.Pattern[str]) -> list[str]:
    """Choose from what ``tox list --no-desc`` prints, a name a line, those whose whole name fits."""
    return [name for line in listed.splitlines() if kind.fullmatch(name := line.strip())]


if __name__ == "__main__":
    command = [sys.executable, "-m", "tox", "list", "--no-desc", "--quiet"]
    listed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    sys.stdout.write(f"racing={json.dumps(choose(listed, RACING))}\nversions={json.dumps(choose(listed, VERSION))}\n")
