"""The conversion matrix: every cell in separate processes, with time-outs, kept as soon as it is known."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runoff.backends import Declaration
from runoff.contract import ONNX, Form, Model
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment, first_with
from runoff.errors import ConversionFailed, RunoffError
from runoff.files.values import from_json, to_json
from runoff.files.whole import write_whole
from runoff.judge.conversions import EXPORT, FAILED, RIGHT, SKIPPED, Attempt, Cell
from runoff.matrix.attempt import FILE, REPAIRED_FILE
from runoff.measure.artifacts import given_file
from runoff.measure.cache import key_of
from runoff.model.case import MODEL_FILE
from runoff.model.onnx.export import DISTRIBUTIONS, EXPORT_VERSION, EXPORTERS
from runoff.model.zoo import ZOO_VERSION, zoo_model
from runoff.processes.process import call
from runoff.processes.temporary import owned_folder, remove_abandoned

EXPORT_TIMEOUT = 300.0
ATTEMPT_TIMEOUT = 900.0
"""Seconds; onnx2tf runs the graph anew after every operator, which takes four minutes for Swin on an idle machine."""
MEMORY = 8 << 30
"""Bytes that each process may have of its own."""
CONVERTING = "converting-"
FILE_REQUIRES = ("onnx", "onnxruntime")
MATRIX_VERSION = 1
"""Goes up with every change of how an attempt is made, run or judged, so that cells are tried anew; a test asks."""
TRANSIENT = ("WorkerTimedOut", "WorkerKilled")
"""How the reasons of failures begin that another attempt may not meet."""
OUT_OF_TIME = "the time was over before its turn; run again to go on from here"


@dataclass(frozen=True)
class Export:
    """What is converted: a model as one of torch's exporters writes it to an opset."""

    model: str
    exporter: str
    opset: int

    @property
    def label(self) -> str:
        """Its name in logs."""
        model = re.sub(r"[^\w.-]+", "-", self.model)
        return f"{model}-{self.exporter}-opset{self.opset}"


@dataclass(frozen=True)
class OwnModel:
    """The user's model, which is tried beside the zoo's under a separate name, on examples in a file."""

    model: Model
    inputs: Path
    sha256: str

    @property
    def name(self) -> str:
        """Its name in the matrix, which none of the zoo's models has."""
        return f"{self.model.source.title} ({self.model.name})"


@dataclass(frozen=True)
class MatrixSetup:
    """Where conversions are tried: the environment of each backend that converts, folders, and the time that there is.

    ``environments`` may export; ``own`` is the user's model, where there is one beside the zoo's. New exports may be
    begun until the ``deadline``, a moment of ``time.monotonic``;
    ``at_once`` is how many are worked on side by side.
    """

    targets: Mapping[str, Environment]
    environments: Mapping[str, Environment]
    results: Path
    logs: Path
    at_once: int
    deadline: float = math.inf
    memory: int = MEMORY
    attempt_timeout: float = ATTEMPT_TIMEOUT
    own: OwnModel | None = None

    def own_as(self, name: str) -> OwnModel | None:
        """Return the user's model where the name is its own."""
        return self.own if self.own and self.own.name == name else None


def converters(backends: Mapping[str, Declaration]) -> dict[str, Declaration]:
    """Return the backends that convert ONNX files, by name."""
    return {name: backend for name, backend in backends.items() if backend.FORM == ONNX}


def needed(backend: Declaration) -> tuple[str, ...]:
    """Name the modules that converting an ONNX file by a backend and running the result need."""
    modules = tuple(dict.fromkeys((*backend.REQUIRES, *backend.CONVERT_REQUIRES)))
    return (*modules, " or ".join(backend.CONVERTERS)) if backend.CONVERTERS else modules


def find_holder(name: str, environments: Mapping[str, Environment]) -> Environment | None:
    """Return the first environment that can convert ONNX files by a backend and run the results, None for none."""
    for environment in environments.values():
        backend = environment.backends.get(name)
        if backend is None or environment.missing(backend.REQUIRES):
            continue
        if not environment.missing_to_convert(Contender(name, backend.VARIANTS[0])):
            return environment
    return None


def converter_name(backend: str, environment: Environment) -> str:
    """Return the name that people know a backend's converter by, in an environment that has it."""
    converters = environment.backends[backend].CONVERTERS
    installed = (name for module, name in converters.items() if not environment.missing([module]))
    return next(installed, backend)


def try_conversions(exports: Sequence[Export], setup: MatrixSetup, *, step: Callable[[], None]) -> list[Cell]:
    """Return the cells of all exports and targets: those known from before, and the others tried now.

    Every step is one export's. What is skipped, or lost to a time-out of the whole, is tried again by the next run.
    """
    cells: list[Cell] = []
    remove_abandoned(setup.results, CONVERTING)
    with ThreadPoolExecutor(setup.at_once) as pool:
        for found in pool.map(lambda export: try_export(export, setup), exports):
            cells += found
            step()
    return cells


def try_export(export: Export, setup: MatrixSetup) -> list[Cell]:
    """Return an export's cells; it is exported once for all the targets that are not known yet."""
    files = {target: setup.results / f"{cell_key(export, target, setup)}.json" for target in setup.targets}
    cells = {target: cell for target, file in files.items() if (cell := read_cell(file))}
    unknown = [target for target in files if target not in cells]
    if unknown:
        setup.results.mkdir(parents=True, exist_ok=True)
        with owned_folder(setup.results, CONVERTING) as folder:
            over = time.monotonic() > setup.deadline
            problem = Attempt(SKIPPED, reason=OUT_OF_TIME) if over else export_model(export, folder, setup)
            for target in unknown:
                plain = Cell(**vars(export), backend=target, plain=problem) if problem else None
                found = plain or try_target(export, target, folder, setup)
                cells[target] = replace(found, own=setup.own_as(export.model) is not None)
                if is_final(cells[target]):
                    write_cell(files[target], cells[target])
    return [cells[target] for target in files]


