"""What would make the numbers better: sentences, each from one finding, that say what was found and what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator

from runoff.doctor.disturbed import Disturbed
from runoff.doctor.findings import Findings, MachineFinding
from runoff.doctor.installation import BackendFinding, EnvironmentFinding
from runoff.doctor.noise import TOO_NOISY, TOO_SHORT, Noise
from runoff.environments.inherited import in_effect, inherited_words
from runoff.environments.machine import INT8_FLAGS
from runoff.judge.disturbance import CONTINUUM, LEVELS
from runoff.judge.ratios import FEWEST_LAUNCHES, MARGIN
from runoff.measure.race import LAUNCHES
from runoff.record.warnings import STEAL_SHARE, SWITCHES_PER_INFERENCE
from runoff.stored.precision import remedy
from runoff.text import numbers

MEMORY_PER_CONTENDER = 1024**3
"""What to have free for each, in bytes: all contenders of a launch stay in memory while one runs."""


def advise(findings: Findings) -> tuple[str, ...]:
    """Return all advice: what stands in the way of running first, then the machine, then what the trial showed."""
    machine = findings.machine
    contenders = max(len(environment.backends) for environment in findings.environments)
    advice = [sentence for environment in findings.environments for sentence in environment_advice(environment)]
    for group in (clock_advice, cpu_advice, variables_advice):
        advice += group(machine)
    advice += memory_advice(machine, contenders)
    return (*advice, *(noise_advice(findings.noise, machine) if findings.noise else ()))


def environment_advice(environment: EnvironmentFinding) -> Iterator[str]:
    """Say what is missing from an environment, and which wheels make its figures another user's or none."""
    place = f"environment {environment.name}"
    install = f"{environment.interpreter} -m pip install"
    if environment.numpy is None:
        yield f"{place} has no numpy, which every worker needs, so nothing runs there: {install} numpy"
        return
    if environment.golden_missing:
        yield (
            f"{place} lacks {' and '.join(environment.golden_missing)}: golden, which every contender is checked "
            "against, is computed with it, so no model but an ONNX file is benchmarked: "
            f"{install} {' '.join(environment.golden_missing)}"
        )
    for backend in environment.backends:
        if backend.broken:
            yield f"{backend.name} can't be used in {place}: {backend.broken}"
        if lacking := lacking_words(backend):
            command = f"{install} {' '.join(backend.install)}"
            choose = "install one of them there, or name an environment that has one (--environment NAME=PYTHON)"
            yield f"{backend.name} {lacking} in {place}: {command if backend.install else choose}"
        yield from wheel_advice(backend, place)


def lacking_words(backend: BackendFinding) -> str:
    """Say what a backend can't do and which modules that takes; nothing where it can do all."""
    lacking = {"can't run": backend.missing, "can't convert the model": backend.convert_missing}
    lacking |= {f"can't convert for {variant}": modules for variant, modules in backend.variants_missing.items()}
    return " and ".join(f"{what} ({', '.join(modules)} missing)" for what, modules in lacking.items() if modules)


def wheel_advice(backend: BackendFinding, place: str) -> Iterator[str]:
    """Say where a backend's wheels get in each other's way, or are not those of a CPU."""
    for module, providers in backend.doubled.items():
        yield (
            f"{' and '.join(providers)} in {place} both bring the module {module} and overwrite each other's files, so "
            "it is not known which one runs: uninstall all of them, then install the one you mean"
        )
    for wheel in backend.distributions:
        if wheel.gpu_libraries:
            yield (
                f"{wheel.name} {wheel.version} in {place} is built for GPUs ({len(wheel.gpu_libraries)} GPU libraries "
                "came with it): where you deploy on CPUs, race the CPU-only wheel, whose import and memory differ"
            )
    if len({wheel.build for wheel in backend.distributions}) > 1:
        names = " and ".join(f"{wheel.name} {wheel.version}" for wheel in backend.distributions)
        yield (
            f"{names} in {place} are of different builds, and what one of them compiled may not load beside the other: "
            "install them from the same index"
        )


def clock_advice(machine: MachineFinding) -> Iterator[str]:
    """Say what changes times from run to run: who goes first, and what the clock follows."""
    if not machine.high_priority:
        yield (
            "workers may not go before other processes, so whatever else runs slows some rounds: run as root, or raise "
            "RLIMIT_NICE to 40 (`nice` in /etc/security/limits.conf; containers: --cap-add SYS_NICE)"
        )
    if slow := [governor for governor in machine.policy.governors if governor != "performance"]:
        yield (
            f"the CPUs' clock follows the governor {', '.join(slow)}, so the first rounds can be slower than the rest: "
            "sudo cpupower frequency-set --governor performance"
        )
    if machine.policy.boost:
        yield (
            "boost (turbo) is on, so absolute times depend on temperature and neighbours, while ratios stay fair: for "
            "absolute times that can be repeated, switch it off in the firmware or under /sys/devices/system/cpu"
        )
    if machine.battery:
        yield "the machine runs on its battery, which lowers the clock: plug it in"


