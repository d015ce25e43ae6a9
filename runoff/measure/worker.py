"""The program that runs one contender in one fresh process: its cold start, then what the controller asks for.

Run as ``python -m runoff.measure.worker``. Only numpy and the contender's own framework are imported here, and
nothing but ``session.run`` stands between the two readings of the clock.
"""

from __future__ import annotations

import time

STARTED_NS = time.perf_counter_ns()  # before any other import: it ends the stage "interpreter"

import base64  # noqa: E402 - the first reading of the clock must come before every import
import gc  # noqa: E402 - as above
import resource  # noqa: E402 - as above
from dataclasses import dataclass  # noqa: E402 - as above
from pathlib import Path  # noqa: E402 - as above
from typing import TYPE_CHECKING  # noqa: E402 - as above

FIRST_NUMBERS = 1 << 16
STATUS = Path("/proc/self/status")

if TYPE_CHECKING:
    from runoff.arrays import Arrays
    from runoff.contract import Session
    from runoff.measure.work import Work
    from runoff.processes.channel import Channel, Message


def read_memory(field: str) -> int | None:
    """Read a field of this process's own /proc/self/status (proc(5)) in bytes, None where the system does not say it.

    The peak is VmHWM: it belongs to the address space, which exec makes anew; ru_maxrss of getrusage(2) survives exec
    and would show a bigger parent's peak as the worker's.
    """
    try:
        lines = STATUS.read_text().splitlines()
        return int(next(line for line in lines if line.startswith(f"{field}:")).split()[1]) * 1024
    except (OSError, StopIteration, IndexError, ValueError):
        return None


def serve(channel: Channel, request: Message) -> None:
    """Start the contender, report its cold start, then answer commands until there are no more.

    A request that names no artifact is followed by a second message with the rest of it, so that the framework can be
    imported while the artifact is made.
    """
    durations: dict[str, int] = {}
    peaks: dict[str, int | None] = {}

    def passed(stage: str, duration: int) -> None:
        durations[stage] = duration
        peaks[stage] = read_memory("VmHWM")

    passed("interpreter", STARTED_NS - request["spawned_ns"])

    begin = time.perf_counter_ns()
    import numpy as np

    from runoff.arrays import Signature, arranged, named
    from runoff.contract import ImportsModels, find_variant, import_backend
    from runoff.files.values import from_json
    from runoff.measure.work import Work

    backend = import_backend(request["backend"])
    variant = find_variant(backend, request["variant"])
    backend.import_framework(variant)
    if isinstance(backend, ImportsModels) and "architecture" in request:
        backend.import_model(variant, request["architecture"])
    passed("import", time.perf_counter_ns() - begin)

    if "artifact" not in request:
        rest = channel.receive()
        if rest is None:
            return
        request = request | rest
    signature, layout, index = from_json(Signature, request["signature"]), request["layout"], request["example"]
    example = {
        name: np.array(np.load(file, mmap_mode="r")[index : index + 1]) for name, file in request["inputs"].items()
    }
    inputs = arranged(example, signature.inputs, layout)

    begin = time.perf_counter_ns()
    session = backend.load(Path(request["artifact"]), signature, variant, request["threads"])
    passed("load", time.perf_counter_ns() - begin)

    begin = time.perf_counter_ns()
    outputs = session.run(inputs)
    passed("first inference", time.perf_counter_ns() - begin)

    first = first_numbers(named(outputs, signature, 1))
    channel.send({"durations": durations, "peaks": peaks, "threads": session.threads, "outputs": first})
    answer_commands(channel, Work(session, inputs, signature, layout))


def first_numbers(outputs: Arrays) -> dict[str, str]:
    """Return the first numbers of each output in base64: all of a classifier's, and of a picture no more than these.

    What is sent takes memory, several times over, which would be in the peak of what follows.
    """
    return {
        name: base64.b64encode(array.reshape(-1)[:FIRST_NUMBERS].tobytes()).decode() for name, array in outputs.items()
    }


def answer_commands(channel: Channel, work: Work) -> None:
    """Answer commands until the controller is gone, or ends this process."""
    gc.disable()
    switches = 0
    while (command := channel.receive()) is not None:
        if command["do"] == "time":
            timed = time_one(work.session, work.inputs)
            switches += timed.switches
            channel.send({"nanoseconds": timed.wall, "cpu_nanoseconds": timed.cpu})
        elif command["do"] == "report":
            memory = {"peak": read_memory("VmHWM"), "anonymous": read_memory("RssAnon")}
            channel.send({**memory, "involuntary_switches": switches})
        else:
            from runoff.measure.commands import COMMANDS

            channel.send(COMMANDS[command["do"]](work, command))


@dataclass(frozen=True)
class Timed:
    """One inference: nanoseconds by the clock and of all threads' CPU time, and involuntary context switches."""

    wall: int
    cpu: int
    switches: int


def time_one(session: Session, inputs: Arrays) -> Timed:
    """Time one inference, after an unmeasured one.

    The unmeasured one refills the caches that the other contenders emptied while this worker was suspended.
    """
    session.run(inputs)
    switches, cpu = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw, time.process_time_ns()
    begin = time.perf_counter_ns()
    session.run(inputs)
    end = time.perf_counter_ns()
    cpu = time.process_time_ns() - cpu
    return Timed(end - begin, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw - switches)


if __name__ == "__main__":
    from runoff.processes.channel import run_program

    run_program(serve)
