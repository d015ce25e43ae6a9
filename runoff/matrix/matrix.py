"""The conversion matrix: every cell in processes of its own, with time-outs, kept as soon as it is known."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runoff.backends import Declaration
from runoff.environments.environment import Environment, first_with
from runoff.errors import ConversionFailed, RunoffError, WorkerFailed
from runoff.judge.conversions import EXPORT, FAILED, RIGHT, SKIPPED, Attempt, Cell, cell_from_json, cell_json
from runoff.matrix.attempt import MODEL_FILE, REPAIRED_FILE
from runoff.measure.launches import NO_DEADLINE, Deadline
from runoff.model.zoo import export as zoo
from runoff.processes.process import ROOT, call
from runoff.processes.temporary import owned_folder, remove_abandoned

EXPORT_TIMEOUT = 300.0
ATTEMPT_TIMEOUT = 900.0
"""Seconds; onnx2tf runs the graph anew after every operator, which takes four minutes for Swin on an idle machine."""
MEMORY = 8 << 30
"""Bytes that each process may have of its own."""
CONVERTING = "converting-"
OUT_OF_TIME = "the time was over before its turn; run again to go on from here"


@dataclass(frozen=True)
class Export:
    """What is converted: a model as one of torch's exporters writes it to an opset."""

    model: str
    exporter: str
    opset: int


@dataclass(frozen=True)
class Scene:
    """Where conversions are tried: backends with a converter, environments, folders, and the time that there is.

    New exports may be begun until the ``deadline``; ``at_once`` is how many are worked on side by side.
    """

    backends: Mapping[str, Declaration]
    environments: Mapping[str, Environment]
    results: Path
    logs: Path
    at_once: int
    deadline: Deadline = NO_DEADLINE
    memory: int = MEMORY
    attempt_timeout: float = ATTEMPT_TIMEOUT

    def where(self, modules: Sequence[str]) -> Environment | None:
        """Give the first environment that has all these modules, None where none has."""
        return first_with(modules, self.environments)


def converters(backends: Mapping[str, Declaration]) -> dict[str, Declaration]:
    """Give the backends that have a converter of ONNX files, by name."""
    return {name: backend for name, backend in backends.items() if backend.ONNX_CONVERTER}


def try_conversions(
    exports: Sequence[Export], targets: Sequence[str], scene: Scene, *, step: Callable[[], None]
) -> list[Cell]:
    """Give the cells of all exports and targets: those known from before, and the others tried now.

    Every step is one export's. What is skipped, or lost to a time-out of the whole, is tried again by the next run.
    """
    lock = threading.Lock()

    def work(export: Export) -> list[Cell]:
        cells = try_export(export, targets, scene)
        with lock:
            step()
        return cells

    remove_abandoned(scene.results, CONVERTING)
    with ThreadPoolExecutor(scene.at_once) as pool:
        return [cell for cells in pool.map(work, exports) for cell in cells]


def try_export(export: Export, targets: Sequence[str], scene: Scene) -> list[Cell]:
    """Give an export's cells; it is exported once for all the targets that are not known yet."""
    files = {target: scene.results / f"{cell_key(export, target, scene)}.json" for target in targets}
    known = {target: cell for target, file in files.items() if (cell := read_cell(file))}
    open_ones = [target for target in targets if target not in known]
    if not open_ones:
        return [known[target] for target in targets]
    scene.results.mkdir(parents=True, exist_ok=True)
    with owned_folder(scene.results, CONVERTING) as folder:
        problem = (
            Attempt(SKIPPED, reason=OUT_OF_TIME) if not scene.deadline.allows() else export_model(export, folder, scene)
        )
        for target in open_ones:
            known[target] = cell_of(export, target, problem) if problem else try_target(export, target, folder, scene)
            if known[target].plain.result != SKIPPED:
                write_cell(files[target], known[target])
    return [known[target] for target in targets]


def cell_of(export: Export, target: str, plain: Attempt) -> Cell:
    """Make a cell with nothing repaired."""
    return Cell(export.model, export.exporter, export.opset, target, plain)


