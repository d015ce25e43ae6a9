"""What all service questions share: launches whose workers are started together and then do an exercise in turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from runoff.contract import Logits
from runoff.measure.launch import Entrant, Failures, Held, Picture, Timeouts, end_workers, start_lanes
from runoff.measure.race import Journal, Measured, Progress, Record, first_output_check, run_launches
from runoff.measure.turns import Lane, Turns

LAUNCHES = 5
"""The default budget, the least that gives verdicts: starting the workers costs as much as what most questions do."""

ROUNDS = 12
"""How many of its units a launch times of each entrant, in the questions that have rounds."""


@dataclass(frozen=True)
class Course:
    """What a service question is asked with: who takes part, on which images, how often, and where things are kept.

    ``entrants`` are the contenders that are ready, each with its own number of threads, and the control;
    ``predictions`` the checked logits by contender, N×classes, of the N images in the file ``images``. Workers start
    so many ``at_once``, since their cold starts are not measured.
    """

    entrants: Sequence[Entrant]
    images: Path
    predictions: Mapping[str, Logits]
    launches: int
    seed: int
    most_seconds: float | None
    at_once: int
    logs: Path
    working: Path
    journal: Journal
    progress: Progress
    timeouts: Timeouts

    def start(
        self, entrants: Sequence[Entrant], held: Held, random: Random, launch: int
    ) -> tuple[dict[str, Lane], Failures]:
        """Start the workers of a launch and hold each to the answer that its contender was checked with."""
        predictions = {entrant.key: self.predictions[entrant.contender.id] for entrant in entrants}
        pictures = min((len(logits) for logits in predictions.values()), default=1)
        picture = Picture(self.images, launch % pictures)
        return start_lanes(
            entrants,
            held,
            picture=picture,
            random=random,
            logs=self.logs,
            timeouts=self.timeouts,
            verify=first_output_check(predictions, picture.index),
            tick=self.progress.step,
            at_once=self.at_once,
        )

    def run(
        self,
        perform: Callable[[int, Sequence[str]], tuple[dict[str, Record], Failures]],
        *,
        name: str,
        steps: int,
    ) -> Measured[Record]:
        """Perform all launches of the question, each written down as it ends."""
        return run_launches(
            [entrant.key for entrant in self.entrants],
            (self.launches,),
            perform,
            name=name,
            steps=steps,
            most_seconds=self.most_seconds,
            journal=self.journal,
            progress=self.progress,
        )


def run_exercise(
    course: Course, exercise: Callable[[Turns, int], dict[str, Record]], *, name: str, steps: int
) -> Measured[Record]:
    """Start one worker for each entrant in every launch and let them do an exercise in turns.

    The exercise is given the launch's number, ticks so many ``steps``, and gives the records of those still in.
    """
    random = Random(course.seed)
    held: Held = {}

    def perform(launch: int, keys: Sequence[str]) -> tuple[dict[str, Record], Failures]:
        entrants = [entrant for entrant in course.entrants if entrant.key in keys]
        lanes, failed = course.start(entrants, held, random, launch)
        turns = Turns(lanes, held, random)
        return exercise(turns, launch), failed | turns.failures

    try:
        return course.run(perform, name=name, steps=len(course.entrants) + steps)
    finally:
        end_workers(held)
