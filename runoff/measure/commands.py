"""The worker's end of the service questions and of the page: one function a command, imported with the first of them.

Only numpy and the contender's own framework are there for certain; Pillow and LoadGen are imported by their commands.
"""

from __future__ import annotations

import base64
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from runoff.contract import Preprocessing, from_json, require_logits

if TYPE_CHECKING:
    from runoff.contract import Batch, Session
    from runoff.processes.channel import Message

LONGEST_REASON = 200
FEWEST_SPANS = 3


@dataclass(frozen=True)
class Work:
    """What a command works with: the session, the batch of one image that the launch runs on, and the layout."""

    session: Session
    batch: Batch
    layout: str

    def in_layout(self, pixels: Any) -> Batch:
        """Return N×3×H×W pixels as a contiguous batch in the backend's layout."""
        return np.ascontiguousarray(pixels.transpose(0, 2, 3, 1) if self.layout == "NHWC" else pixels)


def run_batch(work: Work, command: Message) -> Message:
    """Time batches of one size, in nanoseconds each, after an unmeasured one; or say why the session refuses them.

    The images of the file are taken from its beginning, and again where the batch is larger.
    """
    pixels = np.load(command["images"], mmap_mode="r")
    size = command["size"]
    batch = work.in_layout(pixels[np.arange(size) % len(pixels)])
    try:
        require_logits(work.session.run(batch), size)
    except Exception as error:  # noqa: BLE001 - whatever a framework raises for a batch of this size is its answer
        first_line = next(iter(str(error).strip().splitlines()), "")
        return {"refused": f"{type(error).__name__}: {first_line}"[:LONGEST_REASON]}
    return {"nanoseconds": time_loop(work.session, batch, command["times"])}


def loop(work: Work, command: Message) -> Message:
    """Time inferences of the launch's image in a bare loop: what the trust experiment compares the rounds with."""
    return {"nanoseconds": time_loop(work.session, work.batch, command["inferences"])}


def time_loop(session: Session, batch: Batch, inferences: int) -> list[int]:
    """Time inferences one after another, in nanoseconds each."""
    times = []
    for _ in range(inferences):
        begin = time.perf_counter_ns()
        session.run(batch)
        times.append(time.perf_counter_ns() - begin)
    return times


def repeat(work: Work, command: Message) -> Message:
    """Run one inference after another until a moment of the machine's clock; return the moments around each."""
    moments = [time.perf_counter_ns()]
    while moments[-1] < command["until_ns"] or len(moments) <= FEWEST_SPANS:
        work.session.run(work.batch)
        moments.append(time.perf_counter_ns())
    return {"moments": moments}


def picture(work: Work, command: Message) -> Message:
    """Run one picture that comes with the command, and return nanoseconds, threads and logits, after once unmeasured.

    Its ``pixels`` are 1×3×H×W float32 in base64, of the size that the launch's own image has.
    """
    three_by_size = work.batch.transpose(0, 3, 1, 2).shape if work.layout == "NHWC" else work.batch.shape
    batch = work.in_layout(np.frombuffer(base64.b64decode(command["pixels"]), np.float32).reshape(three_by_size))
    logits = work.session.run(batch)
    require_logits(logits, 1)
    (taken,) = time_loop(work.session, batch, 1)
    gc.collect(0)  # the page's workers live for long, and a worker collects nothing by itself
    encoded = base64.b64encode(logits.tobytes()).decode()
    return {"nanoseconds": taken, "threads": work.session.threads, "logits": encoded}


def serve(work: Work, command: Message) -> Message:
    """Answer one picture as a service would, from its file's bytes to Top-5; nanoseconds by stage, after once untimed.

    The untimed answer imports Pillow, and refills the caches that the other contenders emptied.
    """
    content, preprocessing = Path(command["picture"]).read_bytes(), from_json(Preprocessing, command["preprocessing"])
    serve_once(work, content, preprocessing)
    durations, answer = serve_once(work, content, preprocessing)
    return {"durations": durations, "answer": answer}


def serve_once(
    work: Work, content: bytes, preprocessing: Preprocessing
) -> tuple[dict[str, int], list[tuple[int, float]]]:
    """Answer one picture, reading the clock between the stages."""
    from runoff.model.classification import top_classes
    from runoff.model.decoding import decode
    from runoff.model.preprocessing import preprocess

    moments = [time.perf_counter_ns()]
    picture = decode(content)
    moments.append(time.perf_counter_ns())
    batch = work.in_layout(np.stack([preprocess(picture, preprocessing)]))
    moments.append(time.perf_counter_ns())
    logits = work.session.run(batch)
    moments.append(time.perf_counter_ns())
    answer = top_classes(logits[0])
    moments.append(time.perf_counter_ns())
    stages = ("decode", "preprocess", "inference", "top 5")
    taken = (after - before for before, after in pairwise(moments))
    return dict(zip(stages, taken, strict=True)), answer


def load(work: Work, command: Message) -> Message:
    """Put the session under one of LoadGen's loads."""
    from runoff.measure.loadgen import run_scenario

    pixels = np.load(command["images"], mmap_mode="r")[: command["pictures"]]
    batches = [work.in_layout(pixels[place : place + 1]) for place in range(len(pixels))]
    return run_scenario(work.session, batches, command)


COMMANDS: dict[str, Callable[[Work, Message], Message]] = {
    "batch": run_batch,
    "loop": loop,
    "repeat": repeat,
    "picture": picture,
    "serve": serve,
    "load": load,
}
