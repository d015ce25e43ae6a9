"""The forms that backends convert from: each made once a run, in an environment that has torch, and cached."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runoff.contract import MODULE, Form, Model, to_json
from runoff.environments.environment import Environment, first_with
from runoff.errors import ConversionFailed, RunoffError
from runoff.measure.cache import key_of, made_once
from runoff.measure.code import differing_code
from runoff.model import onnx_export
from runoff.processes.process import call

EXPORT_TIMEOUT = 900.0


@dataclass(frozen=True)
class Forms:
    """The forms of a model, made when they are first asked for; what failed is not tried again in this run."""

    model: Model
    environments: Mapping[str, Environment]
    folder: Path
    logs: Path
    made: dict[tuple[str, Path], Form | RunoffError] = field(default_factory=dict)

    def get(self, kind: str, tree: Path) -> Form:
        """Return a form of the model as a tree's code makes it.

        Raises ConversionFailed at the stage ``export``, ArtifactBroken for a cached file that was changed, or a
        WorkerFailed.
        """
        if kind == MODULE:
            return Form(self.model, self.model.sha256)
        if (kind, tree) not in self.made:
            try:
                self.made[kind, tree] = self.export(tree)
            except RunoffError as error:
                self.made[kind, tree] = error
        found = self.made[kind, tree]
        if isinstance(found, RunoffError):
            raise found
        return found

    def export(self, tree: Path) -> Form:
        """Export the model to an ONNX file, or take the one that an earlier run exported."""
        needed = onnx_export.EXPORT_REQUIRES
        environment = first_with(needed, self.environments)
        if environment is None:
            raise ConversionFailed("export", f"no environment of this run has all of {', '.join(needed)}")
        log = self.logs / "export.log"

        def make(destination: Path) -> Mapping[str, Any]:
            seconds = call(
                "runoff.model.onnx_export:export_model",
                {"model": to_json(self.model), "destination": str(destination)},
                label="exporting to ONNX",
                log=log,
                timeout=EXPORT_TIMEOUT,
                surroundings=dataclasses.replace(environment, tree=tree).surroundings(),
            )
            return {"seconds": seconds}

        home = self.folder / f"onnx-{self.key(environment, tree)}"
        made = made_once(home, "model.onnx", make)
        return Form(self.model, made.sha256, made.path, made.noted["seconds"])

    def key(self, environment: Environment, tree: Path) -> str:
        """Hash what decides the bytes of the exported file."""
        installed = environment.installed.versions
        return key_of(
            {
                "model": self.model.sha256,
                "inputs": [vars(given) for given in self.model.inputs],
                "version": [onnx_export.EXPORT_VERSION, onnx_export.OPSET],
                "versions": {name: installed.get(name) for name in (*onnx_export.DISTRIBUTIONS, "python", "numpy")},
                "code": differing_code(Path(onnx_export.__file__), "export_model", tree),
            }
        )
