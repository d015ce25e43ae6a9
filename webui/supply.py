"""Where checkpoint and artifacts come from: the benchmark's own cache and conversion, or a folder prepared before."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from runoff.backends import Declaration
from runoff.contract import model_from_json, model_to_json
from runoff.environments.contenders import Contender
from runoff.environments.discovery import this_environment
from runoff.environments.environment import what_is_missing
from runoff.errors import ArtifactBroken, FrameworkMissing
from runoff.files.whole import write_whole
from runoff.measure.artifacts import Calibration, make_artifact, measure_files
from runoff.model.builtin import BUILTIN_SHA256
from runoff.model.images import fixture_images, hash_pixels, save_images, split_for_calibration
from runoff.model.resnet18 import BUILTIN
from runoff.model.sources import IMPORT_TIMEOUT, Choice, choose_model
from runoff.processes.process import call
from runoff.text.ids import HERE
from webui.config import Config

MANIFEST = "prepared.json"


@dataclass(frozen=True)
class Supply:
    """Gives the checkpoint, and a contender's artifact; both may take minutes and raise any RunoffError."""

    choice: Callable[[], Choice]
    artifact: Callable[[Contender], Path]


def cached_supply(config: Config, backends: Mapping[str, Declaration]) -> Supply:
    """Take artifacts from the benchmark's cache, and convert into it as the benchmark does, in this environment."""
    logs = config.home / "logs"

    @cache
    def choice() -> Choice:
        return remembered_choice(config) or chosen_anew(config)

    @cache
    def calibration() -> Calibration:
        model = choice().model
        drawn = model.source.origin == BUILTIN
        images, _ = split_for_calibration(fixture_images(model.picture_preprocessing, drawn=drawn))
        file = config.home / "webui" / "calibration.npy"
        save_images(images, file)
        return Calibration(file, hash_pixels(images.pixels))

    def artifact(contender: Contender) -> Path:
        # Asked about this backend alone: the first answer needs no other.
        here = this_environment({contender.backend: backends[contender.backend]})
        if missing := what_is_missing(contender, {HERE: here}):
            raise FrameworkMissing(missing)
        made = make_artifact(
            contender,
            choice().model,
            converter=here,
            calibration=calibration,
            folder=config.home / "artifacts",
            logs=logs,
        )
        return made.path

    return Supply(choice, artifact)


def chosen_anew(config: Config) -> Choice:
    """Choose the checkpoint as the benchmark does, which may ask the network, and remember it."""
    logs = config.home / "logs"

    def run_step(function: str, arguments: dict[str, Any]) -> Any:
        return call(function, arguments, label="weights", log=logs / "web-weights.log", timeout=IMPORT_TIMEOUT)

    choice = choose_model(config.weights, config.home / "checkpoints", run_step)
    file = remembered_file(config)
    stored = {"weights": config.weights, "file_sha256": hash_file(weights_of(choice))}
    stored |= {"builtin": BUILTIN_SHA256, **choice_to_json(choice)}
    write_whole(file, lambda partial: partial.write_text(json.dumps(stored)))
    return choice


def remembered_choice(config: Config) -> Choice | None:
    """Give what was chosen at the last start, so that the first answer need not wait for a network.

    It is held to its file's hash, which is the sooner one: the checkpoint's own is that of the arrays in the file.
    A path is always read anew: its content may be another. None where nothing is remembered that still holds, or
    another built-in checkpoint came with an update.
    """
    if config.weights not in ("auto", "builtin", "imagenet"):
        return None
    try:
        values = json.loads(remembered_file(config).read_text())
        if (values["weights"], values["builtin"]) != (config.weights, BUILTIN_SHA256):
            return None
        choice = choice_from_json(values)
        unchanged = hash_file(weights_of(choice)) == values["file_sha256"]
    except (OSError, ValueError, KeyError):
        return None
    return choice if unchanged else None


def weights_of(choice: Choice) -> Path:
    """Return the file with a chosen model's weights."""
    assert choice.model.source.weights is not None
    return choice.model.source.weights


def hash_file(path: Path) -> str:
    """Give a file's SHA-256."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def remembered_file(config: Config) -> Path:
    """Name the file that the last choice is remembered in."""
    return config.home / "webui" / "checkpoint.json"


def choice_to_json(choice: Choice) -> dict[str, Any]:
    """Give a choice as JSON values."""
    return {"model": model_to_json(choice.model), "note": choice.note}


def choice_from_json(values: Mapping[str, Any]) -> Choice:
    """Read what choice_to_json gave."""
    return Choice(model_from_json(values["model"]), values["note"])


def prepare_folder(supply: Supply, contenders: Mapping[str, Contender], folder: Path) -> None:
    """Copy artifacts into a folder from which they are served without converting: what a small container holds.

    ``contenders`` are by id. Raises any RunoffError for the first that can't be had.
    """
    artifacts = {}
    for name, contender in contenders.items():
        path = supply.artifact(contender)
        shutil.copytree(path.parent, folder / name, dirs_exist_ok=True)
        size, sha256 = measure_files(folder / name)
        artifacts[name] = {"file": f"{name}/{path.name}", "size": size, "sha256": sha256}
    manifest = {**choice_to_json(supply.choice()), "artifacts": artifacts}
    (folder / MANIFEST).write_text(json.dumps(manifest))


def prepared_supply(folder: Path) -> Supply:
    """Serve what ``prepare_folder`` put into a folder, and nothing else.

    Raises ArtifactBroken for a folder that is none.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        choice = choice_from_json(manifest)
    except (OSError, ValueError, KeyError) as error:
        raise ArtifactBroken(
            f"{folder} is not a prepared folder ({error}); make one with python -m webui prepare {folder}"
        ) from error

    def artifact(contender: Contender) -> Path:
        if contender.id not in manifest["artifacts"]:
            raise FrameworkMissing(f"{contender.id} was not prepared into {folder}")
        record = manifest["artifacts"][contender.id]
        path = Path(folder, record["file"])
        if measure_files(path.parent) != (record["size"], record["sha256"]):
            raise ArtifactBroken(f"{path} is not what was prepared; prepare the folder {folder} again")
        return path

    return Supply(lambda: choice, artifact)
