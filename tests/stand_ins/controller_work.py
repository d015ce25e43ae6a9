"""Work that does not end by itself."""

import time


def work() -> None:
    """Keep the process busy with nothing."""
    time.sleep(3600)
