"""The worker's end of what is not raced: one function a command, imported with the first of them.

Only numpy and the contender's own framework are there for certain; Pillow and LoadGen are imported by their commands.
"""

from __future__ import annotations

import base64
import gc
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runoff.arrays import arranged, named
from runoff.contract import Preprocessing
from runoff.errors import first_line
from runoff.files.arrays import save_arrays
from runoff.files.values import from_json
from runoff.judge.busy import SHARED
from runoff.measure.work import Work
from runoff.model.answers import save_answers

if TYPE_CHECKING:
    from runoff.arrays import Arrays
    from runoff.contract import Session
    from runoff.processes.channel import Message

FEWEST_SPANS = 3
TASKS = Path("/proc/self/task")


def predict(work: Work, command: Message) -> Message:
    """Write the outputs of every example of files, run one by one as in the timed rounds.

    Return how many threads each kept busy, CPU time by time taken, and how many were ready: busy, or waiting for a CPU
    that others had. None where they are too short to be shared.
    """
    rows: list[dict[str, NDArray[Any]]] = []
    spans: list[tuple[int, int, int]] = []
    for inputs in single_batches(work, examples_of(command)):
        waited = waited_nanoseconds()
        begin, cpu = time.perf_counter_ns(), time.process_time_ns()
        outputs = work.session.run(inputs)
        cpu, taken = time.process_time_ns() - cpu, time.perf_counter_ns() - begin
        rows.append(named(outputs, work.signature, 1))
        spans.append((cpu, waited_between(waited, waited_nanoseconds(), taken), taken))
    save_arrays(Path(command["outputs"]), {name: np.concatenate([row[name] for row in rows]) for name in rows[0]})
    if min(taken for *_, taken in spans) < SHARED * 1e9:  # the fastest: a neighbour makes others long
        return {"busy_threads": [], "ready_threads": []}
    return {
        "busy_threads": [cpu / taken for cpu, _, taken in spans],
        "ready_threads": [(cpu + waited) / taken for cpu, waited, taken in spans],
    }


def waited_nanoseconds(tasks: Path = TASKS) -> dict[str, int]:
    """Return for how long each of this process's threads was ready and waited for a CPU, where the system says it.

    It is the second number of /proc/PID/task/TID/schedstat (Documentation/scheduler/sched-stats of Linux).
    """
    found = {}
    with suppress(OSError, ValueError, IndexError):
        for task in tasks.iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended meanwhile
                found[task.name] = int((task / "schedstat").read_text().split()[1])
    return found


def waited_between(before: dict[str, int], after: dict[str, int], taken: int) -> int:
    """Return for how long all threads waited for a CPU between two readings, each for no longer than it ``taken``.

    A thread may wait around what was timed too, on a machine where more is ready than there are CPUs.
    """
    return sum(min(waited - before.get(task, 0), taken) for task, waited in after.items())


def answer(work: Work, command: Message) -> Message:
    """Write the first classes of every picture of a file, asked in batches as the session takes them."""
    given = work.signature.inputs[0].name

    def run(pictures: NDArray[Any]) -> NDArray[Any]:
        batch = arranged({given: pictures}, work.signature.inputs, work.layout)
        (scores,) = named(work.session.run(batch), work.signature, len(pictures)).values()
        return scores

    (file,), likely = command["inputs"].values(), work.signature.outputs[0].probabilities
    return dict(save_answers(run, file, command["outputs"], command["batch"], probabilities=likely))


def examples_of(command: Message) -> dict[str, NDArray[Any]]:
    """Map the files of each input's examples, of which only those that are used are read."""
    return {name: np.load(file, mmap_mode="r") for name, file in command["inputs"].items()}


