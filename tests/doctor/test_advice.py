"""The doctor's advice: each finding gives its sentence with a remedy, and a machine in order gives none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runoff.doctor.advice import advise
from runoff.doctor.disturbed import Disturbed
from runoff.doctor.findings import Findings, MachineFinding, Threads
from runoff.doctor.installation import BackendFinding, EnvironmentFinding
from runoff.doctor.noise import QUIET, TOO_NOISY, TOO_SHORT, Noise
from runoff.doctor.text import WIDTH, render
from runoff.environments.environment import Wheel
from runoff.environments.inherited import Variable
from runoff.environments.machine import FrequencyPolicy, Memory, Throttling
from runoff.judge.disturbance import CONTINUUM, LEVELS, ONE_LEVEL, UNKNOWN, Disturbance
from runoff.judge.ratios import CONFIDENCE, Ratio, ratio_over_launches
from runoff.processor import Processor
from tests.builders.processors import ZEN4

GIB = 1024**3
NUMPY = Wheel("numpy", "2.0", None, ("cp312-none-any",), ())
ENGINE = Wheel("engine", "1.5+cpu", "cpu", ("cp312-none-any",), ())
BACKEND = BackendFinding("machine", (), "here", (), {}, (), (ENGINE,), {})
ENVIRONMENT = EnvironmentFinding("here", "/usr/bin/python", "3.12.1", NUMPY, (BACKEND,), ())
MACHINE = MachineFinding(
    processor=Processor("Fast CPU", ("avx2", "avx_vnni")),
    threads=Threads(affinity=4, quota=None, allowed=4, cores=4),
    simultaneous_threads=False,
    frequency=3000.0,
    policy=FrequencyPolicy("acpi-cpufreq", ("performance",), False),
    memory=Memory(16 * GIB, 12 * GIB, None, 2 * GIB, 0),
    load=(0.1, 0.2, 0.3),
    throttling=None,
    battery=False,
    high_priority=True,
    variables=(),
)


def with_reach(reach: float) -> Ratio:
    """Make the interval that a default run can expect, which reaches so far to each side."""
    return Ratio(1.0, 1 / (1 + reach), 1 + reach, CONFIDENCE, 8, CONFIDENCE)


NOISE = Noise(
    state=QUIET,
    ratio=ratio_over_launches([0.001, -0.001, 0.002, 0.0, 0.001, -0.002, 0.0, 0.001]),
    rounds=20,
    threads=4,
    seconds=9.8,
    median=0.0101,
    tail=1.04,
    difference=0.0061,
    stolen=0.0,
    busy=3.9,
    switches=0.3,
    throttled=None,
    high_priority=True,
    disturbed=Disturbed(120, Disturbance(ONE_LEVEL, "memory", 1.05, 0.98), None, with_reach(0.004)),
)
HEALTHY = Findings((ENVIRONMENT,), MACHINE, NOISE)


def with_machine(**changes: Any) -> Findings:
    """Change the machine."""
    return replace(HEALTHY, machine=replace(MACHINE, **changes))


def with_backend(**changes: Any) -> Findings:
    """Change the backend."""
    return replace(HEALTHY, environments=(replace(ENVIRONMENT, backends=(replace(BACKEND, **changes),)),))


def with_noise(**changes: Any) -> Findings:
    """Change the noise."""
    return replace(HEALTHY, noise=replace(NOISE, **changes))


def with_disturbed(pattern: str, quiet: float, reach: float) -> Findings:
    """Change what the probe found, and how far a default run's interval would reach."""
    found = Disturbance(pattern, "memory", 1.45, quiet)
    return with_noise(disturbed=Disturbed(120, found, None, with_reach(reach)))


def with_threads(**changes: Any) -> Findings:
    """Change what is known of threads."""
    return with_machine(threads=replace(MACHINE.threads, **changes))


def test_nothing_is_said_of_a_machine_in_order() -> None:
    """Where all is well there is no advice, and the text says so."""
    assert advise(HEALTHY) == ()
    assert "Nothing that the doctor knows of." in render(HEALTHY, ())


