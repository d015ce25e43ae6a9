"""End to end: from a picture file's bytes to Top-5, as a service does it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from runoff.contract import Model, Preprocessing
from runoff.measure.entrant import INFERENCE_TIMEOUT, NANOSECONDS
from runoff.measure.launches import Measured, Setup, run_exercise
from runoff.measure.rotation import Rotation, RunningWorker
from runoff.model.inputs.images import why_no_pictures
from runoff.processes.channel import Message

STAGES = ("decode", "preprocess", "inference", "top 5")
BEFORE_INFERENCE = ("decode", "preprocess")


@dataclass(frozen=True)
class EndToEndRecord:
    """What one launch yields: seconds a round by stage, and the class that each round's picture was given."""

    stages: Mapping[str, tuple[float, ...]]
    classes: tuple[int, ...]

    @property
    def rounds(self) -> tuple[float, ...]:
        """Seconds from the file's bytes to Top-5, one value a round."""
        return tuple(map(sum, zip(*self.stages.values(), strict=True)))

    @property
    def medians(self) -> dict[str, float]:
        """The median over rounds of each stage."""
        return {stage: statistics.median(values) for stage, values in self.stages.items()}

    @property
    def share_before(self) -> float:
        """The share of decoding and preprocessing in the time of all rounds."""
        return sum(sum(self.stages[stage]) for stage in BEFORE_INFERENCE) / sum(self.rounds)


def why_no_answer(model: Model) -> str | None:
    """Say why a model has no answer to a picture, None where it has."""
    if not model.classifies:
        return f"{model.source.title} is no classifier, and the answer to a picture is its five most likely classes"
    return why_no_pictures(model)


def measure_end_to_end(
    setup: Setup, pictures: Sequence[Path], preprocessing: Preprocessing, rounds: int
) -> Measured[EndToEndRecord]:
    """Let every entrant answer one picture a round, all of them the same one, and each round another."""

    def exercise(rotation: Rotation, launch: int) -> dict[str, EndToEndRecord]:
        numbers = range(launch * rounds, (launch + 1) * rounds)
        commands = [
            {"do": "serve", "picture": str(pictures[number % len(pictures)]), "preprocessing": asdict(preprocessing)}
            for number in numbers
        ]
        return rotation.take_turns([partial(serve, command=command) for command in commands], make_record)

    return run_exercise(setup, exercise, name="end to end", steps=rounds)


def serve(worker: RunningWorker, command: Message) -> Message:
    """Let a worker answer one picture as a service would."""
    return worker.ask(command, INFERENCE_TIMEOUT)


def make_record(worker: RunningWorker, answers: Sequence[Message]) -> EndToEndRecord:
    """Make a launch's record of a worker's answers."""
    stages = {stage: tuple(answer["durations"][stage] * NANOSECONDS for answer in answers) for stage in STAGES}
    return EndToEndRecord(stages, tuple(answer["answer"][0][0] for answer in answers))