def single_batches(work: Work, examples: Arrays) -> Iterator[Arrays]:
    """Yield a batch of each example, as the session is given it.

    They are slices: an axis made by indexing with None has a stride of 0, for which torch.compile compiles anew. They
    are copied, since torch warns of arrays that may not be written to, as mapped files are.
    """
    for place in range(min(map(len, examples.values()))):
        one = {name: np.array(array[place : place + 1]) for name, array in examples.items()}
        yield arranged(one, work.signature.inputs, work.layout)


def run_batch(work: Work, command: Message) -> Message:
    """Time batches of one size, in nanoseconds each, after an unmeasured one; or say why the session refuses them.

    The examples of the files are taken from their beginning, and again where the batch is larger.
    """
    size = command["size"]
    some = {name: array[np.arange(size) % len(array)] for name, array in examples_of(command).items()}
    batch = arranged(some, work.signature.inputs, work.layout)
    try:
        named(work.session.run(batch), work.signature, size)
    except Exception as error:  # noqa: BLE001 - whatever a framework raises for a batch of this size is its answer
        return {"refused": first_line(error)}
    return {"nanoseconds": time_loop(work.session, batch, command["times"])}


def loop(work: Work, command: Message) -> Message:
    """Time inferences of the launch's example in a bare loop: what the trust experiment compares the rounds with."""
    return {"nanoseconds": time_loop(work.session, work.inputs, command["inferences"])}


def time_loop(session: Session, inputs: Arrays, inferences: int) -> list[int]:
    """Time inferences one after another, in nanoseconds each."""
    times = []
    for _ in range(inferences):
        begin = time.perf_counter_ns()
        session.run(inputs)
        times.append(time.perf_counter_ns() - begin)
    return times


def repeat(work: Work, command: Message) -> Message:
    """Run one inference after another until a moment of the machine's clock; return the moments around each."""
    moments = [time.perf_counter_ns()]
    while moments[-1] < command["until_ns"] or len(moments) <= FEWEST_SPANS:
        work.session.run(work.inputs)
        moments.append(time.perf_counter_ns())
    return {"moments": moments}


def picture(work: Work, command: Message) -> Message:
    """Run one picture that comes with the command, and return nanoseconds, threads and logits, after once unmeasured.

    Its ``pixels`` are one example of the model's input in base64.
    """
    given = work.signature.inputs[0]
    pixels = np.frombuffer(bytearray(base64.b64decode(command["pixels"])), given.dtype).reshape(1, *given.shape)
    inputs = arranged({given.name: pixels}, work.signature.inputs, work.layout)
    (logits,) = named(work.session.run(inputs), work.signature, 1).values()
    (taken,) = time_loop(work.session, inputs, 1)
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
    from runoff.model.inputs.decoding import decode
    from runoff.model.inputs.preprocessing import preprocess

    moments = [time.perf_counter_ns()]
    picture = decode(content)
    moments.append(time.perf_counter_ns())
    pixels = {work.signature.inputs[0].name: np.stack([preprocess(picture, preprocessing)])}
    inputs = arranged(pixels, work.signature.inputs, work.layout)
    moments.append(time.perf_counter_ns())
    outputs = work.session.run(inputs)
    moments.append(time.perf_counter_ns())
    answer = top_classes(outputs[0].reshape(-1), probabilities=work.signature.outputs[0].probabilities)
    moments.append(time.perf_counter_ns())
    stages = ("decode", "preprocess", "inference", "top 5")
    taken = (after - before for before, after in pairwise(moments))
    return dict(zip(stages, taken, strict=True)), answer


def load(work: Work, command: Message) -> Message:
    """Put the session under one of LoadGen's loads."""
    from runoff.measure.loadgen import run_scenario

    first = {name: array[: command["examples"]] for name, array in examples_of(command).items()}
    return run_scenario(work, list(single_batches(work, first)), command)


COMMANDS: dict[str, Callable[[Work, Message], Message]] = {
    "predict": predict,
    "answer": answer,
    "batch": run_batch,
    "loop": loop,
    "repeat": repeat,
    "picture": picture,
    "serve": serve,
    "load": load,
}
