"""What the doctor finds: environments, the machine, its noise. Values only; the words are made elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from runoff.backends import Declaration
from runoff.doctor.installation import EnvironmentFinding, judge_environment
from runoff.doctor.noise import Noise, measure_noise
from runoff.environments import machine
from runoff.environments.cpus import allowed_threads, cgroup_quota, count_cores
from runoff.environments.discovery import ask_environments
from runoff.environments.environment import Environment
from runoff.environments.inherited import Variable, inherited_variables
from runoff.environments.machine import FrequencyPolicy, Memory, Throttling
from runoff.errors import RunoffError
from runoff.processes.process import started
from runoff.processes.surroundings import Surroundings
from runoff.processor import SYSTEM, Processor, own_cpus, read_processor
from runoff.text.ids import HERE


@dataclass(frozen=True)
class Threads:
    """How many threads are allowed, and why: by affinity, by the cgroups' quota, on how many cores."""

    affinity: int
    quota: float | None
    allowed: int
    cores: int | None


@dataclass(frozen=True)
class MachineFinding:
    """The machine; ``frequency`` in MHz, ``load`` over 1, 5 and 15 minutes, ``high_priority``: workers may have it."""

    processor: Processor
    threads: Threads
    simultaneous_threads: bool | None
    frequency: float | None
    policy: FrequencyPolicy
    memory: Memory | None
    load: tuple[float, float, float] | None
    throttling: Throttling | None
    battery: bool | None
    high_priority: bool
    variables: tuple[Variable, ...]


@dataclass(frozen=True)
class Findings:
    """All that the doctor found; no noise where it was not asked for, or where measuring it failed, with the reason."""

    environments: tuple[EnvironmentFinding, ...]
    machine: MachineFinding
    noise: Noise | None
    noise_failure: str | None = None


def collect(
    environments: Mapping[str, Environment], seconds: float, folder: Path, say: Callable[[str], None]
) -> Findings:
    """Ask every environment, read the machine, then race for so many seconds; ``folder`` is for files that may go.

    Raises a WorkerFailed where an interpreter can't be run.
    """
    say(f"asking {', '.join(environments)}")
    asked = ask_environments(environments, folder, packages=True)
    inspected = inspect_machine(asked[HERE].backends, os.environ, high_priority=may_have_high_priority(folder))
    noise, failure = None, None
    if seconds > 0:
        try:
            noise = measure_noise(seconds, inspected.threads.allowed, folder, say)
        except RunoffError as error:
            failure = f"{type(error).__name__}: {error}"
    judged = tuple(judge_environment(environment, asked) for environment in asked.values())
    return Findings(judged, inspected, noise, failure)


def may_have_high_priority(logs: Path) -> bool:
    """Whether this user may put workers before other processes, by starting one that is ended at once."""
    surroundings = Surroundings(high_priority=True)
    log = logs / "priority.log"
    with started("runoff.measure.worker", label="priority", log=log, surroundings=surroundings) as process:
        return process.high_priority


def inspect_machine(
    backends: Mapping[str, Declaration],
    variables: Mapping[str, str],
    *,
    high_priority: bool,
    system: Path = SYSTEM,
) -> MachineFinding:
    """Read what the machine allows."""
    cpus = own_cpus()
    return MachineFinding(
        processor=read_processor(system, cpus),
        threads=Threads(len(cpus), cgroup_quota(system), allowed_threads(), count_cores(cpus, system)),
        simultaneous_threads=machine.read_simultaneous_threads(system),
        frequency=machine.read_frequency(),
        policy=machine.read_frequency_policy(system),
        memory=machine.read_memory(system),
        load=machine.read_load(),
        throttling=machine.read_throttling(system),
        battery=machine.on_battery(system),
        high_priority=high_priority,
        variables=inherited_variables(variables, backends),
    )
