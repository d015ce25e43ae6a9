"""The findings as text for people: sections, aligned, at most 100 columns wide."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from runoff.doctor.disturbed import Disturbed
from runoff.doctor.findings import Findings, MachineFinding
from runoff.doctor.installation import BackendFinding, EnvironmentFinding
from runoff.doctor.noise import Noise
from runoff.environments.environment import Wheel
from runoff.environments.inherited import Variable
from runoff.environments.machine import Memory, why_no_stolen_time
from runoff.judge.ratios import half_width
from runoff.measure.race import LAUNCHES, ROUNDS
from runoff.stored.probe import found_words
from runoff.stored.processor import processor_lines, processor_title
from runoff.text import numbers
from runoff.text.numbers import with_interval
from runoff.text.terminal import WIDTH, make_console

LABEL = 17
MOST_OF_A_VALUE = 60
NOT_READABLE = "not readable (virtual machine?)"
NOT_HERE = "can't be had here, because"


def render(findings: Findings, advice: Sequence[str], width: int = WIDTH) -> str:
    """Return the whole text, at most ``width`` columns wide where that is no less than its names, with a newline."""
    text = io.StringIO()
    console = make_console(text, width=width, colour=False)
    head(console, "What is here")
    for environment in findings.environments:
        numpy = f"numpy {environment.numpy.version}" if environment.numpy else "no numpy"
        interpreter = f"Python {environment.python}, {numpy}, {environment.interpreter}"
        console.print(indented([(f"{environment.name}:", interpreter)]))
        backends = [row for backend in environment.backends for row in backend_rows(environment, backend)]
        console.print(indented(backends, spaces=4, gap=2))
    head(console, "\nWhat the machine allows")
    console.print(labelled(machine_pairs(findings.machine)))
    head(console, "\nHow noisy it is right now")
    missing = [(f"not measured: {findings.noise_failure or '--seconds 0 was given'}",)]
    console.print(labelled(noise_pairs(findings.noise)) if findings.noise else indented(missing))
    head(console, "\nWhat would make the numbers better")
    points = [("-", sentence) for sentence in advice]
    console.print(indented(points or [("Nothing that the doctor knows of.",)]))
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def head(console: Console, title: str) -> None:
    """Print a section's underlined title."""
    console.print(f"{title}\n{'-' * len(title.strip())}")


def indented(cells: Sequence[tuple[str, ...]], spaces: int = 2, gap: int = 1) -> Padding:
    """Align rows to the right of some spaces; where there is no room, the last column is broken over several lines."""
    grid = Table.grid(padding=(0, gap, 0, 0))
    for place in range(len(cells[0])):
        last = place == len(cells[0]) - 1
        grid.add_column(no_wrap=not last, overflow="fold")
    for row in cells:
        grid.add_row(*row)
    return Padding(grid, (0, 0, 0, spaces))


def labelled(pairs: Sequence[tuple[str, str]]) -> Padding:
    """Return values beside their labels."""
    return indented([(f"{label:<{LABEL}}", value) for label, value in pairs])


def backend_rows(environment: EnvironmentFinding, backend: BackendFinding) -> list[tuple[str, ...]]:
    """Return a backend's rows: name, what it can do, then a distribution and its wheel on each."""
    if backend.broken:
        return [(backend.name, "can't be used", "", backend.broken)]
    elsewhere = "no conversion" if backend.converter is None else f"converted in {backend.converter}"
    converts = "converts" if backend.converter == environment.name else elsewhere
    can = "can't run" if backend.missing or environment.numpy is None else "runs"
    brought = [(f"{wheel.name} {wheel.version}", wheel_words(wheel)) for wheel in backend.distributions]
    for_variants = (name for modules in backend.variants_missing.values() for name in modules)
    lacking = dict.fromkeys([*backend.missing, *backend.convert_missing, *for_variants])
    absent = [(f"{name}: missing", "") for name in lacking]
    first, *rest = [*brought, *absent] or [("", "")]
    return [(backend.name, f"{can}, {converts}", *first), *(("", "", *row) for row in rest)]


def wheel_words(wheel: Wheel) -> str:
    """Name a distribution's build: its local version, what it was made for, its wheel's first tag."""
    words = [f"build {wheel.build}"] if wheel.build else []
    words += ["for GPUs"] if wheel.gpu_libraries else []
    words += [wheel.tags[0] if wheel.tags else "not from a wheel"]
    return ", ".join(words)


def machine_pairs(machine: MachineFinding) -> list[tuple[str, str]]:
    """Return what the machine allows, by label."""
    pairs = [
        ("CPU", processor_title(machine.processor)),
        *(("", line) for line in processor_lines(machine.processor)),
        ("threads", thread_words(machine)),
        ("clock", clock_words(machine)),
        *memory_pairs(machine.memory),
        ("load average", load_words(machine.load)),
        ("power", {True: "battery", False: "mains", None: "no battery seen"}[machine.battery]),
        ("priority", f"workers {'go' if machine.high_priority else 'may not go'} before other processes"),
    ]
    if machine.throttling:
        throttled, periods = machine.throttling.throttled, machine.throttling.periods
        pairs.append(("throttling", f"{throttled} of {periods} periods of the cgroup's quota"))
    return pairs + variable_pairs(machine.variables)