def export_model(export: Export, folder: Path, scene: Scene) -> Attempt | None:
    """Export into a folder; give what went wrong, None where nothing did."""
    needed = zoo.EXPORTERS[export.exporter]
    if (environment := scene.where(needed)) is None:
        return Attempt(SKIPPED, EXPORT, reason=f"no environment of this run has all of {', '.join(needed)}")
    arguments = {"model": export.model, "exporter": export.exporter, "opset": export.opset}
    begin = time.monotonic()
    try:
        run("export", arguments, environment, folder, scene, f"{label(export)}-export", {}, EXPORT_TIMEOUT)
    except (ConversionFailed, WorkerFailed) as error:
        return replace(failed_attempt(error, EXPORT), seconds=time.monotonic() - begin)
    return None


def try_target(export: Export, target: str, folder: Path, scene: Scene) -> Cell:
    """Convert an exported model for one target as it is, and where that is not right, once more after repairs."""
    backend = converters(scene.backends)[target]
    environment = scene.where(backend.ONNX_REQUIRES)
    if environment is None:
        reason = f"no environment of this run has all of {', '.join(backend.ONNX_REQUIRES)}"
        return cell_of(export, target, Attempt(SKIPPED, reason=reason))
    name = f"{label(export)}-{target}"

    def attempted(file: str, suffix: str) -> Attempt:
        arguments = {"backend": backend.module, "file": file}
        variables = backend.ENVIRONMENT
        begin = time.monotonic()
        try:
            found = Attempt(**run("attempt", arguments, environment, folder, scene, name + suffix, variables))
        except RunoffError as error:
            found = failed_attempt(error, "convert")
        return replace(found, seconds=time.monotonic() - begin)

    plain = attempted(MODEL_FILE, "")
    if plain.result == RIGHT or "repair_onnx" not in backend.functions:
        return cell_of(export, target, plain)
    try:
        arguments = {"backend": backend.module}
        repairs = run("repair", arguments, environment, folder, scene, f"{name}-repair", backend.ENVIRONMENT)
    except RunoffError as error:
        return Cell(export.model, export.exporter, export.opset, target, plain, failed_attempt(error, "repair"))
    repaired = attempted(REPAIRED_FILE, "-repaired") if repairs else None
    return Cell(export.model, export.exporter, export.opset, target, plain, repaired, tuple(repairs))


def run(
    function: str,
    arguments: dict[str, Any],
    environment: Environment,
    folder: Path,
    scene: Scene,
    name: str,
    variables: Mapping[str, str],
    timeout: float | None = None,
) -> Any:
    """Call one of runoff.matrix.attempt's functions in a process of its own."""
    return call(
        f"runoff.matrix.attempt:{function}",
        {**arguments, "folder": str(folder), "memory": scene.memory},
        label=name,
        log=scene.logs / f"{name}.log",
        timeout=timeout or scene.attempt_timeout,
        surroundings=environment.surroundings(variables),
    )


def failed_attempt(error: RunoffError, stage: str) -> Attempt:
    """Say what a process that gave no result failed of; it costs this attempt alone."""
    if isinstance(error, ConversionFailed):
        return Attempt(FAILED, error.stage, reason=error.reason)
    return Attempt(FAILED, stage, reason=f"{type(error).__name__}: {error}".splitlines()[0])


def label(export: Export) -> str:
    """Name an export in logs."""
    return f"{export.model}-{export.exporter}-opset{export.opset}"


def read_cell(file: Path) -> Cell | None:
    """Read a cell that is known from before, None where there is none or it is not whole."""
    try:
        return cell_from_json(json.loads(file.read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_cell(file: Path, cell: Cell) -> None:
    """Keep a cell; a run that is broken off goes on after it."""
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(cell_json(cell)))
    partial.replace(file)


def cell_key(export: Export, target: str, scene: Scene) -> str:
    """Hash everything that decides what a cell looks like."""
    backend = scene.backends[target]
    versions = []
    for modules, distributions in (
        (zoo.EXPORTERS[export.exporter], zoo.DISTRIBUTIONS),
        (backend.ONNX_REQUIRES, backend.CONVERT_DISTRIBUTIONS),
    ):
        environment = scene.where(modules)
        held = environment.installed.versions if environment else {}
        versions.append({name: held.get(name) for name in (*distributions, "python")})
    inputs = [export.model, export.exporter, export.opset, target, versions, sources_hash(backend), scene.memory]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:24]


def sources_hash(backend: Declaration) -> str:
    """Hash the source files that a conversion runs through."""
    files = [ROOT.joinpath(*backend.module.split(".")).with_suffix(".py"), ROOT / "runoff" / "matrix" / "attempt.py"]
    for pattern in ("zoo/*.py", "onnx_*.py"):
        files += sorted((ROOT / "runoff" / "model").glob(pattern))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
