"""What the experiments on this machine race: real ONNX Runtime sessions over the built-in checkpoint."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runoff.backends import declaration_of, find_backends
from runoff.environments.contenders import Contender
from runoff.environments.cpus import allowed_threads
from runoff.environments.discovery import this_environment
from runoff.judge.standings import Rules
from runoff.measure.artifacts import Calibration, Conversions, make_artifact
from runoff.measure.entrant import Entrant, Files, Prediction, predicting
from runoff.measure.launches import Progress, Setup
from runoff.measure.race import LaunchRecord, run_race
from runoff.measure.rotation import Workers, raise_first
from runoff.model.inputs.images import fixture_images, hash_pixels, save_images
from runoff.model.sources.choose import builtin_model
from runoff.processes.workplace import Workplace
from runoff.record.race import Judged
from runoff.text.ids import HERE
from trust import empty, slowed
from trust.settings import Settings

REFERENCE = "reference"
"""What the entrant that ratios are taken against is called in every experiment."""


@dataclass(frozen=True)
class Field:
    """Entrants by what they are, the examples they run on, their checked outputs, and where things are kept.

    ``settings`` are how much is measured, and ``say`` tells a person how far it is.
    """

    entrants: dict[str, Entrant]
    files: Files
    prediction: Prediction
    place: Workplace
    versions: dict[str, str]
    settings: Settings
    say: Callable[[str], None]


def make_field(place: Workplace, settings: Settings, say: Callable[[str], None]) -> Field:
    """Convert the built-in checkpoint for every variant of the backends; the answers of the first one are right.

    Raises a RunoffError where a framework is missing or does not convert.
    """
    place.working.mkdir(parents=True, exist_ok=True)
    model = builtin_model(place.checkpoints)
    images, pictures = place.working / "images.npy", fixture_images(model.picture_preprocessing, drawn=True)
    save_images(pictures, images)
    backends = {"slowed": declaration_of(slowed), "empty": declaration_of(empty), "pytorch": find_backends()["pytorch"]}
    here = this_environment(backends)
    calibration = Calibration(images, hash_pixels(pictures.pixels))
    conversions = Conversions(model, {HERE: here}, lambda: calibration, place)
    entrants: dict[str, Entrant] = {}
    for name, backend in backends.items():
        plain = Contender(name, backend.VARIANTS[0])
        artifact = make_artifact(plain, conversions)
        for variant in backend.VARIANTS:
            contender = dataclasses.replace(plain, variant=variant)
            entrants[contender.id] = Entrant(
                contender.id, contender, backend, here, artifact.path, model.signature, allowed_threads()
            )
    first = next(iter(entrants.values()))
    log, destination = place.logs / "trust-check.log", place.working / "outputs.npz"
    files = {model.inputs[0].name: images}
    with predicting(first, files=files, destination=destination, log=log) as (_, prediction):
        pass
    versions = dict(sorted(here.installed.versions.items()))
    return Field(entrants, files, prediction, place, versions, settings, say)


def make_setup(
    field: Field, entrants: Sequence[Entrant], launches: int, name: str, *, high_priority: bool = True
) -> Setup:
    """Make what launches of these entrants are performed with, each written down in a journal of this name."""
    journal = field.place.journals / f"trust-{name}.jsonl"
    journal.unlink(missing_ok=True)
    return Setup(
        entrants=entrants,
        files=field.files,
        predictions={entrant.contender.id: field.prediction.outputs for entrant in entrants},
        looks=(launches,),
        seed=field.settings.seed,
        workers=Workers(field.place.logs, high_priority),
        journal=journal,
        progress=Progress(begin=lambda what, steps: None, step=lambda: None),
    )


def race_of(setup: Setup, rounds: int) -> Judged[LaunchRecord]:
    """Race entrants, to be judged as a user's run is.

    Raises the error of one that breaks down.
    """
    race = run_race(setup, rounds)
    raise_first(race.failures)
    return Judged(race, REFERENCE, Rules())
