"""The owner of a folder: prints its path and waits to be ended."""

import signal
import sys
from pathlib import Path

from runoff.processes.temporary import owned_folder

with owned_folder(Path(sys.argv[1]), "run-") as folder:
    (folder / "pixels.npy").write_bytes(b"x")
    print(folder, flush=True)
    signal.pause()
