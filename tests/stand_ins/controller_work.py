"""Work that does not end by itself."""

import signal
from pathlib import Path


def work(ready: str) -> None:
    """Say that it has begun, and keep the process busy with nothing."""
    Path(ready).write_text("begun")
    signal.pause()
