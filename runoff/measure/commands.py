"""The worker's end of what is not raced: one function a command, imported with the first of them.

Only numpy and the contender's own framework are there for certain; Pillow and LoadGen are imported by their commands.
"""

from __future__ import annotations

import base64
import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from runoff.contract import Preprocessing, from_json, in_layout, require_logits

if TYPE_CHECKING:
    from runoff.contract import Batch, Logits, Session
    from runoff.processes.channel import Message

LONGEST_REASON = 200
FEWEST_SPANS = 3


@dataclass(frozen=True)
class Work:
    """What a command works with: the session, the batch of one image that the launch runs on, and the layout."""

    session: Session
    batch: Batch
    layout: str


def predict(work: Work, command: Message) -> Message:
    """Write the logits of every image of a file, run one by one as in the timed rounds."""
    rows: list[Logits] = []
    for batch in single_batches(work, np.load(command["images"], mmap_mode="r")):
        logits = work.session.run(batch)
        require_logits(logits, 1)
        rows.append(logits)
    np.save(command["logits"], np.concatenate(rows))
    return {}


def single_batches(work: Work, pixels: Batch) -> Iterator[Batch]:
    """Yield a batch of each image, in the backend's layout.

    They are slices: an axis made by indexing with None has a stride of 0, for which torch.compile compiles anew.
    """
    for place in range(len(pixels)):
        yield in_layout(pixels[place : place + 1], work.layout)


def run_batch(work: Work, command: Message) -> Message:
    """Time batches of one size, in nanoseconds each, after an unmeasured one; or say why the session refuses them.

    The images of the file are taken from its beginning, and again where the batch is larger.
    """
    pixels = np.load(command["images"], mmap_mode="r")
    size = command["size"]
    batch = in_layout(pixels[np.arange(size) % len(pixels)], work.layout)
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
    pixels = np.frombuffer(base64.b64decode(command["pixels"]), np.float32).reshape(three_by_size)
    batch = in_layout(pixels, work.layout)
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
    batch = in_layout(np.stack([preprocess(picture, preprocessing)]), work.layout)
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
    return run_scenario(work.session, list(single_batches(work, pixels)), command)


COMMANDS: dict[str, Callable[[Work, Message], Message]] = {
    "predict": predict,
    "batch": run_batch,
    "loop": loop,
    "repeat": repeat,
    "picture": picture,
    "serve": serve,
    "load": load,
}
