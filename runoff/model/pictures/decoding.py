"""Pictures decoded in separate processes, so many at a time: what is on each, and inputs in files."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runoff.contract import Preprocessing
from runoff.files.values import to_json
from runoff.processes.channel import Message
from runoff.processes.process import Process, started

PORTION = 32
"""How many pictures a process is given at once."""
TIMEOUT = 600.0
Step = Callable[[], None]


@dataclass(frozen=True)
class Decoders:
    """How pictures are decoded: by so many processes at once, which log into a folder."""

    count: int
    logs: Path

    def look_at(self, folder: Path, names: Sequence[str], step: Step) -> list[tuple[str | None, str | None]]:
        """Return of each picture the hash of its decoded pixels, or None and the reason why it can't be decoded.

        ``step`` is called after each portion. Raises a WorkerFailed where a process breaks down.
        """
        portions: list[Message] = [{"names": part} for part in split(names)]
        return list(self.answers({"folder": str(folder)}, portions, step))

    def preprocess(
        self, folder: Path, names: Sequence[str], preprocessing: Preprocessing, destination: Path, step: Step
    ) -> Path:
        """Write pictures as a model's input into an ``.npy`` file, in their order, and return the file.

        Raises a WorkerFailed, ImagesUnusable for a picture that can't be decoded any more, and OSError where the file
        can't be written.
        """
        shape = (len(names), *preprocessing.shape)
        np.lib.format.open_memmap(destination, "w+", np.dtype(preprocessing.dtype), shape)
        with destination.open("r+b") as file:  # a full disk is an error here, and would end a process that maps it
            os.posix_fallocate(file.fileno(), 0, destination.stat().st_size)
        portions: list[Message] = [
            {"names": part, "destination": str(destination), "first": place * PORTION}
            for place, part in enumerate(split(names))
        ]
        request = {"folder": str(folder), "preprocessing": to_json(preprocessing)}
        deque(self.answers(request, portions, step), maxlen=0)
        return destination

    def answers(
        self, request: Message, portions: Sequence[Message], step: Step
    ) -> Iterator[tuple[str | None, str | None]]:
        """Yield what the processes answer to portions, in order; each has one portion at a time and one waiting."""
        with ExitStack() as stack:
            processes = []
            for number in range(min(self.count, len(portions))):
                log = self.logs / f"decoding-{number}.log"
                decoder = started("runoff.model.pictures.decoder", label="decoding pictures", log=log)
                processes.append(stack.enter_context(decoder))
                processes[-1].send_first(request)
            waiting: deque[Process] = deque()
            for place, portion in enumerate(portions):
                if len(waiting) == 2 * len(processes):
                    yield from received(waiting, step)
                process = processes[place % len(processes)]
                process.send(portion)
                waiting.append(process)
            while waiting:
                yield from received(waiting, step)


def received(waiting: deque[Process], step: Step) -> Iterator[tuple[str | None, str | None]]:
    """Yield the answer of the process whose turn it is."""
    yield from map(tuple, waiting.popleft().receive(TIMEOUT)["looked"])
    step()


def split(names: Sequence[str]) -> list[list[str]]:
    """Return names in portions."""
    return [list(names[first : first + PORTION]) for first in range(0, len(names), PORTION)]


def portions_of(count: int) -> int:
    """Return how many portions so many pictures are: the steps that they take."""
    return -(-count // PORTION)
