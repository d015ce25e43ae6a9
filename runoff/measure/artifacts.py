"""Artifacts: made once from the checkpoint in a process of their own, cached by everything that went into them."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runoff.contenders import ROOT, Contender
from runoff.contract import (
    ArtifactBroken,
    Backend,
    Checkpoint,
    ConversionFailed,
    checkpoint_from_json,
    checkpoint_to_json,
    find_variant,
    import_backend,
)
from runoff.measure.probe import Holding
from runoff.measure.process import call

CONVERSION_TIMEOUT = 600.0


@dataclass(frozen=True)
class Artifact:
    """A converted model on disk: its size in bytes, its hash, and what its conversion took in seconds."""

    path: Path
    size: int
    sha256: str
    conversion_seconds: float
    cached: bool


def make_artifact(
    contender: Contender,
    backend: Backend,
    checkpoint: Checkpoint,
    *,
    holding: Holding,
    folder: Path,
    logs: Path,
    tree: Path = ROOT,
) -> Artifact:
    """Give the contender's artifact, converting the checkpoint where the cache has none.

    ``tree`` is the checkout whose code converts, with this interpreter: an environment needs no converters of its own.
    Raises ConversionFailed, ArtifactBroken for a cached file that was changed, or a WorkerFailed.
    """
    key = artifact_key(contender, backend, checkpoint, holding.versions, tree)
    home = folder / f"{contender.backend}-{contender.variant.name or 'plain'}-{key[:16]}"
    if not home.exists():
        missing = [name for name in backend.CONVERT_REQUIRES if name not in holding.modules]
        if missing:
            raise ConversionFailed("import", f"converting needs {', '.join(missing)}, which is not installed here")
        convert_into(home, contender, backend, checkpoint, logs, tree)
        return read_artifact(home, cached=False)
    return read_artifact(home, cached=True)


def artifact_key(
    contender: Contender, backend: Backend, checkpoint: Checkpoint, versions: Mapping[str, str], tree: Path = ROOT
) -> str:
    """Hash everything that decides what the artifact looks like."""
    inputs = {
        "checkpoint": [checkpoint.sha256, checkpoint.architecture],
        "variant": asdict(contender.variant),
        "versions": {name: versions.get(name) for name in backend.CONVERT_DISTRIBUTIONS},
        "sources": sources_hash(backend, tree),
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()


def sources_hash(backend: Backend, tree: Path) -> str:
    """Hash a tree's source files that converting runs through: the backend, the contract and the model."""
    files = [tree.joinpath(*backend.__name__.split(".")).with_suffix(".py"), tree / "runoff" / "contract.py"]
    files += sorted((tree / "runoff" / "model").glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def convert_into(
    home: Path, contender: Contender, backend: Backend, checkpoint: Checkpoint, logs: Path, tree: Path
) -> None:
    """Convert in a temporary folder and move it to its place whole, so that a broken-off conversion leaves nothing."""
    home.parent.mkdir(parents=True, exist_ok=True)
    working = Path(tempfile.mkdtemp(prefix="converting-", dir=home.parent))
    try:
        artifact = working / f"model{backend.SUFFIX}"
        seconds = call(
            "runoff.measure.artifacts:convert",
            {
                "backend": backend.__name__,
                "variant": contender.variant.name,
                "checkpoint": checkpoint_to_json(checkpoint),
                "artifact": str(artifact),
            },
            label=f"{contender.id}, converting",
            log=logs / f"{contender.id}-convert.log",
            timeout=CONVERSION_TIMEOUT,
            tree=tree,
            variables=backend.ENVIRONMENT,
        )
        if not artifact.exists():
            raise ConversionFailed("result", f"the backend's convert() wrote no file {artifact.name}")
        record = {
            "file": artifact.name,
            "size": artifact.stat().st_size,
            "sha256": file_hash(artifact),
            "conversion_seconds": seconds,
        }
        (working / "record.json").write_text(json.dumps(record))
        working.rename(home)
    finally:
        shutil.rmtree(working, ignore_errors=True)


def convert(backend: str, variant: str, checkpoint: dict[str, Any], artifact: str) -> float:
    """Convert, in the process made for it, and give the seconds that it took."""
    chosen = import_backend(backend)
    begin = time.perf_counter()
    chosen.convert(checkpoint_from_json(checkpoint), find_variant(chosen, variant), Path(artifact))
    return time.perf_counter() - begin


def read_artifact(home: Path, *, cached: bool) -> Artifact:
    """Read an artifact's record and hold the file to it.

    Raises ArtifactBroken.
    """
    remedy = f"delete the folder {home} and run again: it will be made anew"
    try:
        record = json.loads((home / "record.json").read_text())
        path = home / record["file"]
        size, sha256 = path.stat().st_size, file_hash(path)
    except (OSError, ValueError, KeyError) as error:
        raise ArtifactBroken(f"the cached artifact in {home} is not whole ({error}); {remedy}") from error
    if (size, sha256) != (record["size"], record["sha256"]):
        raise ArtifactBroken(
            f"the cached artifact {path} is not what was put there: expected {record['size']} bytes with SHA-256 "
            f"{record['sha256'][:12]}…, found {size} bytes with {sha256[:12]}…; {remedy}"
        )
    return Artifact(path, size, sha256, record["conversion_seconds"], cached)


def file_hash(path: Path) -> str:
    """Hash a file's bytes with SHA-256."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
