"""How much the experiments measure: the whole proof, or a quick one that shows that everything runs."""

from __future__ import annotations

from dataclasses import dataclass

from runoff.measure.race import LAUNCHES, ROUNDS


@dataclass(frozen=True)
class Settings:
    """The sizes of all experiments; ``launches`` × ``rounds`` is the budget of one run that is under test."""

    simulated_runs: int = 3000
    simulated_probes: int = 100
    simulated_looks: int = 20_000
    launches: int = LAUNCHES
    rounds: int = ROUNDS
    pool_launches: int = 40
    neighbour_launches: int = 40
    unprivileged_launches: int = 12
    drawn_runs: int = 2000
    blocks: int = 5
    twins: int = 8
    cost_launches: int = 12
    cost_blocks: int = 10
    cost_inferences: int = 8
    empty_inferences: int = 20_000
    empty_rounds: int = 1000
    seed: int = 20261124


QUICK = Settings(
    simulated_runs=60,
    simulated_probes=2,
    simulated_looks=20,
    launches=5,
    rounds=5,
    pool_launches=6,
    neighbour_launches=5,
    unprivileged_launches=5,
    drawn_runs=20,
    blocks=1,
    twins=3,
    cost_launches=2,
    cost_blocks=2,
    cost_inferences=4,
    empty_inferences=200,
    empty_rounds=20,
)
