"""Is there room for what a run converts? Asked before anything is converted, by an estimate from the model's size."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from runoff.contract import MODULE, ONNX, Form
from runoff.environments.contenders import Contender
from runoff.environments.environment import find_converter, what_is_missing
from runoff.errors import DiskTooFull, RunoffError
from runoff.measure.artifacts import Conversions, artifact_home, export_home, given_file, make_form
from runoff.text.numbers import count, megabytes


def require_space(contenders: Iterable[Contender], conversions: Conversions) -> None:
    """Refuse a run whose caches have less free than what it is to make there.

    Each folder is taken to be as large as the model's weights: of ResNet-18 none was larger (float32 as large, INT8 a
    quarter of it). Raises DiskTooFull.
    """
    number, home = len(to_make(contenders, conversions)), conversions.place.home
    needed, free = number * weights_size(conversions), shutil.disk_usage(home).free
    if free < needed:
        raise DiskTooFull(
            f"{home} has {megabytes(free)} MB free, and what is to be converted there takes about "
            f"{megabytes(needed)} MB: {count(number, 'folder')}, each about as large as the weights; "
            "free space (python -m runoff clean removes old caches), name another folder by RUNOFF_HOME, or give fewer "
            "--contenders"
        )


def weights_size(conversions: Conversions) -> int:
    """Return the bytes of the model's weights; 0 where they are in no file, so that nothing can be estimated."""
    model = conversions.model
    if model.source.weights is None:
        return 0
    beside = given_file(model).data if model.source.kind == ONNX else ()
    files = [model.source.weights, *(model.source.weights.parent / name for name in beside)]
    return sum(file.stat().st_size for file in files)


def to_make(contenders: Iterable[Contender], conversions: Conversions) -> set[Path]:
    """Return the folders of exported and converted models that contenders need and that are not there yet."""
    needed: set[Path] = set()
    for contender in contenders:
        try:
            needed |= homes_of(contender, conversions)
        except RunoffError:  # it will have no artifact, and preparing it says why
            continue
    return {home for home in needed if not home.exists()}


def homes_of(contender: Contender, conversions: Conversions) -> set[Path]:
    """Return the folders that a contender's artifact needs: its own, and that of the ONNX file.

    What is made of a file that is not exported yet is not there either: its folder has any name of its own. Raises a
    RunoffError for a contender that can't take part.
    """
    model, environments = conversions.model, conversions.environments
    found, _ = environments[contender.environment].find(contender)
    if what_is_missing(found, environments, model.forms):
        return set()
    converter = find_converter(found, environments)
    kind = converter.backends[found.backend].FORM
    exported = set() if kind == MODULE or model.source.kind == ONNX else {export_home(converter.tree, conversions)}
    if all(home.exists() for home in exported):
        form = make_form(kind, converter.tree, conversions)
        calibration = conversions.calibration() if found.variant.calibrated else None
    else:
        form, calibration = Form(model, ""), None
    return exported | {artifact_home(found, form, converter, calibration, conversions.place)}
