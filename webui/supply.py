"""Where model and artifacts come from: the benchmark's own cache and conversion, or a folder prepared before."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from runoff.backends import Declaration
from runoff.contract import RANDOM, Model, Source
from runoff.environments.contenders import Contender
from runoff.environments.discovery import this_environment
from runoff.environments.environment import what_is_missing
from runoff.errors import ArtifactBroken, CheckpointBroken, FrameworkMissing, UsageError
from runoff.files.values import from_json, to_json
from runoff.files.whole import write_whole
from runoff.measure.artifacts import Calibration, Conversions, make_artifact
from runoff.measure.cache import read_made
from runoff.model.inputs.images import fixture_images, hash_pixels, save_images, split_for_calibration
from runoff.model.inputs.input_options import asked_model, input_text, outputs_text
from runoff.model.module.factory import is_factory
from runoff.model.sources.architecture import BUILTIN
from runoff.model.sources.choose import IMPORT_TIMEOUT, TAG, choose_model, whole
from runoff.model.sources.options import AUTO
from runoff.model.sources.own_module import home_of
from runoff.model.weights.builtin import BUILTIN_SHA256
from runoff.processes.process import call
from runoff.processes.surroundings import Surroundings
from runoff.processes.workplace import Workplace
from runoff.text.ids import HERE
from webui.config import Config

MANIFEST = "prepared.json"


@dataclass(frozen=True)
class Supply:
    """The sources of the model and of a contender's artifact; both may take minutes and raise any RunoffError."""

    model: Callable[[], Model]
    artifact: Callable[[Contender], Path]


def cached_supply(config: Config, backends: Mapping[str, Declaration]) -> Supply:
    """Take artifacts from the benchmark's cache, and convert into it as the benchmark does, in this environment."""
    place = Workplace(config.home, config.home / "webui")

    @cache
    def model() -> Model:
        return remembered_model(config) or choose_anew(config)

    @cache
    def calibration() -> Calibration:
        drawn = model().source.origin == BUILTIN
        images, _ = split_for_calibration(fixture_images(model().picture_preprocessing, drawn=drawn))
        file = place.working / f"calibration-{images.sha256[:16]}.npy"
        save_images(images, file)
        return Calibration(file, hash_pixels(images.pixels))

    def artifact(contender: Contender) -> Path:
        # Asked about this backend alone: the first answer needs no other.
        here = this_environment({contender.backend: backends[contender.backend]}, home_of(config.model.model))
        if missing := what_is_missing(contender, {HERE: here}, model().forms):
            raise FrameworkMissing(missing)
        return make_artifact(contender, Conversions(model(), {HERE: here}, calibration, place)).path

    return Supply(model, artifact)


def choose_anew(config: Config) -> Model:
    """Choose the model as the benchmark does, which may ask the network, and remember it.

    Raises what keeps it from being had, and UsageError for one that is no image classifier.
    """
    log = config.home / "logs" / "web-weights.log"
    surroundings = Surroundings(home=home_of(config.model.model))
    run_step = partial(call, label="weights", log=log, timeout=IMPORT_TIMEOUT, surroundings=surroundings)
    choice = choose_model(config.model, config.home / "checkpoints", run_step, config.inputs)
    model = asked_model(choice.model, config.inputs)
    require_image_classifier(model)
    stored = json.dumps({**asked(config), "chosen": to_json(model)})
    write_whole(remembered_file(config), lambda file: file.write_text(stored))
    return model


def require_image_classifier(model: Model) -> None:
    """Refuse a model that a page of pictures and labels can't serve.

    Raises UsageError, and ImagesUnusable where it is not known how pictures become its input.
    """
    name = model.source.title
    if not model.classifies:
        raise UsageError(
            f"the page says what is on a picture, and {name} is no classifier: it gives "
            f"{outputs_text(model.signature)}; give --model one that gives a number for each class"
        )
    if len(model.inputs) != 1:
        raise UsageError(
            f"the page gives a model one picture, and {name} takes {', '.join(map(input_text, model.inputs))}; "
            "give --model one that takes a picture alone"
        )
    _ = model.picture_preprocessing  # raises ImagesUnusable where that is unknown


def remembered_model(config: Config) -> Model | None:
    """Return what was chosen at the last start, so that the first answer need not wait for a network.

    A file and a callable of the user's own are always read anew: what is in them may be another. None where nothing is
    remembered whose weights are still what they were, or where an update brought another built-in checkpoint or another
    version of the package that makes the model.
    """
    own = is_factory(config.model.model) or config.model.model.endswith(".onnx")
    if own or (config.model.weights not in (AUTO, BUILTIN, RANDOM) and not re.fullmatch(TAG, config.model.weights)):
        return None
    try:
        values = json.loads(remembered_file(config).read_text())
        model = whole(from_json(Model, values["chosen"]))
    except (OSError, ValueError, KeyError, TypeError, CheckpointBroken):
        return None
    return model if is_current(model.source) and asked(config).items() <= values.items() else None


def is_current(source: Source) -> bool:
    """Whether a model would be made of the same weights, and by the same version of its package, today."""
    if source.origin == BUILTIN:
        return source.weights_sha256 == BUILTIN_SHA256
    try:
        return source.version in ("", version(source.kind))
    except PackageNotFoundError:
        return False


def asked(config: Config) -> dict[str, Any]:
    """Say which model the page was started for, with what files of options hold."""
    given = config.model
    labels = list(given.labels.value) if given.labels else None
    inputs = [list(words) for words in config.inputs.words(str)]
    return {
        "model": given.model,
        "weights": given.weights,
        "changes": given.changes,
        "labels": labels,
        "inputs": inputs,
    }


def remembered_file(config: Config) -> Path:
    """Name the file that the last choice is remembered in."""
    return config.home / "webui" / "model.json"


def prepare_folder(supply: Supply, contenders: Mapping[str, Contender], folder: Path) -> None:
    """Copy artifacts into a folder from which they are served without converting: what a small container holds.

    ``contenders`` are by id. Raises any RunoffError for the first that can't be had.
    """
    for name, contender in contenders.items():
        artifact = supply.artifact(contender)
        shutil.rmtree(folder / name, ignore_errors=True)  # what an earlier model left
        shutil.copytree(artifact.parent, folder / name)
    (folder / MANIFEST).write_text(json.dumps(to_json(supply.model())))


def prepared_supply(folder: Path) -> Supply:
    """Serve what ``prepare_folder`` put into a folder, and nothing else.

    Raises ArtifactBroken for a folder that is none.
    """
    try:
        model = from_json(Model, json.loads((folder / MANIFEST).read_text()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactBroken(
            f"{folder} is not a prepared folder ({error}); make one with python -m webui prepare {folder}"
        ) from error

    def artifact(contender: Contender) -> Path:
        if not (folder / contender.id).exists():
            raise FrameworkMissing(f"{contender.id} was not prepared into {folder}")
        try:
            return read_made(folder / contender.id).path
        except ArtifactBroken as error:
            raise ArtifactBroken(f"{error}; it was prepared: prepare the folder {folder} again") from error

    return Supply(lambda: model, artifact)
