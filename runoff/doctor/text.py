"""The findings as text for people: sections, aligned, at most 100 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from runoff.doctor.findings import Findings, MachineFinding, Variable
from runoff.doctor.installation import BackendFinding, EnvironmentFinding
from runoff.doctor.noise import Noise
from runoff.environments.environment import Wheel
from runoff.environments.inspection import FrequencyPolicy, Memory
from runoff.measure.race import LAUNCHES

WIDTH = 100
LABEL = 18
MOST_OF_A_VALUE = 60
NOT_READABLE = "not readable (virtual machine?)"


def render(findings: Findings, advice: Sequence[str]) -> str:
    """Give the whole text, with a newline at its end."""
    sections = [
        section("What is here", [line for each in findings.environments for line in environment_lines(each)]),
        section("What the machine allows", machine_lines(findings.machine)),
        section("How noisy it is right now", noise_lines(findings)),
        section("What would make the numbers better", advice_lines(advice)),
    ]
    return "\n\n".join(sections) + "\n"


def section(title: str, lines: Sequence[str]) -> str:
    """Give a section under its underlined title."""
    return "\n".join([title, "-" * len(title), *lines])


def wrapped(text: str, first: str, rest: str) -> list[str]:
    """Break text into lines; ``first`` opens the first one, ``rest`` the others."""
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def labelled(label: str, value: str) -> list[str]:
    """Give a value beside its label, broken into lines that stay in its column."""
    return wrapped(value, f"  {label:<{LABEL}}", " " * (LABEL + 2))


def environment_lines(environment: EnvironmentFinding) -> list[str]:
    """Give an environment and a row for each backend's every distribution."""
    numpy = f"numpy {environment.numpy.version}" if environment.numpy else "no numpy"
    lines = wrapped(
        f"{environment.name}: Python {environment.python}, {numpy}, {environment.interpreter}", "  ", " " * 6
    )
    return [*lines, *table([row for backend in environment.backends for row in backend_rows(environment, backend)])]


def backend_rows(environment: EnvironmentFinding, backend: BackendFinding) -> list[tuple[str, ...]]:
    """Give a backend's rows: name, what it can do, then a distribution and its wheel on each."""
    elsewhere = "no conversion" if backend.converter is None else f"converted in {backend.converter}"
    converts = "converts" if backend.converter == environment.name else elsewhere
    can = "can't run" if backend.missing or environment.numpy is None else "runs"
    brought = [(f"{each.name} {each.version}", wheel_words(each)) for each in backend.distributions]
    for_variants = (name for modules in backend.variants_missing.values() for name in modules)
    lacking = dict.fromkeys([*backend.missing, *backend.convert_missing, *for_variants])
    absent = [(f"{name}: missing", "") for name in lacking]
    head, *rest = [*brought, *absent] or [("", "")]
    return [(backend.name, f"{can}, {converts}", *head), *(("", "", *row) for row in rest)]


def wheel_words(distribution: Wheel) -> str:
    """Name a distribution's build: its local version, what it was made for, its wheel's first tag."""
    words = [f"build {distribution.build}"] if distribution.build else []
    words += ["for GPUs"] if distribution.gpu_libraries else []
    words += [distribution.tags[0] if distribution.tags else "not from a wheel"]
    return ", ".join(words)


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Align columns, two spaces apart, cut at the page's width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return [f"    {line}".rstrip()[:WIDTH] for line in lines]


def machine_lines(machine: MachineFinding) -> list[str]:
    """Give what the machine allows, a label a line."""
    load = "not known" if machine.load is None else ", ".join(f"{value:.2f}" for value in machine.load)
    pairs = [
        ("CPU", f"{machine.processor}{', in a virtual machine' if machine.virtual else ''}"),
        ("instructions", " ".join(machine.flags) or "none known of those that inference libraries look for"),
        ("threads", thread_words(machine)),
        ("clock", clock_words(machine)),
        ("memory", memory_words(machine.memory)),
        ("swap", swap_words(machine.memory)),
        ("load average", f"{load} (1, 5, 15 minutes)" if machine.load else load),
        ("power", {True: "battery", False: "mains", None: "no battery seen"}[machine.battery]),
        ("priority", f"workers {'go' if machine.urgent else 'may not go'} before other processes"),
    ]
    if machine.throttling:
        found = machine.throttling
        pairs.append(("throttling", f"{found.throttled} of {found.periods} periods of the cgroup's quota"))
    lines = [line for label, value in pairs for line in labelled(label, value)]
    return [*lines, *variable_lines(machine.variables)]


