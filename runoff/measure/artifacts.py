"""Artifacts: made once from the model in a process of their own, cached by everything that went into them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runoff.backends import Declaration
from runoff.contract import Model, find_variant, import_backend, model_from_json, model_to_json
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment
from runoff.errors import ArtifactBroken, ConversionFailed
from runoff.processes.process import call
from runoff.processes.temporary import owned_folder, remove_abandoned
from runoff.processor import read_processor

CONVERSION_TIMEOUT = 900.0
RECORD = "record.json"
CONVERTING = "converting-"
"""How the names of folders begin in which something is being converted."""


@dataclass(frozen=True)
class Artifact:
    """A converted model on disk: bytes and hash of all its files, and what its conversion took in seconds."""

    path: Path
    size: int
    sha256: str
    conversion_seconds: float
    cached: bool


@dataclass(frozen=True)
class Calibration:
    """The pictures that calibrated variants are converted with: an ``.npy`` file, and the hash of what is in it."""

    images: Path
    sha256: str


def make_artifact(
    contender: Contender,
    model: Model,
    *,
    converter: Environment,
    calibration: Callable[[], Calibration],
    folder: Path,
    logs: Path,
) -> Artifact:
    """Give the contender's artifact, converting the model where the cache has none.

    The pictures of ``calibration`` are asked for only where they are needed.
    Raises ConversionFailed, ArtifactBroken for a cached file that was changed, or a WorkerFailed.
    """
    key = artifact_key(contender, model, converter, calibration)
    home = folder / f"{contender.backend}-{contender.variant.name or 'plain'}-{key[:16]}"
    if not home.exists():
        if missing := converter.missing_to_convert(contender):
            raise ConversionFailed("import", f"converting needs {', '.join(missing)}, which is not installed here")
        convert_into(home, contender, model, converter=converter, calibration=calibration, logs=logs)
        return read_artifact(home, cached=False)
    return read_artifact(home, cached=True)


def artifact_key(
    contender: Contender,
    model: Model,
    converter: Environment,
    calibration: Callable[[], Calibration],
) -> str:
    """Hash everything that decides what the artifact looks like; optimisers look at the processor too."""
    processor, backend = read_processor(), converter.backends[contender.backend]
    versions = converter.installed.versions
    inputs = {
        "model": model.sha256,
        "variant": asdict(contender.variant),
        "calibration": calibration().sha256 if contender.variant.calibrated else None,
        "versions": {name: versions.get(name) for name in backend.CONVERT_DISTRIBUTIONS},
        "sources": sources_hash(backend, converter.tree),
        "processor": [processor.model, processor.flags],
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()


def sources_hash(backend: Declaration, tree: Path) -> str:
    """Hash a tree's source files that converting runs through: the backend, the contract and the model."""
    files = [tree.joinpath(*backend.module.split(".")).with_suffix(".py"), tree / "runoff" / "contract.py"]
    files += sorted((tree / "runoff" / "model").glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def convert_into(
    home: Path,
    contender: Contender,
    model: Model,
    *,
    converter: Environment,
    calibration: Callable[[], Calibration],
    logs: Path,
) -> None:
    """Convert in a temporary folder and move it to its place whole, so that a broken-off conversion leaves nothing."""
    home.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(home.parent, CONVERTING)
    backend = converter.backends[contender.backend]
    with owned_folder(home.parent, CONVERTING) as folder:
        working = folder / home.name
        working.mkdir()
        artifact = working / f"model{backend.SUFFIX}"
        seconds = call(
            "runoff.measure.artifacts:convert",
            {
                "backend": backend.module,
                "variant": contender.variant.name,
                "model": model_to_json(model),
                "artifact": str(artifact),
                "calibration": str(calibration().images),
            },
            label=f"{contender.id}, converting",
            log=logs / f"{contender.id}-convert.log",
            timeout=CONVERSION_TIMEOUT,
            surroundings=converter.surroundings(backend.variables(contender.variant)),
        )
        if not artifact.exists():
            raise ConversionFailed("result", f"the backend's convert() wrote no file {artifact.name}")
        size, sha256 = measure_files(working)
        record = {"file": artifact.name, "size": size, "sha256": sha256, "conversion_seconds": seconds}
        (working / RECORD).write_text(json.dumps(record))
        try:
            working.rename(home)
        except OSError:
            if not home.exists():  # another run that shares the cache has made it meanwhile: its own is as good
                raise


def convert(backend: str, variant: str, model: dict[str, Any], artifact: str, calibration: str) -> float:
    """Convert, in the process made for it, and give the seconds that it took."""
    chosen = import_backend(backend)
    begin = time.perf_counter()
    chosen.convert(model_from_json(model), find_variant(chosen, variant), Path(artifact), Path(calibration))
    return time.perf_counter() - begin


def read_artifact(home: Path, *, cached: bool) -> Artifact:
    """Read an artifact's record and hold its files to it.

    Raises ArtifactBroken.
    """
    remedy = f"delete the folder {home} and run again: it will be made anew"
    try:
        record = json.loads((home / RECORD).read_text())
        path = home / record["file"]
        size, sha256 = measure_files(home)
    except (OSError, ValueError, KeyError) as error:
        raise ArtifactBroken(f"the cached artifact in {home} is not whole ({error}); {remedy}") from error
    if (size, sha256) != (record["size"], record["sha256"]):
        raise ArtifactBroken(
            f"the cached artifact {path} is not what was put there: expected {record['size']} bytes with SHA-256 "
            f"{record['sha256'][:12]}…, found {size} bytes with {sha256[:12]}…; {remedy}"
        )
    return Artifact(path, size, sha256, record["conversion_seconds"], cached)


def measure_files(home: Path) -> tuple[int, str]:
    """Give the bytes of all of an artifact's files, and one SHA-256 of their names and contents."""
    digest, size = hashlib.sha256(), 0
    for path in sorted(path for path in home.rglob("*") if path.is_file() and path != home / RECORD):
        digest.update(f"{path.relative_to(home).as_posix()}\0{path.stat().st_size}\0".encode())
        size += path.stat().st_size
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return size, digest.hexdigest()
