"""A noisy neighbour: a process that keeps one core busy for as long as an experiment lasts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def burning_one_core() -> Iterator[None]:
    """Keep one core busy until the block is left; the process ends by itself when this one is gone."""
    code = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    sum(range(100000))"
    with subprocess.Popen([sys.executable, "-c", code], start_new_session=True) as burner:
        try:
            yield
        finally:
            burner.kill()