def export_model(export: Export, folder: Path, setup: MatrixSetup) -> Attempt | None:
    """Export into a folder; return what went wrong, None where nothing did."""
    modules = made_with(export.exporter)
    if (environment := first_with(modules, setup.environments)) is None:
        return Attempt(SKIPPED, EXPORT, reason=f"no environment of this run has all of {', '.join(modules)}")
    begin = time.monotonic()
    try:
        own = setup.own_as(export.model)
        given = {"own": own and to_json(own.model), "inputs": own and str(own.inputs)}
        arguments = {**vars(export), **given, "folder": str(folder)}
        run("export", arguments, environment, setup, f"{export.label}-export", {}, EXPORT_TIMEOUT)
    except RunoffError as error:
        return replace(failed_attempt(error, EXPORT), seconds=time.monotonic() - begin)
    return None


def made_with(exporter: str) -> tuple[str, ...]:
    """Name the modules that an exporter's ONNX files are made with, or that a user's own file is read with."""
    return FILE_REQUIRES if exporter == FILE else EXPORTERS[exporter]


def try_target(export: Export, target: str, folder: Path, setup: MatrixSetup) -> Cell:
    """Convert an exported model for one target as it is, and where that is not right, once more after repairs."""
    environment = setup.targets[target]
    backend = environment.backends[target]
    artifact = str(folder / "artifact" / f"model{backend.SUFFIX}")

    def perform(function: str, suffix: str, **arguments: Any) -> Any:
        arguments |= {"backend": backend.module, "folder": str(folder)}
        return run(function, arguments, environment, setup, f"{export.label}-{target}{suffix}", backend.ENVIRONMENT)

    def attempted(file: str, suffix: str) -> Attempt:
        own = setup.own_as(export.model)
        data = given_file(own.model).data if own and export.exporter == FILE else ()
        form = Form(own.model if own else zoo_model(export.model), file, folder / file, data)
        begin = time.monotonic()
        try:
            failed = perform("convert", suffix, artifact=artifact, form=to_json(form))
            asked = {"signature": to_json(form.model.signature), "layout": backend.LAYOUT}
            found = Attempt(**failed or perform("attempt", f"{suffix}-run", artifact=artifact, **asked))
        except RunoffError as error:
            found = failed_attempt(error, "convert")
        return replace(found, seconds=time.monotonic() - begin)

    cell = Cell(**vars(export), backend=target, plain=attempted(MODEL_FILE, ""))
    if cell.plain.result == RIGHT or "repair" not in backend.functions:
        return cell
    try:
        repairs = tuple(perform("repair", "-repair"))
    except RunoffError as error:
        return replace(cell, repaired=failed_attempt(error, "repair"))
    return replace(cell, repaired=attempted(REPAIRED_FILE, "-repaired"), repairs=repairs) if repairs else cell


def run(
    function: str,
    arguments: dict[str, Any],
    environment: Environment,
    setup: MatrixSetup,
    name: str,
    variables: Mapping[str, str],
    timeout: float | None = None,
) -> Any:
    """Call one of runoff.matrix.attempt's functions in a separate process."""
    return call(
        f"runoff.matrix.attempt:{function}",
        {**arguments, "memory": setup.memory},
        label=name,
        log=setup.logs / f"{name}.log",
        timeout=timeout or setup.attempt_timeout,
        surroundings=environment.surroundings(variables),
    )


def failed_attempt(error: RunoffError, stage: str) -> Attempt:
    """Say what a process that gave no result failed of; it costs this attempt alone."""
    if isinstance(error, ConversionFailed):
        return Attempt(FAILED, error.stage, reason=error.reason)
    return Attempt(FAILED, stage, reason=f"{type(error).__name__}: {error}".splitlines()[0])


def read_cell(file: Path) -> Cell | None:
    """Read a cell that is known from before, None where there is none or it is not whole."""
    try:
        return from_json(Cell, json.loads(file.read_text()))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def write_cell(file: Path, cell: Cell) -> None:
    """Keep a cell; a run that is broken off goes on after it."""
    write_whole(file, lambda partial: partial.write_text(json.dumps(to_json(cell))))


def is_final(cell: Cell) -> bool:
    """Whether a cell will come out the same the next time: what was skipped, timed out or was killed may not."""
    reasons = [attempt.reason or "" for attempt in (cell.plain, cell.repaired) if attempt is not None]
    return cell.plain.result != SKIPPED and not any(reason.startswith(TRANSIENT) for reason in reasons)


def cell_key(export: Export, target: str, setup: MatrixSetup) -> str:
    """Hash everything that decides what comes of a cell."""
    exporting, converting = first_with(made_with(export.exporter), setup.environments), setup.targets[target]
    backend = converting.backends[target]
    plain, own = backend.VARIANTS[0], setup.own_as(export.model)
    return key_of(
        {
            "export": [*vars(export).values(), ZOO_VERSION, EXPORT_VERSION],
            **({"own": [own.model.sha256, own.sha256]} if own else {}),
            "exported by": exporting.versions(DISTRIBUTIONS) if exporting else None,
            "backend": [target, backend.CONVERT_VERSION, MATRIX_VERSION],
            **({"code": backend.origin.sha256} if backend.origin else {}),
            "options": [dict(plain.convert_options), dict(plain.load_options)],
            "converted by": converting.versions((*backend.CONVERT_DISTRIBUTIONS, *backend.DISTRIBUTIONS)),
            "variables": dict(backend.ENVIRONMENT),
            "memory": setup.memory,
        }
    )