GPU = Wheel("engine", "1.5", None, (), ("nvidia-a", "nvidia-b"))
CASES = [
    pytest.param(
        replace(HEALTHY, environments=(replace(ENVIRONMENT, numpy=None),)),
        "environment here has no numpy",
        "/usr/bin/python -m pip install numpy",
        id="no numpy",
    ),
    pytest.param(
        with_backend(broken="/mine.py can't be imported: SyntaxError: invalid syntax"),
        "machine can't be used in",
        "/mine.py can't be imported: SyntaxError",
        id="a broken backend",
    ),
    pytest.param(
        replace(HEALTHY, environments=(replace(ENVIRONMENT, golden_missing=("painter",)),)),
        "lacks painter: golden",
        "pip install painter",
        id="no golden",
    ),
    pytest.param(
        with_backend(missing=("engine",), install=("engine",)),
        "machine can't run (engine missing)",
        "/usr/bin/python -m pip install engine",
        id="a framework is missing",
    ),
    pytest.param(
        with_backend(converter=None, convert_missing=("maker",), install=("maker",)),
        "machine can't convert the model (maker missing)",
        "pip install maker",
        id="a converter is missing",
    ),
    pytest.param(
        with_backend(converter=None, convert_missing=("old_maker or new_maker",)),
        "machine can't convert the model (old_maker or new_maker missing)",
        "install one of them there, or name an environment that has one",
        id="either of two converters is missing",
    ),
    pytest.param(
        with_backend(variants_missing={"machine-int8": ("quantiser",)}, install=("quantiser",)),
        "machine can't convert for machine-int8 (quantiser missing)",
        "pip install quantiser",
        id="a variant's converter is missing",
    ),
    pytest.param(
        with_backend(doubled={"engine": ("engine", "engine-gpu")}),
        "engine and engine-gpu in environment here both bring the module engine",
        "uninstall all of them",
        id="two providers",
    ),
    pytest.param(with_backend(distributions=(GPU,)), "built for GPUs (2 GPU libraries", "CPU-only wheel", id="GPU"),
    pytest.param(
        with_backend(distributions=(ENGINE, replace(GPU, name="extra", gpu_libraries=()))),
        "engine 1.5+cpu and extra 1.5 in environment here are of different builds",
        "the same index",
        id="mixed builds",
    ),
    pytest.param(with_machine(high_priority=False), "may not go before other processes", "RLIMIT_NICE", id="priority"),
    pytest.param(
        with_machine(policy=FrequencyPolicy("x", ("powersave",), False)),
        "governor powersave",
        "--governor performance",
        id="governor",
    ),
    pytest.param(
        with_machine(policy=FrequencyPolicy("x", ("performance",), True)), "boost (turbo) is on", "off", id="boost"
    ),
    pytest.param(with_machine(battery=True), "runs on its battery", "plug it in", id="battery"),
    pytest.param(with_threads(quota=1.5, allowed=1), "quota is 1.5 CPUs", "--cpus=2", id="a fraction of a CPU"),
    pytest.param(
        replace(with_threads(cores=2), machine=replace(with_threads(cores=2).machine, simultaneous_threads=True)),
        "4 threads share 2 cores",
        "--threads 2",
        id="SMT",
    ),
    pytest.param(
        with_machine(throttling=Throttling(200, 50)), "50 of 200 periods (25 %)", "fewer --threads", id="throttled"
    ),
    pytest.param(with_machine(load=(4.1, 1.0, 1.0)), "load average is 4.1 on 4", "stop them", id="load"),
    pytest.param(
        with_machine(memory=replace(MACHINE.memory, swap_used=300 * 1024**2)), "300 MiB of swap", "swapoff", id="swap"
    ),
    pytest.param(
        with_machine(variables=(Variable("OMP_NUM_THREADS", "1", ()),)),
        "inherits OMP_NUM_THREADS",
        "unset OMP_NUM_THREADS",
        id="an inherited variable",
    ),
    pytest.param(
        with_machine(variables=(Variable("LEVEL", "1", ("machine",)),)),
        "LEVEL has no effect on workers of machine",
        "sets its own value",
        id="a variable that is replaced",
    ),
    pytest.param(
        with_machine(processor=Processor("x", ("avx2",))),
        "no int8 dot-product",
        "on the CPU that you deploy on",
        id="no int8",
    ),
    pytest.param(
        with_machine(memory=replace(MACHINE.memory, available=GIB // 2)), "0.5 GiB of memory", "free", id="memory"
    ),
    pytest.param(
        with_machine(memory=replace(MACHINE.memory, limit=GIB // 4)), "0.2 GiB of memory", "limit", id="memory limit"
    ),
    pytest.param(with_noise(state=TOO_NOISY), "could not be told equal within 5 %", "--launches", id="noisy"),
    pytest.param(
        with_noise(state=TOO_SHORT, ratio=ratio_over_launches([0.0, 0.1])), "only 2 launches", "--seconds", id="short"
    ),
    pytest.param(with_noise(stolen=0.02), "took 2.0 % of the CPU time", "dedicated machine", id="steal"),
    pytest.param(with_noise(switches=9.0), "preempted 9 times", "stop them", id="switches"),
    pytest.param(
        with_disturbed(LEVELS, 0.37, 0.066), "found 37 % of the rounds quiet", "another hour", id="two levels"
    ),
    pytest.param(with_disturbed(CONTINUUM, 0.2, 0.04), "20 % of the rounds quiet", "--precision 2%", id="a continuum"),
    pytest.param(with_noise(throttled=3), "stopped the trial in 3 periods", "larger quota", id="throttled meanwhile"),
]


@pytest.mark.parametrize(("findings", "finding", "remedy"), CASES)
def test_each_finding_has_its_advice(findings: Findings, finding: str, remedy: str) -> None:
    """One finding out of order gives one sentence, which names it and says what to do."""
    (sentence,) = advise(findings)
    assert finding in sentence
    assert remedy in sentence


@pytest.mark.parametrize(("findings", "finding", "remedy"), CASES)
def test_text_stays_within_its_width(findings: Findings, finding: str, remedy: str) -> None:
    """No line of the text is wider than 100 columns, whatever was found, and no advice is lost in it."""
    advice = advise(findings)
    lines = render(findings, advice).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert " ".join(advice[0].split()) in " ".join(" ".join(lines).split())


def test_a_threshold_that_is_just_met_is_no_finding() -> None:
    """A whole quota, a load of as many as there are threads, one percent of steal: all in order."""
    assert advise(with_threads(quota=4.0)) == ()
    assert advise(with_machine(load=(4.0, 9.0, 9.0))) == ()
    assert advise(with_noise(stolen=0.01, switches=5.0, throttled=0)) == ()
    assert advise(with_machine(throttling=Throttling(200, 0))) == ()


def test_what_is_not_known_is_no_finding() -> None:
    """A system that says nothing gives no advice, and a text that says what is not known."""
    nothing = with_machine(
        processor=Processor(),
        simultaneous_threads=None,
        frequency=None,
        policy=FrequencyPolicy(None, (), None),
        battery=None,
        threads=Threads(4, None, 4, None),
    )
    findings = replace(nothing, noise=None)
    assert advise(findings) == ()
    text = render(findings, ())
    assert "governor and boost not readable (virtual machine?)" in text
    assert "processor not fully known: CPU design, caches, vector extensions, hypervisor" in text
    assert "not measured: --seconds 0 was given" in text


def test_the_processor_is_told_as_runs_are_told_apart_by() -> None:
    """Its name, and beneath it design, caches, extensions and hypervisor."""
    lines = [line.strip() for line in render(with_machine(processor=ZEN4), ()).splitlines()]
    place = next(place for place, line in enumerate(lines) if line.startswith("CPU"))
    assert lines[place].endswith("  AMD EPYC")
    assert lines[place + 1] == "AuthenticAMD family 25 model 17 stepping 1; L1d 32 KiB, L2 1 MiB, L3 32 MiB"
    assert lines[place + 2].startswith("vector extensions: avx avx2 avx512_bf16 ")
    assert "hypervisor: yes" in lines


def test_a_race_that_failed_says_why() -> None:
    """Where the noise could not be measured, the reason stands in its place."""
    assert "not measured: WorkerCrashed: gone" in render(
        replace(HEALTHY, noise=None, noise_failure="WorkerCrashed: gone"), ()
    )


def test_a_disturbed_machine_is_told_with_what_that_does_to_a_default_run() -> None:
    """The pattern, the share of quiet rounds, the half-width to expect with its derivation, all in the text."""
    text = " ".join(render(with_disturbed(LEVELS, 0.37, 0.066), ()).split())
    assert "probe the machine had two levels; 37 % of the rounds were quiet, and in the others random reads" in text
    assert "a default run its ratios would reach about 6.6 % to each side: an estimate for 8 launches of 30" in text
    assert "from how 120 readings of the probe differ between launches" in text


def test_a_disturbed_machine_whose_launches_tell_nothing_names_no_number() -> None:
    """Without an interval to expect, the remedy is more launches, and the text says that it is not known."""
    findings = with_disturbed(LEVELS, 0.1, 0.066)
    noise = replace(findings.noise, disturbed=replace(findings.noise.disturbed, default_run=None))
    assert "give more --launches, measure at another hour" in " ".join(advise(replace(findings, noise=noise)))
    assert "how far its ratios would reach is not known" in " ".join(render(replace(findings, noise=noise), ()).split())


@pytest.mark.parametrize("pattern", [ONE_LEVEL, UNKNOWN])
def test_a_machine_that_is_not_shown_to_be_disturbed_has_no_advice(pattern: str) -> None:
    """One level, or too few readings to tell, asks for nothing."""
    assert advise(with_disturbed(pattern, 0.1, 0.1)) == ()


def test_where_the_probe_cannot_run_one_sentence_says_why() -> None:
    """On one processor there is no probe; the rest of the doctor's findings stand."""
    reason = "only one processor may be used here, and the probe would share it with Runoff itself"
    findings = with_noise(disturbed=Disturbed(0, None, reason, None))
    assert advise(findings) == ()
    text = " ".join(render(findings, ()).split())
    assert f"probe there was none, since {reason}; how disturbed the machine was is not known." in text