def thread_words(machine: MachineFinding) -> str:
    """Say how many threads are allowed, and by what."""
    found = machine.threads
    quota = "no cgroup quota" if found.quota is None else f"cgroup quota {found.quota:g}"
    cores = "" if found.cores is None else f", {found.cores} cores"
    shared = {True: "SMT on", False: "SMT off", None: "SMT not known"}[machine.simultaneous_threads]
    return f"{found.allowed} (affinity {found.affinity}, {quota}{cores}, {shared})"


def clock_words(machine: MachineFinding) -> str:
    """Say what the clock is and what decides it."""
    now = "not known" if machine.frequency is None else f"{machine.frequency:.0f} MHz now"
    return f"{now}; {policy_words(machine.policy)}"


def policy_words(policy: FrequencyPolicy) -> str:
    """Say what decides the clock."""
    if not policy.governors and policy.driver is None and policy.boost is None:
        return f"governor and boost {NOT_READABLE}"
    governor = ", ".join(policy.governors) or NOT_READABLE
    boost = {True: "on", False: "off", None: NOT_READABLE}[policy.boost]
    return f"governor {governor}, driver {policy.driver or NOT_READABLE}, boost {boost}"


def memory_words(memory: Memory) -> str:
    """Say how much memory there is."""
    limit = "no cgroup limit" if memory.limit is None else f"cgroup limit {gibibytes(memory.limit)}"
    return f"{gibibytes(memory.total)}, of it {gibibytes(memory.available)} available, {limit}"


def swap_words(memory: Memory) -> str:
    """Say how much swap is in use."""
    if memory.swap_total is None:
        return "not known"
    return f"{gibibytes(memory.swap_used)} of {gibibytes(memory.swap_total)} in use" if memory.swap_total else "none"


def gibibytes(size: int | None) -> str:
    """Give a size in bytes in GiB."""
    return "not known" if size is None else f"{size / 1024**3:.1f} GiB"


def variable_lines(variables: Sequence[Variable]) -> list[str]:
    """Give the variables that change how frameworks run, one a line, their values cut."""
    if not variables:
        return labelled("variables", "none set that change threads, kernels or memory")
    lines = []
    for number, each in enumerate(variables):
        value = each.value if len(each.value) <= MOST_OF_A_VALUE else f"{each.value[: MOST_OF_A_VALUE - 3]}..."
        lines += labelled("" if number else "variables", f"{each.name}={value}")
    return lines


def noise_lines(findings: Findings) -> list[str]:
    """Give what the race of two equals showed, in figures and in words."""
    noise = findings.noise
    if noise is None:
        reason = findings.noise_failure
        return wrapped(f"not measured: {reason or '--seconds 0 was given'}", "  ", "  ")
    ratio = noise.ratio
    reach = "" if ratio.low is None or ratio.high is None else f" [{ratio.low:.4f}, {ratio.high:.4f}]"
    pairs = [
        ("verdict", f"{noise.state}: {difference_words(noise)}"),
        ("A/A ratio", f"{ratio.value:.4f}{reach}, {ratio.confidence:.0%} interval; two equals, so it should hold 1"),
        (
            "measured",
            f"{ratio.launches} launches of {noise.rounds} rounds on {noise.threads} threads in {noise.seconds:.0f} s",
        ),
        ("rounds", f"median {noise.median * 1e3:.2f} ms, 95th percentile {noise.tail:.2f} times that"),
        ("stolen time", "not known" if noise.stolen is None else f"{noise.stolen:.1%} by other machines on this host"),
        ("threads busy", f"{noise.busy:.2f} of {noise.threads}, by CPU time"),
        ("put aside", f"{noise.switches:.1f} times per inference (involuntary context switches)"),
    ]
    if noise.throttled is not None:
        pairs.append(("throttled", f"in {noise.throttled} periods of the cgroup's quota"))
    return [line for label, value in pairs for line in labelled(label, value)]


def difference_words(noise: Noise) -> str:
    """Say what a run of the default length could tell."""
    if noise.difference is None:
        return f"{noise.ratio.launches} launches tell too little about the next ones"
    return (
        f"a default run ({LAUNCHES} launches) would tell differences from about {noise.difference:.1%} on from nothing"
    )


def advice_lines(advice: Sequence[str]) -> list[str]:
    """Give each piece of advice as a point of its own."""
    if not advice:
        return ["  Nothing that the doctor knows of."]
    return [line for sentence in advice for line in wrapped(sentence, "  - ", "    ")]
