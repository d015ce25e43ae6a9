"""What contenders answer on labelled pictures: each picture once, in a worker, and never while anything is timed."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import PIL
from numpy.typing import NDArray

from runoff.contract import Model
from runoff.environments.cpus import allowed_threads
from runoff.environments.environment import Environment
from runoff.errors import ResultsUnwritable, RunoffError, WorkerFailed
from runoff.files.arrays import load_arrays, save_arrays
from runoff.files.values import to_json
from runoff.files.whole import write_whole
from runoff.measure.cache import key_of
from runoff.measure.entrant import Entrant, Example, Files, receive_start, require_threads, started_worker
from runoff.measure.launches import Progress
from runoff.model.answers import CONFIDENCE, TOP, USUAL_BATCH
from runoff.model.golden.steps import golden_step
from runoff.model.inputs.labelled import Indices, PictureSet
from runoff.model.pictures.decoding import Decoders
from runoff.processes.process import Process, started
from runoff.processes.workplace import Workplace
from runoff.processor import read_processor


@dataclass(frozen=True, eq=False)
class Answers:
    """What one contender answers on N pictures, in the order of the picture set.

    ``top`` are the class indices of each picture's most probable classes, N×5 (fewer where the model has fewer
    classes), the most probable first; of equal ones the lower index. ``confidence`` is the probability of the first of
    each, N numbers. ``batch`` is how many pictures were answered at once.
    """

    top: Indices
    confidence: NDArray[np.float32]
    batch: int = 1

    def right(self, labels: Indices, among: int = 1) -> NDArray[np.bool_]:
        """Return of each picture whether its label is among the first so many answers."""
        found: NDArray[np.bool_] = (self.top[:, :among] == labels[:, None]).any(axis=1)
        return found


@dataclass(frozen=True, eq=False)
class Answered:
    """All answers on a set of labelled pictures: golden's, and each contender's by its id.

    ``failures`` says why a contender gave none. Every Answers has one row for each picture of the set.
    """

    pictures: PictureSet
    golden: Answers
    answers: Mapping[str, Answers]
    failures: Mapping[str, RunoffError]


CHUNK_BYTES = 64_000_000
MOST_IN_CHUNK = 4096
"""How many bytes of preprocessed pictures, and how many pictures, one file holds at most."""
CACHE_LIMIT = 2_000_000_000
"""Up to so many bytes all pictures are kept preprocessed until the last contender has answered."""
TOGETHER = 4
"""How many contenders answer each file before it is deleted, where not all files are kept: their workers are alive."""
START_TIMEOUT = 180.0
LEAST_TIMEOUT, SECONDS_PER_PICTURE = 600.0, 5.0
"""How long a worker may take for a file: so long, or so much for each picture of it."""
GOLDEN = "golden"


@dataclass(frozen=True)
class Chunk:
    """A part of the pictures, by their places, and the file that they are preprocessed in."""

    places: slice
    file: Path


@dataclass(frozen=True)
class Questioning:
    """All that labelled pictures are asked with.

    ``files`` hold the example that workers start with. ``here`` is the environment that golden is computed in.
    """

    pictures: PictureSet
    model: Model
    entrants: Sequence[Entrant]
    files: Files
    here: Environment
    place: Workplace
    decoders: Decoders
    progress: Progress
    cache_limit: int = CACHE_LIMIT

    @property
    def chunks(self) -> list[Chunk]:
        """The pictures in parts, each of a separate file."""
        each = self.bytes_each
        size = max(1, min(MOST_IN_CHUNK, CHUNK_BYTES // each))
        size = max(size - size % USUAL_BATCH, 1) if size >= USUAL_BATCH else size
        folder = self.place.working / "labelled"
        return [
            Chunk(slice(first, min(first + size, len(self.pictures))), folder / f"{first}.npy")
            for first in range(0, len(self.pictures), size)
        ]

    @property
    def bytes_each(self) -> int:
        """The bytes of one preprocessed picture."""
        preprocessing = self.model.picture_preprocessing
        return math.prod(preprocessing.shape) * np.dtype(preprocessing.dtype).itemsize

    @property
    def kept(self) -> bool:
        """Whether all pictures stay preprocessed until the end."""
        return self.bytes_each * len(self.pictures) <= self.cache_limit


@dataclass
class Answering:
    """One that answers: how its process starts, the process that is alive, its batch and its answers so far."""

    key: str
    start: Callable[[], AbstractContextManager[Process]]
    alive: ExitStack = field(default_factory=ExitStack)
    process: Process | None = None
    batch: int | None = None
    parts: list[Answers] = field(default_factory=list)

    def begin(self) -> Process:
        """Start its process, suspended."""
        self.process = self.alive.enter_context(self.start())
        self.process.suspend()
        return self.process

    def answer(self, chunk: Chunk, name: str, destination: Path) -> None:
        """Answer a file of pictures; one whose process ends at its first batch starts anew and goes one by one.

        Raises what goes wrong.
        """
        message = {"do": "answer", "inputs": {name: str(chunk.file)}, "outputs": str(destination)}
        timeout = max(LEAST_TIMEOUT, SECONDS_PER_PICTURE * (chunk.places.stop - chunk.places.start))
        process = self.process or self.begin()
        try:
            process.resume()
            reply = process.ask({**message, "batch": self.batch}, timeout)
        except WorkerFailed:
            if self.batch is not None:
                raise
            self.end()
            process = self.begin()
            process.resume()
            reply = process.ask({**message, "batch": 1}, timeout)
        process.suspend()
        self.batch = int(reply["batch"])
        saved = load_arrays(destination)
        self.parts.append(Answers(saved[TOP], saved[CONFIDENCE], self.batch))

    def end(self) -> None:
        """End its process."""
        self.alive.close()
        self.process = None

    @property
    def answers(self) -> Answers:
        """All that it answered."""
        return Answers(
            np.concatenate([part.top for part in self.parts]),
            np.concatenate([part.confidence for part in self.parts]),
            self.batch or 1,
        )


def ask_pictures(questioning: Questioning) -> Answered:
    """Let golden and every entrant answer all pictures once, each in a separate process.

    A file of pictures is decoded while all are suspended, and answered by one after another. Golden's answers are
    cached. Raises what goes wrong with golden; an entrant's error is its failure.
    """
    remembered = questioning.place.home / "golden" / f"answers-{golden_key(questioning)}.npz"
    asked = [] if remembered.exists() else [Answering(GOLDEN, partial(golden_started, questioning))]
    asked += [
        Answering(entrant.key, partial(entrant_started, questioning, entrant)) for entrant in questioning.entrants
    ]
    failures: dict[str, RunoffError] = {}
    chunks, size = questioning.chunks, 1 if questioning.kept else TOGETHER
    groups = [asked[first : first + size] for first in range(0, len(asked), size)]
    decodings = min(1, len(groups)) if questioning.kept else len(groups)
    questioning.progress.begin("answering labelled pictures", len(chunks) * (len(asked) + decodings))
    chunks[0].file.parent.mkdir(parents=True, exist_ok=True)
    try:
        for group in groups:
            answer_in_turns(questioning, group, chunks, failures)
    finally:
        shutil.rmtree(chunks[0].file.parent, ignore_errors=True)
    answers = {each.key: each.answers for each in asked if each.key not in failures}
    if GOLDEN in answers:
        golden = answers.pop(GOLDEN)
        arrays = {TOP: golden.top, CONFIDENCE: golden.confidence, "batch": np.array(golden.batch)}
        write_whole(remembered, lambda file: save_arrays(file, arrays))
    else:
        saved = load_arrays(remembered)
        golden = Answers(saved[TOP], saved[CONFIDENCE], int(saved["batch"]))
    return Answered(questioning.pictures, golden, answers, failures)


def answer_in_turns(
    questioning: Questioning, group: Sequence[Answering], chunks: Sequence[Chunk], failures: dict[str, RunoffError]
) -> None:
    """Let a group answer every file of pictures in turns, and end it."""
    name, destination = questioning.model.inputs[0].name, questioning.place.working / "answers.npz"
    try:
        for chunk in chunks:
            if not chunk.file.exists():
                prepare_chunk(questioning, chunk)
                questioning.progress.step()
            for each in group:
                if each.key not in failures:
                    try:
                        each.answer(chunk, name, destination)
                    except RunoffError as error:
                        if each.key == GOLDEN:
                            raise
                        failures[each.key] = error
                        each.end()
                questioning.progress.step()
            if not questioning.kept:
                chunk.file.unlink()
    finally:
        for each in group:
            each.end()


def prepare_chunk(questioning: Questioning, chunk: Chunk) -> None:
    """Preprocess a part of the pictures into its file; raises ResultsUnwritable where the file can't be written."""
    pictures, preprocessing = questioning.pictures, questioning.model.picture_preprocessing
    try:
        questioning.decoders.preprocess(
            pictures.folder, pictures.names[chunk.places], preprocessing, chunk.file, lambda: None
        )
    except OSError as error:
        raise ResultsUnwritable(
            f"labelled pictures can't be preprocessed into {chunk.file} ({error.strerror or error}); free space there"
        ) from error


