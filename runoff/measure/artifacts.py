"""Artifacts: converted once from a form in a process of their own, cached by all that decides their bytes."""

from __future__ import annotations

import dataclasses
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from runoff.contract import Backend, Form, Repairs, Variant, find_variant, from_json, import_backend, to_json
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment, find_converter
from runoff.errors import ConversionFailed
from runoff.measure.cache import key_of, made_once
from runoff.measure.code import differing_code
from runoff.measure.forms import Forms
from runoff.processes.process import call
from runoff.processor import read_processor

CONVERSION_TIMEOUT = 900.0


@dataclass(frozen=True)
class Artifact:
    """A converted model on disk: bytes and hash of all its files, and what its conversion took in seconds.

    The seconds are those of making the form and of converting it. ``converter`` is the module that did, of those that
    the backend can choose from; ``repairs`` are what had to be changed in the ONNX file first.
    """

    path: Path
    size: int
    sha256: str
    conversion_seconds: float
    cached: bool
    converter: str | None = None
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Calibration:
    """The pictures that calibrated variants are converted with: an ``.npy`` file, and the hash of what is in it."""

    images: Path
    sha256: str


@dataclass(frozen=True)
class Conversions:
    """What contenders are converted with: the model's forms, environments, pictures, and where all is kept.

    ``calibration`` is asked only for a variant that looks at pictures.
    """

    forms: Forms
    environments: Mapping[str, Environment]
    calibration: Callable[[], Calibration]
    folder: Path
    logs: Path


def make_artifact(contender: Contender, conversions: Conversions) -> Artifact:
    """Return the contender's artifact, converting a form of the model where the cache has none.

    Raises ConversionFailed, ArtifactBroken for a cached file that was changed, or a WorkerFailed.
    """
    converter = find_converter(contender, conversions.environments)
    backend = converter.backends[contender.backend]
    form = conversions.forms.get(backend.FORM, converter.tree)
    calibration = conversions.calibration() if contender.variant.calibrated else None
    key = artifact_key(contender, form, converter, calibration)

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
            log=conversions.logs / f"{contender.id}-convert.log",
            timeout=CONVERSION_TIMEOUT,
            surroundings=converter.surroundings({**backend.ENVIRONMENT, **contender.variant.convert_variables}),
        )
        if not artifact.exists():
            raise ConversionFailed("result", f"the backend's convert() wrote no file {artifact.name}")
        return noted

    made = made_once(conversions.folder / f"{contender.backend}-{key}", f"model{backend.SUFFIX}", make)
    seconds = form.seconds + made.noted["seconds"]
    repairs = tuple(made.noted["repairs"])
    return Artifact(made.path, made.size, made.sha256, seconds, made.cached, made.noted["converter"], repairs)


def artifact_key(contender: Contender, form: Form, converter: Environment, calibration: Calibration | None) -> str:
    """Hash everything that decides what the artifact looks like, and nothing else."""
    variant, backend = contender.variant, converter.backends[contender.backend]
    processor, versions = read_processor(), converter.installed.versions
    return key_of(
        {
            "form": form.sha256,
            "backend": [contender.backend, backend.CONVERT_VERSION],
            "options": dict(variant.convert_options),
            "variables": {**backend.ENVIRONMENT, **variant.convert_variables},
            "calibration": calibration.sha256 if calibration and variant.calibrated else None,
            "versions": {name: versions.get(name) for name in (*backend.CONVERT_DISTRIBUTIONS, "python", "numpy")},
            "processor": [processor.model, processor.flags] if variant.processor_specific else None,
            "code": differing_code(Path(backend.file), "convert", converter.tree),
        }
    )


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
