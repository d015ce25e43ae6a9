"""What would make the numbers better: sentences, each from one finding, that say what was found and what to do."""

from __future__ import annotations

import math

from runoff.doctor.findings import Findings, MachineFinding
from runoff.doctor.installation import BackendFinding, EnvironmentFinding
from runoff.doctor.noise import TOO_NOISY, TOO_SHORT, Noise
from runoff.environments.machine import INT8_FLAGS
from runoff.judge.ratios import FEWEST_LAUNCHES, MARGIN
from runoff.measure.race import LAUNCHES
from runoff.record.warnings import STEAL_SHARE, SWITCHES_PER_INFERENCE

MEMORY_PER_CONTENDER = 1024**3
"""What to have free for each, in bytes: all contenders of a launch stay in memory while one runs."""


def advise(findings: Findings) -> tuple[str, ...]:
    """Return all advice: what stands in the way of running first, then the machine, then what the trial showed."""
    contenders = max(len(environment.backends) for environment in findings.environments)
    return tuple(
        sentence
        for group in (
            *(environment_advice(environment) for environment in findings.environments),
            *(advice(findings.machine) for advice in MACHINE_ADVICE),
            memory_advice(findings.machine, contenders),
            noise_advice(findings.noise, findings.machine) if findings.noise else [],
        )
        for sentence in group
    )


def environment_advice(environment: EnvironmentFinding) -> list[str]:
    """Say what is missing from an environment, and which wheels make its figures another user's or none."""
    place = f"environment {environment.name}"
    if environment.numpy is None:
        command = install_command(environment, ("numpy",))
        return [f"{place} has no numpy, which every worker needs, so nothing runs there: {command}"]
    found = []
    if environment.golden_missing:
        command = install_command(environment, environment.golden_missing)
        found.append(
            f"{place} lacks {' and '.join(environment.golden_missing)}: golden, which every contender is checked "
            f"against, is computed with it, so no benchmark runs: {command}"
        )
    for backend in environment.backends:
        lacking = lacking_words(backend)
        if lacking:
            found.append(f"{backend.name} {lacking} in {place}: {install_command(environment, backend.install)}")
        found += wheel_advice(backend, place)
    return found


def lacking_words(backend: BackendFinding) -> str:
    """Say what a backend can't do and which modules that takes; nothing where it can do all."""
    lacking = {"can't run": backend.missing, "can't convert the model": backend.convert_missing}
    lacking |= {f"can't convert for {variant}": modules for variant, modules in backend.variants_missing.items()}
    return " and ".join(f"{what} ({', '.join(modules)} missing)" for what, modules in lacking.items() if modules)


def wheel_advice(backend: BackendFinding, place: str) -> list[str]:
    """Say where a backend's wheels get in each other's way, or are not those of a CPU."""
    found = [
        f"{' and '.join(providers)} in {place} both bring the module {module} and overwrite each other's files, so it "
        "is not known which one runs: uninstall all of them, then install the one you mean"
        for module, providers in backend.doubled.items()
    ]
    found += [
        f"{each.name} {each.version} in {place} is built for GPUs ({len(each.gpu_libraries)} GPU libraries came with "
        "it): where you deploy on CPUs, race the CPU-only wheel, whose import and memory differ"
        for each in backend.distributions
        if each.gpu_libraries
    ]
    if len({each.build for each in backend.distributions}) > 1:
        names = " and ".join(f"{each.name} {each.version}" for each in backend.distributions)
        found.append(
            f"{names} in {place} are of different builds, and what one of them compiled may not load beside the other: "
            "install them from the same index"
        )
    return found


def install_command(environment: EnvironmentFinding, names: tuple[str, ...]) -> str:
    """Return the command that installs distributions in an environment."""
    return f"{environment.interpreter} -m pip install {' '.join(names)}"


def priority_advice(machine: MachineFinding) -> list[str]:
    """Say how workers could have high priority, where they may not."""
    if machine.high_priority:
        return []
    return [
        "workers may not go before other processes, so whatever else runs slows some rounds: run as root, or raise "
        "RLIMIT_NICE to 40 (`nice` in /etc/security/limits.conf; containers: --cap-add SYS_NICE)"
    ]


def governor_advice(machine: MachineFinding) -> list[str]:
    """Say where the clock follows the load, or can't be held."""
    found = []
    slow = [governor for governor in machine.policy.governors if governor != "performance"]
    if slow:
        found.append(
            f"the CPUs' clock follows the governor {', '.join(slow)}, so the first rounds can be slower than the rest: "
            "sudo cpupower frequency-set --governor performance"
        )
    if machine.policy.boost:
        found.append(
            "boost (turbo) is on, so absolute times depend on temperature and neighbours, while ratios stay fair: for "
            "absolute times that can be repeated, switch it off in the firmware or under /sys/devices/system/cpu"
        )
    return found


def battery_advice(machine: MachineFinding) -> list[str]:
    """Say where a battery holds the clock down."""
    return ["the machine runs on its battery, which lowers the clock: plug it in"] if machine.battery else []


