"""A controller with a running and a suspended worker: prints their numbers and waits to be ended."""

import os
import signal
import tempfile
from pathlib import Path

from runoff.processes.process import started

with tempfile.TemporaryDirectory() as folder:
    step, ready = "runoff.processes.step", Path(folder) / "ready"
    os.mkfifo(ready)
    with (
        started(step, label="runs", log=Path(folder) / "a") as running,
        started(step, label="sleeps", log=Path(folder) / "b") as suspended,
    ):
        for worker in (running, suspended):
            work = {"function": "tests.stand_ins.controller_work:work", "arguments": {"ready": str(ready)}}
            worker.send_first(work)
            ready.read_text()  # ends when the worker has written it
        suspended.suspend()
        print(running.popen.pid, suspended.popen.pid, flush=True)
        signal.pause()
