"""What the experiments on this machine race: real ONNX Runtime sessions over the built-in checkpoint."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff.contract import Backend
from runoff.environments.contenders import Contender
from runoff.environments.discovery import this_environment
from runoff.environments.limits import allowed_threads
from runoff.measure.artifacts import Calibration, make_artifact
from runoff.measure.launch import Entrant, Timeouts
from runoff.measure.prediction import Prediction, predicting
from runoff.measure.race import Journal, Race, Schedule, run_race
from runoff.model.checkpoint import choose_checkpoint
from runoff.model.images import fixture_images, save_images
from runoff.processes.process import call
from runoff.processes.workplace import Workplace

IMPORT_TIMEOUT = 600.0


@dataclass(frozen=True)
class Field:
    """Entrants by what they are, the images they run on, their checked logits, and where things are kept."""

    entrants: dict[str, Entrant]
    images: Path
    prediction: Prediction
    place: Workplace
    versions: dict[str, str]


@dataclass(frozen=True)
class Told:
    """Progress that says each part once."""

    tell: Callable[[str], None]

    def begin(self, what: str, steps: int) -> None:
        """Say what begins."""

    def step(self) -> None:
        """Leave steps unsaid."""


def make_field(backends: Sequence[Backend], place: Workplace) -> Field:
    """Convert the built-in checkpoint for every variant of these backends; the first one's answers are right.

    Raises a RunoffError where a framework is missing or does not convert.
    """

    def run_step(function: str, arguments: dict[str, Any]) -> Any:
        return call(function, arguments, label="weights", log=place.logs / "weights.log", timeout=IMPORT_TIMEOUT)

    place.working.mkdir(parents=True, exist_ok=True)
    choice = choose_checkpoint("builtin", place.checkpoints, run_step)
    images, pictures = place.working / "images.npy", fixture_images()
    save_images(pictures, images)
    here = this_environment({name_of(backend): backend for backend in backends})
    entrants: dict[str, Entrant] = {}
    for backend in backends:
        plain = Contender(name_of(backend), backend.VARIANTS[0])
        artifact = make_artifact(
            plain,
            choice.checkpoint,
            converter=here,
            calibration=lambda: Calibration(images, pictures.sha256),
            folder=place.artifacts,
            logs=place.logs,
        )
        for variant in backend.VARIANTS:
            contender = dataclasses.replace(plain, variant=variant)
            entrants[contender.id] = Entrant(contender.id, contender, backend, here, artifact.path, allowed_threads())
    first = next(iter(entrants.values()))
    check = predicting(
        first,
        images=images,
        destination=place.working / "logits.npy",
        log=place.logs / "trust-check.log",
        timeouts=Timeouts(),
    )
    with check as (_, prediction):
        pass
    return Field(entrants, images, prediction, place, dict(sorted(here.installed.versions.items())))


def name_of(backend: Backend) -> str:
    """Return a backend's name: that of its file."""
    return backend.__name__.rpartition(".")[2]


def race_of(field: Field, entrants: Sequence[Entrant], name: str, *, launches: int, rounds: int, seed: int) -> Race:
    """Race these entrants, writing every launch down in a journal of this name."""
    journal = field.place.journals / f"trust-{name}.jsonl"
    journal.unlink(missing_ok=True)
    race = run_race(
        entrants,
        Schedule((launches,), rounds, seed),
        images=field.images,
        predictions={entrant.key: field.prediction.logits for entrant in entrants},
        logs=field.place.logs,
        journal=Journal(journal),
        progress=Told(lambda text: None),
        timeouts=Timeouts(),
    )
    for error in race.failures.values():
        raise error
    return race