def cpu_advice(machine: MachineFinding) -> Iterator[str]:
    """Say where threads share cores or wait for them, and what the CPU lacks."""
    threads, throttling = machine.threads, machine.throttling
    if threads.quota is not None and threads.quota != math.floor(threads.quota):
        yield (
            f"the cgroup's quota is {threads.quota:g} CPUs, no whole number, so {threads.allowed} threads are used and "
            "all wait when it is spent: give the container whole CPUs "
            f"(--cpus={math.ceil(threads.quota)}), or pin it (--cpuset-cpus)"
        )
    if machine.simultaneous_threads and threads.cores is not None and threads.cores < threads.allowed:
        yield (
            f"the {threads.allowed} threads share {threads.cores} cores (SMT), which many libraries run slower on than "
            f"on the cores alone: race with --threads {threads.cores} too"
        )
    if throttling and throttling.throttled:
        yield (
            f"the cgroup's quota has stopped its processes in {throttling.throttled} of {throttling.periods} periods "
            f"({numbers.percent(throttling.throttled / throttling.periods)}): give fewer --threads than the quota, "
            "or a larger quota"
        )
    if machine.load and machine.load[0] > threads.allowed:
        yield (
            f"the load average is {machine.load[0]:.1f} on {threads.allowed} threads: other programs want the same "
            "CPUs; stop them, or wait until they are done"
        )
    if machine.processor.flags and not INT8_FLAGS & set(machine.processor.flags):
        yield (
            "this CPU has no int8 dot-product instructions, so int8 variants gain little here and may gain much "
            "elsewhere: decide about int8 on the CPU that you deploy on"
        )


def variables_advice(machine: MachineFinding) -> Iterator[str]:
    """Say which variables workers inherit, and which backends use a value of their own instead."""
    if inherited := in_effect(machine.variables):
        yield inherited_words(list(inherited))
    for variable in machine.variables:
        if variable.replaced_for:
            backends = ", ".join(variable.replaced_for)
            yield f"{variable.name} has no effect on workers of {backends}: that backend sets its own value"


def memory_advice(machine: MachineFinding, contenders: int) -> Iterator[str]:
    """Say where memory has gone to disk, and where all contenders together may not fit."""
    memory = machine.memory
    if memory is None:
        return
    if memory.swap_used:
        yield (
            f"{memory.swap_used / 1024**2:.0f} MiB of swap are in use, and a worker whose pages come from disk is "
            "slow by chance: free memory, then sudo swapoff -a && sudo swapon -a"
        )
    left = memory.available if memory.limit is None else min(memory.available, memory.limit)
    if left < contenders * MEMORY_PER_CONTENDER:
        yield (
            f"{left / 1024**3:.1f} GiB of memory are left for {contenders} backends that stay in memory "
            "together: free some, raise the container's limit, or race fewer (--contenders)"
        )


def noise_advice(noise: Noise, machine: MachineFinding) -> Iterator[str]:
    """Say what the race of two equals asks for."""
    if noise.state == TOO_NOISY:
        yield (
            f"two identical programs could not be told equal within {numbers.percent(MARGIN)}: stop other programs, "
            "then ask again, "
            f"or measure longer than {LAUNCHES} launches (--launches, --precision)"
        )
    if noise.state == TOO_SHORT:
        yield (
            f"only {noise.ratio.launches} launches fitted into {noise.seconds:.0f} s, too few to call this machine "
            f"quiet or noisy: give --seconds enough for {FEWEST_LAUNCHES}"
        )
    if noise.stolen is not None and noise.stolen > STEAL_SHARE:
        yield (
            f"other machines on this host took {numbers.percent(noise.stolen, 1)} of the CPU time (steal); ratios stay "
            "fair, absolute "
            "times do not: measure at a quieter hour or on a dedicated machine"
        )
    if noise.switches > SWITCHES_PER_INFERENCE:
        yield (
            f"a worker was preempted {noise.switches:.0f} times per inference: other processes want its cores. Two "
            "equals suffer alike, two unlike runtimes may not: stop them, or give fewer --threads"
        )
    yield from disturbance_advice(noise.disturbed)
    if noise.throttled and not (machine.throttling and machine.throttling.throttled):
        yield (
            f"the cgroup's quota stopped the trial in {noise.throttled} periods: give fewer --threads than the quota, "
            "or a larger quota"
        )


def disturbance_advice(disturbed: Disturbed) -> Iterator[str]:
    """Say what a run on a machine in several states can do about it."""
    if disturbed.found is None or disturbed.found.pattern not in (LEVELS, CONTINUUM):
        return
    expected = {"a default run": disturbed.default_run} if disturbed.default_run else {}
    yield (
        f"the probe found {numbers.percent(disturbed.found.quiet_share)} of the rounds quiet, and what disturbs the "
        "others slows one runtime more than another, so that ratios differ from hour to hour: "
        f"{remedy(expected, LAUNCHES)}, measure at another hour, or take a dedicated machine"
    )
