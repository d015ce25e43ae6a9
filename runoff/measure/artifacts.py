"""Forms and artifacts: each made once of a model, in a separate process, and cached by all that decides its bytes."""

from __future__ import annotations

import dataclasses
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from runoff.backends import Declaration
from runoff.contract import MODULE, ONNX, Backend, Form, Model, Repairs, Variant, find_variant, import_backend
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment, find_converter, first_with
from runoff.errors import ConversionFailed, RunoffError
from runoff.files.values import from_json, to_json
from runoff.measure.cache import Made, key_of, made_once
from runoff.measure.code import differing_code
from runoff.model.onnx import export as onnx_export
from runoff.processes.process import call
from runoff.processes.workplace import Workplace
from runoff.processor import read_processor

CONVERSION_TIMEOUT = 900.0


@dataclass(frozen=True)
class Calibration:
    """The pictures that calibrated variants are converted with: an ``.npy`` file, and the hash of what is in it."""

    images: Path
    sha256: str


@dataclass(frozen=True)
class Conversions:
    """What contenders are converted with: a model, the environments, pictures, and where all is kept.

    ``calibration`` is asked only for a variant that looks at pictures. ``exported`` are the ONNX files of this run, by
    the tree whose code exports; what failed is not tried again.
    """

    model: Model
    environments: Mapping[str, Environment]
    calibration: Callable[[], Calibration]
    place: Workplace
    exported: dict[Path, Form | RunoffError] = field(default_factory=dict)


def make_form(kind: str, tree: Path, conversions: Conversions) -> Form:
    """Return a form of the model as a tree's code makes it, made when it is first asked for.

    Raises ConversionFailed at the stage ``export``, ArtifactBroken for a cached file that was changed, or a
    WorkerFailed.
    """
    model = conversions.model
    if kind == MODULE:
        return Form(model, own_key(model))
    if model.source.kind == ONNX:
        return given_file(model)
    if tree not in conversions.exported:
        try:
            conversions.exported[tree] = export(tree, conversions)
        except RunoffError as error:
            conversions.exported[tree] = error
    form = conversions.exported[tree]
    if isinstance(form, RunoffError):
        raise form
    return form


def own_key(model: Model) -> str:
    """Hash what decides a form that nothing makes: the model, and what it is run on."""
    return key_of({"model": model.sha256, "inputs": [vars(given) for given in model.inputs]})


def given_file(model: Model) -> Form:
    """Return the form of a model that comes as an ONNX file: the run's own copy, and the data beside it."""
    assert model.source.weights is not None
    home = model.source.weights.parent
    beside = (file for file in home.rglob("*") if file.is_file() and file != model.source.weights)
    data = tuple(sorted(str(file.relative_to(home)) for file in beside))
    return Form(model, own_key(model), model.source.weights, data)


def export(tree: Path, conversions: Conversions) -> Form:
    """Export the model to an ONNX file, or take the one that an earlier run exported."""
    model, exporter = conversions.model, find_exporter(conversions)

    def make(destination: Path) -> Mapping[str, Any]:
        seconds = call(
            "runoff.model.onnx.export:export_model",
            {"model": to_json(model), "destination": str(destination)},
            label="exporting to ONNX",
            log=conversions.place.logs / "export.log",
            timeout=CONVERSION_TIMEOUT,
            surroundings=dataclasses.replace(exporter, tree=tree).surroundings(),
        )
        return {"seconds": seconds}

    made = made_once(export_home(tree, conversions), "model.onnx", make)
    return Form(model, made.sha256, made.path)


def find_exporter(conversions: Conversions) -> Environment:
    """Return the environment that exports.

    Raises ConversionFailed where none can.
    """
    needed = onnx_export.EXPORT_REQUIRES
    exporter = first_with(needed, conversions.environments)
    if exporter is None:
        raise ConversionFailed("export", f"no environment of this run has all of {', '.join(needed)}")
    return exporter


def export_home(tree: Path, conversions: Conversions) -> Path:
    """Return the folder of what a tree's code exports the model to, named by all that decides it.

    Raises ConversionFailed where no environment can export.
    """
    model = conversions.model
    key = key_of(
        {
            "model": model.sha256,
            "inputs": [vars(given) for given in model.inputs],
            "version": [onnx_export.EXPORT_VERSION, onnx_export.OPSET],
            "versions": versions_in(find_exporter(conversions), onnx_export.DISTRIBUTIONS),
            "code": differing_code(Path(onnx_export.__file__), "export_model", tree),
        }
    )
    return conversions.place.home / "forms" / f"onnx-{key}"