def threads_advice(machine: MachineFinding) -> list[str]:
    """Say where threads share cores, or a quota leaves one waiting."""
    found = []
    quota, cores, allowed = machine.threads.quota, machine.threads.cores, machine.threads.allowed
    if quota is not None and quota != math.floor(quota):
        found.append(
            f"the cgroup's quota is {quota:g} CPUs, no whole number, so {allowed} threads are used and all wait when "
            f"it is spent: give the container whole CPUs (--cpus={math.ceil(quota)}), or pin it (--cpuset-cpus)"
        )
    if machine.simultaneous_threads and cores is not None and cores < allowed:
        found.append(
            f"the {allowed} threads share {cores} cores (SMT), which many libraries run slower on than on the cores "
            f"alone: race with --threads {cores} too"
        )
    return found


def throttling_advice(machine: MachineFinding) -> list[str]:
    """Say where a quota has cut processes short."""
    if machine.throttling is None or machine.throttling.throttled == 0:
        return []
    share = machine.throttling.throttled / machine.throttling.periods
    return [
        f"the cgroup's quota has stopped its processes in {machine.throttling.throttled} of "
        f"{machine.throttling.periods} periods ({share:.0%}): give fewer --threads than the quota, or a larger quota"
    ]


def load_advice(machine: MachineFinding) -> list[str]:
    """Say where others keep the CPUs busy."""
    if machine.load is None or machine.load[0] <= machine.threads.allowed:
        return []
    return [
        f"the load average is {machine.load[0]:.1f} on {machine.threads.allowed} threads: other programs want the same "
        "CPUs; stop them, or wait until they are done"
    ]


def swap_advice(machine: MachineFinding) -> list[str]:
    """Say where memory has gone to disk."""
    if not machine.memory.swap_used:
        return []
    return [
        f"{machine.memory.swap_used / 1024**2:.0f} MiB of swap are in use, and a worker whose pages come from disk is "
        "slow by chance: free memory, then sudo swapoff -a && sudo swapon -a"
    ]


def variables_advice(machine: MachineFinding) -> list[str]:
    """Say which variables workers inherit, and which backends use a value of their own instead."""
    inherited = [each.name for each in machine.variables if not each.replaced_for]
    found = []
    if inherited:
        names = ", ".join(inherited)
        found.append(
            f"every worker inherits {names}, which can change threads, kernels or memory; thread counts are set by "
            f"each framework's own API all the same and read back: unset {' '.join(inherited)}, unless you deploy so"
        )
    for each in machine.variables:
        if each.replaced_for:
            backends = ", ".join(each.replaced_for)
            found.append(f"{each.name} has no effect on workers of {backends}: that backend sets its own value")
    return found


def int8_advice(machine: MachineFinding) -> list[str]:
    """Say where INT8 has no instructions of its own."""
    if not machine.flags or INT8_FLAGS & set(machine.flags):
        return []
    return [
        "this CPU has no int8 dot-product instructions, so int8 variants gain little here and may gain much elsewhere: "
        "decide about int8 on the CPU that you deploy on"
    ]


MACHINE_ADVICE = (
    priority_advice,
    governor_advice,
    battery_advice,
    threads_advice,
    throttling_advice,
    load_advice,
    swap_advice,
    variables_advice,
    int8_advice,
)


def memory_advice(machine: MachineFinding, contenders: int) -> list[str]:
    """Say where all contenders together may not fit."""
    known = [each for each in (machine.memory.available, machine.memory.limit) if each is not None]
    if not known or min(known) >= contenders * MEMORY_PER_CONTENDER:
        return []
    return [
        f"{min(known) / 1024**3:.1f} GiB of memory are left for {contenders} backends that stay in memory together: "
        "free some, raise the container's limit, or race fewer (--contenders)"
    ]


def noise_advice(noise: Noise, machine: MachineFinding) -> list[str]:
    """Say what the race of two equals asks for."""
    found = []
    if noise.state == TOO_NOISY:
        found.append(
            f"two identical programs could not be told equal within {MARGIN:.0%}: stop other programs, then ask again, "
            f"or measure longer than {LAUNCHES} launches (--launches, --precision)"
        )
    if noise.state == TOO_SHORT:
        found.append(
            f"only {noise.ratio.launches} launches fitted into {noise.seconds:.0f} s, too few to call this machine "
            f"quiet or noisy: give --seconds enough for {FEWEST_LAUNCHES}"
        )
    if noise.stolen is not None and noise.stolen > STEAL_SHARE:
        found.append(
            f"other machines on this host took {noise.stolen:.1%} of the CPU time (steal); ratios stay fair, absolute "
            "times do not: measure at a quieter hour or on a dedicated machine"
        )
    if noise.switches > SWITCHES_PER_INFERENCE:
        found.append(
            f"a worker was preempted {noise.switches:.0f} times per inference: other processes want its cores. Two "
            "equals suffer alike, two unlike runtimes may not: stop them, or give fewer --threads"
        )
    if noise.throttled and not (machine.throttling and machine.throttling.throttled):
        found.append(
            f"the cgroup's quota stopped the trial in {noise.throttled} periods: give fewer --threads than the quota, "
            "or a larger quota"
        )
    return found
