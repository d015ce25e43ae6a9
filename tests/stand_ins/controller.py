"""A controller with a running and a suspended worker: prints their numbers and waits to be ended."""

import tempfile
import time
from pathlib import Path

from runoff.processes.process import started

with tempfile.TemporaryDirectory() as folder:
    step = "runoff.processes.step"
    with (
        started(step, label="runs", log=Path(folder) / "a") as running,
        started(step, label="sleeps", log=Path(folder) / "b") as suspended,
    ):
        for worker in (running, suspended):
            worker.send_first({"function": "tests.stand_ins.controller_work:work", "arguments": {}})
        time.sleep(1)
        suspended.suspend()
        print(running.popen.pid, suspended.popen.pid, flush=True)
        time.sleep(3600)