@contextmanager
def entrant_started(questioning: Questioning, entrant: Entrant) -> Iterator[Process]:
    """Start an entrant's worker; raises a WorkerFailed, or ThreadsNotHeld."""
    log = questioning.place.logs / f"{entrant.key}-accuracy.log"
    with started_worker(entrant, Example(questioning.files, 0), log, high_priority=False) as process:
        require_threads(entrant, receive_start(process, entrant.signature).threads)
        yield process


@contextmanager
def golden_started(questioning: Questioning) -> Iterator[Process]:
    """Start the process that answers as golden does; raises a WorkerFailed."""
    step, place = golden_step(questioning.model.source.kind), questioning.place
    surroundings = questioning.here.surroundings()
    with started(
        "runoff.measure.golden_program", label=GOLDEN, log=place.logs / "golden-accuracy.log", surroundings=surroundings
    ) as process:
        process.send_first({"model": to_json(questioning.model), "function": step.opened_by})
        process.receive(START_TIMEOUT)
        yield process


def golden_key(questioning: Questioning) -> str:
    """Return the key of golden's answers, by all that decides them."""
    model, step = questioning.model, golden_step(questioning.model.source.kind)
    processor = read_processor()
    return key_of(
        {
            "model": model.sha256,
            "inputs": [vars(given) for given in model.inputs],
            "pictures": questioning.pictures.sha256,
            "preprocessing": to_json(model.picture_preprocessing),
            "versions": {**questioning.here.versions(step.distributions), "pillow": PIL.__version__},
            "processor": [processor.name, processor.flags],
            "threads": allowed_threads(),
            "version": step.version,
        }
    )