def memory_pairs(memory: Memory | None) -> list[tuple[str, str]]:
    """Say how much memory and swap there is."""
    if memory is None:
        return [("memory", f"{NOT_HERE} /proc/meminfo can't be read")]
    limit = "no cgroup limit" if memory.limit is None else f"cgroup limit {gibibytes(memory.limit)}"
    swap = f"{gibibytes(memory.swap_used)} of {gibibytes(memory.swap_total)} in use" if memory.swap_total else "none"
    return [
        ("memory", f"{gibibytes(memory.total)}, of it {gibibytes(memory.available)} available, {limit}"),
        ("swap", swap),
    ]


def load_words(load: tuple[float, float, float] | None) -> str:
    """Say how many programs wanted to run."""
    if load is None:
        return f"{NOT_HERE} /proc/loadavg can't be read"
    return f"{', '.join(f'{value:.2f}' for value in load)} (1, 5, 15 minutes)"


def thread_words(machine: MachineFinding) -> str:
    """Say how many threads are allowed, and by what."""
    threads = machine.threads
    quota = "no cgroup quota" if threads.quota is None else f"cgroup quota {threads.quota:g}"
    cores = "" if threads.cores is None else f", {threads.cores} cores"
    shared = {True: "SMT on", False: "SMT off", None: "SMT not known"}[machine.simultaneous_threads]
    return f"{threads.allowed} (affinity {threads.affinity}, {quota}{cores}, {shared})"


def clock_words(machine: MachineFinding) -> str:
    """Say what the clock is and what decides it."""
    policy = machine.policy
    now = "not known" if machine.frequency is None else f"{machine.frequency:.0f} MHz now"
    if not policy.governors and policy.driver is None and policy.boost is None:
        return f"{now}; governor and boost {NOT_READABLE}"
    governor = ", ".join(policy.governors) or NOT_READABLE
    boost = {True: "on", False: "off", None: NOT_READABLE}[policy.boost]
    return f"{now}; governor {governor}, driver {policy.driver or NOT_READABLE}, boost {boost}"


def gibibytes(size: int) -> str:
    """Return a size in bytes in GiB."""
    return f"{size / 1024**3:.1f} GiB"


def variable_pairs(variables: Sequence[Variable]) -> list[tuple[str, str]]:
    """Return the variables that change how frameworks run, one a line, their values cut."""
    pairs: list[tuple[str, str]] = []
    for variable in variables:
        value = variable.value
        shown = value if len(value) <= MOST_OF_A_VALUE else f"{value[: MOST_OF_A_VALUE - 3]}..."
        pairs.append(("" if pairs else "variables", f"{variable.name}={shown}"))
    return pairs or [("variables", "none set that change threads, kernels or memory")]


def noise_pairs(noise: Noise) -> list[tuple[str, str]]:
    """Return what the race of two equals showed, in figures and in words."""
    ratio = noise.ratio
    shown = with_interval(ratio, lambda value: f"{value:.4f}")
    pairs = [
        ("verdict", f"{noise.state}: {difference_words(noise)}"),
        ("A/A ratio", f"{shown}, {numbers.percent(ratio.confidence)} interval; two equals, so it should hold 1"),
        (
            "measured",
            f"{ratio.launches} launches of {noise.rounds} rounds on {noise.threads} threads in {noise.seconds:.0f} s",
        ),
        ("rounds", f"median {noise.median * 1e3:.2f} ms, 95th percentile {noise.tail:.2f} times that"),
        ("stolen time", stolen_words(noise.stolen)),
        ("threads busy", f"{noise.busy:.2f} of {noise.threads}, by CPU time"),
        ("preempted", f"{noise.switches:.1f} times per inference (involuntary context switches)"),
        ("probe", found_words(noise.disturbed.found, noise.disturbed.reason)),
        ("a default run", default_run_words(noise.disturbed)),
    ]
    if noise.throttled is not None:
        pairs.append(("throttled", f"in {noise.throttled} periods of the cgroup's quota"))
    return pairs


def stolen_words(stolen: float | None) -> str:
    """Say how much time other machines on the host took."""
    if stolen is None:
        return f"{NOT_HERE} {why_no_stolen_time()}"
    return f"{numbers.percent(stolen, 1)} by other machines on this host"


def difference_words(noise: Noise) -> str:
    """Say what a run of the default length could tell."""
    if noise.difference is None:
        return f"{noise.ratio.launches} launches tell too little about the next ones"
    return (
        f"a default run ({LAUNCHES} launches) would tell differences from about "
        f"{numbers.percent(noise.difference, 1)} on from nothing"
    )


def default_run_words(disturbed: Disturbed) -> str:
    """Say how far a default run's ratios would reach, and what that is derived from."""
    if disturbed.default_run is None:
        return "how far its ratios would reach is not known: too few launches had a reading of the probe"
    reach = numbers.bound(half_width(disturbed.default_run))
    return (
        f"its ratios would reach about {reach} to each side: an estimate for "
        f"{LAUNCHES} launches of {ROUNDS} rounds, from how {disturbed.readings} readings of the probe differ between "
        "launches, of two runtimes that suffer as unequally as PyTorch and ONNX Runtime did (docs/states.md); what "
        "comes more seldom it can't see"
    )
