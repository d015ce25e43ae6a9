"""What the experiments on this machine race: real ONNX Runtime sessions over the built-in checkpoint."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff.backends import Declaration
from runoff.environments.contenders import Contender
from runoff.environments.cpus import allowed_threads
from runoff.environments.discovery import this_environment
from runoff.measure.artifacts import Calibration, Conversions, make_artifact
from runoff.measure.entrant import Entrant, Prediction, predicting
from runoff.measure.launches import Progress, Setup
from runoff.measure.race import Race, run_race
from runoff.measure.workers import Workers, raise_first
from runoff.model.images import fixture_images, hash_pixels, save_images
from runoff.model.sources import IMPORT_TIMEOUT, choose_model
from runoff.processes.process import call
from runoff.processes.workplace import Workplace
from runoff.text.ids import HERE


@dataclass(frozen=True)
class Field:
    """Entrants by what they are, the images they run on, their checked logits, and where things are kept."""

    entrants: dict[str, Entrant]
    images: Path
    prediction: Prediction
    place: Workplace
    versions: dict[str, str]


def make_field(backends: Sequence[Declaration], place: Workplace) -> Field:
    """Convert the built-in checkpoint for every variant of these backends; the first one's answers are right.

    Raises a RunoffError where a framework is missing or does not convert.
    """

    def run_step(function: str, arguments: dict[str, Any]) -> Any:
        return call(function, arguments, label="weights", log=place.logs / "weights.log", timeout=IMPORT_TIMEOUT)

    place.working.mkdir(parents=True, exist_ok=True)
    model = choose_model("builtin", place.checkpoints, run_step).model
    images, pictures = place.working / "images.npy", fixture_images(model.picture_preprocessing, drawn=True)
    save_images(pictures, images)
    here = this_environment({name_of(backend): backend for backend in backends})
    calibration = Calibration(images, hash_pixels(pictures.pixels))
    conversions = Conversions(model, {HERE: here}, lambda: calibration, place)
    entrants: dict[str, Entrant] = {}
    for backend in backends:
        plain = Contender(name_of(backend), backend.VARIANTS[0])
        artifact = make_artifact(plain, conversions)
        for variant in backend.VARIANTS:
            contender = dataclasses.replace(plain, variant=variant)
            entrants[contender.id] = Entrant(contender.id, contender, backend, here, artifact.path, allowed_threads())
    first = next(iter(entrants.values()))
    log, destination = place.logs / "trust-check.log", place.working / "logits.npy"
    with predicting(first, images=images, destination=destination, log=log) as (_, prediction):
        pass
    return Field(entrants, images, prediction, place, dict(sorted(here.installed.versions.items())))


def name_of(backend: Declaration) -> str:
    """Return a backend's name: that of its file."""
    return backend.module.rpartition(".")[2]


def make_setup(
    field: Field, entrants: Sequence[Entrant], launches: int, seed: int, *, name: str, workers: Workers
) -> Setup:
    """Make what launches of these entrants are performed with, each written down in a journal of this name."""
    journal = field.place.journals / f"trust-{name}.jsonl"
    journal.unlink(missing_ok=True)
    return Setup(
        entrants=entrants,
        images=field.images,
        predictions={entrant.contender.id: field.prediction.logits for entrant in entrants},
        looks=(launches,),
        seed=seed,
        workers=workers,
        journal=journal,
        progress=Progress(begin=lambda what, steps: None, step=lambda: None),
    )


def race_of(
    field: Field,
    entrants: Sequence[Entrant],
    launches: int,
    *,
    rounds: int,
    seed: int,
    name: str,
    high_priority: bool = True,
) -> Race:
    """Race these entrants.

    Raises the error of one that breaks down.
    """
    workers = Workers(field.place.logs, high_priority)
    race = run_race(make_setup(field, entrants, launches, seed, name=name, workers=workers), rounds)
    raise_first(race.failures)
    return race
