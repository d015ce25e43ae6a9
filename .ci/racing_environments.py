"""Prints the tox environments whose runs are drawn together, as ``environments=[...]`` for a workflow's matrix."""

import json
import subprocess
import sys

FAMILIES = ("compare", "versions")
"""What the names of these environments begin with: ``compare``, ``compare-...``, ``versions-...``."""


def racing(listed: str) -> list[str]:
    """Choose from what ``tox list --no-desc`` prints: a name a line."""
    return [name for line in listed.splitlines() if (name := line.strip()).partition("-")[0] in FAMILIES]


if __name__ == "__main__":
    command = [sys.executable, "-m", "tox", "list", "--no-desc", "--quiet"]
    listed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    sys.stdout.write(f"environments={json.dumps(racing(listed))}\n")
