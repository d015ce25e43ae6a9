"""What the tests of measuring share: fake entrants, pictures, and a copy of the suite with fakes as its backends."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, settings
from numpy.typing import NDArray

from runoff.arrays import Input, Output, Signature
from runoff.backends import find_backends
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment
from runoff.measure import entrant as entrants
from runoff.measure.entrant import Entrant, Example, Start, receive_start, require_threads
from runoff.measure.launches import Setup
from runoff.measure.rotation import Workers
from runoff.processes.process import Process
from tests import fakes, ids, lanes
from tests.fakes.fake import true_logits
from tests.not_run import NotRun
from tests.stand_ins import orderly_end
from tests.suite_runs import ROOT, Suite, copied_suite, covered, put_fakes_in

__all__ = ["HERE", "ROOT", "MakeEntrant", "MakeSetup", "Suite", "started_worker"]

SIGNATURE = Signature((Input("images", (3, 32, 32), layout="NCHW"),), (Output("logits", (1000,)),))
"""What the fake backend's model takes and gives."""
HERE = Environment("here", Path(sys.executable))

# What Hypothesis tries is the same each time: more with --hypothesis-profile thorough, less with quick, which is for
# each save. A busy machine is no defect.
# It does not explain a failure, for which it would trace every line.
PHASES = tuple(phase for phase in Phase if phase is not Phase.explain)
settings.register_profile("steady", derandomize=True, deadline=None, max_examples=30, phases=PHASES)
settings.register_profile("quick", settings.get_profile("steady"), max_examples=8)
settings.register_profile("thorough", settings.get_profile("steady"), max_examples=200)
settings.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    """Add how the tests run and are named, and what says in the end which did not run."""
    config.pluginmanager.register(ids)
    config.pluginmanager.register(lanes)
    config.pluginmanager.register(NotRun(config))
    if covered():
        config.pluginmanager.register(orderly_end)


MakeEntrant = Callable[..., Entrant]
MakeSetup = Callable[..., Setup]


@dataclass
class Counted:
    """Progress that only counts."""

    promised: int = 0
    steps: int = 0
    parts: list[str] = field(default_factory=list)

    def begin(self, what: str, steps: int) -> None:
        """Note what was promised."""
        self.parts.append(what)
        self.promised += steps

    def step(self) -> None:
        """Count a step."""
        self.steps += 1

    def launched(self, so_far: object, planned: int) -> None:
        """Need none of it."""


@pytest.fixture
def make_entrant(tmp_path: Path) -> MakeEntrant:
    """Make an entrant of the fake backend by its variant's name."""

    def make(variant: str = "", key: str | None = None, environment: Environment = HERE, threads: int = 2) -> Entrant:
        backend = find_backends(fakes)["fake"]
        chosen = next(candidate for candidate in backend.VARIANTS if candidate.name == variant)
        artifact = tmp_path / "artifact.npy"
        np.save(artifact, np.zeros(1000, dtype=np.float32))
        contender = Contender("fake", chosen, environment.name)
        return Entrant(key or contender.id, contender, backend, environment, artifact, SIGNATURE, threads)

    return make


@pytest.fixture
def images() -> NDArray[np.float32]:
    """Give three small pictures' pixels, whose first thousand are the fake's logits."""
    return np.random.RandomState(7).standard_normal((3, 3, 32, 32)).astype(np.float32)


@pytest.fixture
def picture(tmp_path: Path, images: NDArray[np.float32]) -> Example:
    """Write the pictures where a worker reads them, and choose the second."""
    path = tmp_path / "images.npy"
    np.save(path, images)
    return Example({"images": path}, 1)


@contextmanager
def started_worker(entrant: Entrant, picture: Example, log: Path) -> Iterator[tuple[Process, Start]]:
    """Start an entrant's worker and wait for its first output."""
    with entrants.started_worker(entrant, picture, log) as process:
        start = receive_start(process, entrant.signature)
        require_threads(entrant, start.threads)
        yield process, start


@pytest.fixture
def make_setup(tmp_path: Path, picture: Example, images: NDArray[np.float32]) -> MakeSetup:
    """Make what launches of fakes are performed with."""

    def make(
        *entrants: Entrant,
        launches: int = 2,
        seed: int = 1,
        looks: Sequence[int] = (),
        deadline: float = math.inf,
    ) -> Setup:
        return Setup(
            entrants,
            files=picture.files,
            predictions={entrant.contender.id: {"logits": true_logits(images)} for entrant in entrants},
            looks=looks or (launches,),
            seed=seed,
            workers=Workers(tmp_path / "logs"),
            journal=tmp_path / "journal.jsonl",
            progress=Counted(),
            deadline=deadline,
        )

    return make


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """Copy the suite, put the fakes in the place of its backends and stand-ins in the place of what needs torch."""
    with copied_suite(tmp_path_factory.mktemp("suite"), reference="fake") as copied:
        put_fakes_in(copied)
        yield copied


@pytest.fixture(scope="session")
def real_suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """Copy the suite as it is, with its own backends and empty caches."""
    with copied_suite(tmp_path_factory.mktemp("real_suite"), reference="pytorch") as copied:
        yield copied
