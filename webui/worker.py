"""The program that runs one contender for the page, in a process of its own with no other framework in it.

Run as ``python -m webui.worker``. It needs numpy and the contender's framework only. It has no command of the
benchmark's worker, which starts on a file of images and is suspended between its rounds.
"""

from __future__ import annotations

import base64
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from runoff.processes.channel import open_channel

if TYPE_CHECKING:
    from runoff.contract import Batch, Session
    from runoff.processes.channel import Channel, Message


def main() -> None:
    """Serve one server, then leave without the frameworks' own tear-down."""
    channel = open_channel()
    request = channel.receive_start()
    if request is None:
        return
    try:
        serve(channel, request)
    except Exception as error:  # noqa: BLE001 - whatever a framework raises is told to the server by its name
        channel.send_error(error)
        os._exit(1)
    os._exit(0)


def serve(channel: Channel, request: Message) -> None:
    """Import, load what the second message names, then answer pictures: pixels follow a command as float32."""
    import numpy as np

    from runoff.contract import find_variant, import_backend, require_logits

    backend = import_backend(request["backend"])
    variant = find_variant(backend, request["variant"])
    backend.import_framework(variant)
    prepared = channel.receive()
    if prepared is None:
        return
    shape = (1, *prepared["shape"])
    session = backend.load(Path(prepared["artifact"]), variant, prepared["threads"])
    require_logits(session.run(as_batch(np.zeros(shape, np.float32), backend.LAYOUT)), 1)
    channel.send({"ready": True})
    while (command := channel.receive()) is not None:
        pixels = np.frombuffer(base64.b64decode(command["pixels"]), np.float32).reshape(shape)
        channel.send(answer(session, pixels, backend.LAYOUT))


def answer(session: Session, pixels: Batch, layout: str) -> Message:
    """Run one picture, after an unmeasured inference as in the benchmark."""
    from runoff.contract import require_logits

    batch = as_batch(pixels, layout)
    session.run(batch)
    begin = time.perf_counter_ns()
    logits = session.run(batch)
    taken = time.perf_counter_ns() - begin
    require_logits(logits, 1)
    encoded = base64.b64encode(logits.tobytes()).decode()
    return {"nanoseconds": taken, "threads": session.threads, "logits": encoded}


def as_batch(pixels: Batch, layout: str) -> Batch:
    """Lay pixels of N×3×H×W out as a backend wants its batch."""
    import numpy as np

    return np.ascontiguousarray(pixels.transpose(0, 2, 3, 1) if layout == "NHWC" else pixels)


if __name__ == "__main__":
    main()