def make_artifact(contender: Contender, conversions: Conversions) -> Made:
    """Return the contender's artifact, converting a form of the model where the cache has none.

    It notes the ``seconds`` that converting took, the ``repairs`` that the ONNX file needed first, and the module of
    those that the backend can choose from that was the ``converter``. Raises ConversionFailed, ArtifactBroken for a
    cached file that was changed, or a WorkerFailed.
    """
    converter = find_converter(contender, conversions.environments)
    backend = converter.backends[contender.backend]
    form = make_form(backend.FORM, converter.tree, conversions)
    calibration = conversions.calibration() if contender.variant.calibrated else None

    def make(artifact: Path) -> Mapping[str, Any]:
        if missing := converter.missing_to_convert(contender):
            raise ConversionFailed("import", f"converting needs {', '.join(missing)}, which is not installed here")
        noted: dict[str, Any] = call(
            "runoff.measure.artifacts:convert",
            {
                "backend": backend.module,
                "variant": contender.variant.name,
                "form": to_json(form),
                "artifact": str(artifact),
                "calibration": calibration and str(calibration.images),
                "converters": list(backend.CONVERTERS),
            },
            label=f"{contender.id}, converting",
            log=conversions.place.logs / f"{contender.id}-convert.log",
            timeout=CONVERSION_TIMEOUT,
            surroundings=converter.surroundings(backend.convert_variables(contender.variant)),
        )
        if not artifact.exists():
            raise ConversionFailed("result", f"the backend's convert() wrote no file {artifact.name}")
        return noted

    home = artifact_home(contender, form, converter, calibration, conversions.place)
    return made_once(home, f"model{backend.SUFFIX}", make)


def artifact_home(
    contender: Contender, form: Form, converter: Environment, calibration: Calibration | None, place: Workplace
) -> Path:
    """Return the folder of an artifact, named by all that decides it."""
    return place.artifacts / f"{contender.backend}-{artifact_key(contender, form, converter, calibration)}"


def artifact_key(contender: Contender, form: Form, converter: Environment, calibration: Calibration | None) -> str:
    """Hash everything that decides what the artifact looks like, and nothing else."""
    variant, backend = contender.variant, converter.backends[contender.backend]
    processor = read_processor()
    return key_of(
        {
            "form": form.sha256,
            "backend": [contender.backend, backend.CONVERT_VERSION],
            "options": dict(variant.convert_options),
            "variables": backend.convert_variables(variant),
            "calibration": calibration.sha256 if calibration and variant.calibrated else None,
            "versions": versions_in(converter, backend.CONVERT_DISTRIBUTIONS),
            "processor": [processor.name, processor.flags] if variant.processor_specific else None,
            "code": converting_code(backend, converter.tree),
        }
    )


def converting_code(backend: Declaration, tree: Path) -> str | None:
    """Hash the code that converts, where it is none of this tree's."""
    if backend.origin is not None:
        return backend.origin.sha256
    return differing_code(Path(backend.file), "convert", tree)


def versions_in(converter: Environment, distributions: Sequence[str]) -> dict[str, str | None]:
    """Return the versions of these distributions, Python and numpy: a tree's commit decides no bytes."""
    return {name: converter.installed.versions.get(name) for name in (*distributions, "python", "numpy")}


def convert(
    backend: str, variant: str, form: dict[str, Any], artifact: str, calibration: str | None, converters: list[str]
) -> dict[str, Any]:
    """Convert, in the process made for it; return the seconds that it took, the repairs, and which module converted."""
    chosen, destination = import_backend(backend), Path(artifact)
    pictures = None if calibration is None else Path(calibration)
    begin = time.perf_counter()
    repairs = convert_repairing(chosen, find_variant(chosen, variant), from_json(Form, form), destination, pictures)
    converter = next((module for module in converters if find_spec(module) is not None), None)
    return {"seconds": time.perf_counter() - begin, "repairs": repairs, "converter": converter}


def convert_repairing(
    backend: Backend, variant: Variant, form: Form, artifact: Path, calibration: Path | None
) -> tuple[str, ...]:
    """Convert a form; where that fails, once more after the backend's repairs, which are returned.

    Raises ConversionFailed, with the first failure where nothing could be repaired.
    """
    try:
        backend.convert(form, variant, artifact, calibration)
    except ConversionFailed as error:
        if not isinstance(backend, Repairs):
            raise
        with tempfile.TemporaryDirectory() as folder:
            repaired = Path(folder) / "repaired.onnx"
            repairs = backend.repair(form.onnx_file, repaired)
            if not repairs:
                raise
            for left in artifact.parent.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            backend.convert(dataclasses.replace(form, file=repaired), variant, artifact, calibration)
        sys.stderr.write(f"{error}; it went through after: {', '.join(repairs)}\n")
        return repairs
    return ()
