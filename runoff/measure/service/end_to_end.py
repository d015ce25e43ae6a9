"""End to end: from a picture file's bytes to Top-5, as a service does it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from runoff.contract import Preprocessing
from runoff.measure.entrant import INFERENCE_TIMEOUT, NANOSECONDS
from runoff.measure.launches import Measured, Setup, run_exercise
from runoff.measure.workers import Rotation, RunningWorker

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


def measure_end_to_end(
    setup: Setup, pictures: Sequence[Path], preprocessing: Preprocessing, rounds: int
) -> Measured[EndToEndRecord]:
    """Let every entrant answer one picture a round, all of them the same one, and each round another."""

    def exercise(rotation: Rotation, launch: int) -> dict[str, EndToEndRecord]:
        stages: dict[str, dict[str, list[float]]] = {key: {stage: [] for stage in STAGES} for key in rotation.workers}
        classes: dict[str, list[int]] = {key: [] for key in rotation.workers}
        for number in range(rounds):
            picture = pictures[(launch * rounds + number) % len(pictures)]

            def unit(worker: RunningWorker, picture: Path = picture) -> None:
                command = {"do": "serve", "picture": str(picture), "preprocessing": asdict(preprocessing)}
                answer = worker.ask(command, INFERENCE_TIMEOUT)
                for stage, duration in answer["durations"].items():
                    stages[worker.entrant.key][stage].append(duration * NANOSECONDS)
                classes[worker.entrant.key].append(answer["answer"][0][0])

            rotation.each(unit)
            setup.progress.step()
        return {
            key: EndToEndRecord({stage: tuple(values) for stage, values in stages[key].items()}, tuple(classes[key]))
            for key in rotation.running
        }

    return run_exercise(setup, exercise, name="end to end", steps=rounds)
