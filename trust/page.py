"""The figures of the experiments as a page in Markdown, each beside what was aimed at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]

HEAD = """# Can Runoff's numbers be believed?

Made by `python -m tox -e trust`, which runs every experiment below again on your machine. The figures as JSON are in
[trust.json](trust.json); the programs are in [`trust/`](../trust).
"""


def render_page(figures: Figures) -> str:
    """Write the page; experiments that were not run are absent."""
    parts = [HEAD, setting(figures["setting"])]
    if set(SECTIONS) <= set(figures):
        parts.append(summary(figures))
    parts += [render(figures[name]) for name, render in SECTIONS.items() if name in figures]
    return "\n".join(parts)


def setting(figures: Figures) -> str:
    """Say where it was measured and what a run is."""
    versions = ", ".join(f"{name} {version}" for name, version in figures.get("versions", {}).items())
    return (
        f"{figures['cpu']}, {figures['threads']} threads{f'; {versions}' if versions else ''}. A run has the default "
        f"budget: {figures['launches']} launches of {figures['rounds']} rounds. Every verdict is given by the "
        "functions that judge a user's run.\n"
    )


def summary(figures: Figures) -> str:
    """Set what was aimed at beside what was found, in one table: the README's."""
    machines = list(figures["simulated"]["machines"].values())
    conditions = figures["detection"]["conditions"]
    ours, theirs = figures["side_by_side"]["runoff"], figures["side_by_side"]["plain"]
    loop = figures["cost"]["interleaved_over_bare_loop"].values()
    runs = sum(machine["runs"] for machine in machines)
    coverage = [machine["coverage"] for machine in machines]
    rows = [
        [
            f"95 % intervals that hold the truth, {runs:,} simulated runs on {len(machines)} machines",
            "93 to 97 %",
            f"{percent(min(coverage), 1)} to {percent(max(coverage), 1)}",
        ],
        [
            "equals called different in a simulated run, a comparison",
            "≤ 1 %",
            worst(machines, "false_alarms_per_comparison"),
        ],
        ["the same, a run of nine comparisons", "≤ 5 %", worst(machines, "false_alarms_per_run")],
        [
            "equals failing the gate between two simulated runs, a comparison",
            "≤ 1 %",
            worst(machines, "gate_failures_per_comparison"),
        ],
        ["the same, a pair of runs", "≤ 5 %", worst(machines, "gate_failures_per_run")],
        *(
            [f"{name} slow-down of ONNX Runtime found, quiet / beside a neighbour", aim, both(conditions, injected)]
            for name, aim, injected in [("2 %", "", 0.02), ("3 %", "≥ 90 %", 0.03), ("5 %", "≥ 99 %", 0.05)]
        ),
        ["nothing injected, yet called different, quiet / beside a neighbour", "≤ 1 %", both(conditions, 0.0)],
        [
            "spread of equals' ratios, Runoff / pytest-benchmark alone",
            "5 × smaller",
            f"{percent(ours['spread'])} / {percent(theirs['spread'])}: {figures['side_by_side']['spread_ratio']:.1f} ×",
        ],
        [
            "equals called different, Runoff / t test on pytest-benchmark's rounds",
            "",
            f"{percent(ours['false_alarms'], 1)} / {percent(theirs['false_alarms'], 1)}",
        ],
        [
            "interleaved median / bare loop's, ONNX Runtime and PyTorch",
            "within 1 %",
            " and ".join(f"{found['ratio']:.4f}" for found in loop),
        ],
    ]
    return table(["experiment", "aim", "found"], rows)


def worst(machines: Sequence[Figures], name: str) -> str:
    """Write the largest share over all simulated machines."""
    return percent(max(machine[name] for machine in machines))


def both(conditions: Mapping[str, Figures], injected: float) -> str:
    """Write the share of runs that called a slow-down different, on the quiet machine and beside a neighbour."""
    found = [
        next(share for share in conditions[name]["shares"] if share["injected"] == injected)
        for name in ("quiet", "neighbour")
    ]
    return " / ".join(percent(share["slower"] + share["faster"], 1) for share in found)


def simulated(figures: Figures) -> str:
    """Show the simulated runs."""
    machines = figures["machines"]
    rows = [
        [
            name,
            f"{found['runs']:,}",
            percent(found["coverage"], 1),
            percent(found["false_alarms_per_comparison"]),
            percent(found["false_alarms_per_run"]),
            percent(found["gate_failures_per_comparison"]),
            percent(found["gate_failures_per_run"]),
            percent(found["invalid_runs"]),
            percent(found["ten_percent_found"], 1),
        ]
        for name, found in machines.items()
    ]
    heads = ["simulated machine", "runs", "95 % intervals that hold the truth", "false alarms a comparison"]
    heads += ["false alarms a run", "gate: a comparison", "gate: a run", "invalid runs", "true 10 % found"]
    return (
        "## Simulated runs, whose truth is known\n\n"
        "Three contenders that equal the reference, and a control, in three metrics (inference, cold start, peak "
        "memory): nine comparisons a run. The gate is the comparison of two such runs at a threshold of 0 %. Aims: "
        "coverage 93 to 97 %; false alarms at most 1 % a comparison and 5 % a run.\n\n" + table(heads, rows)
    )


def detection(figures: Figures) -> str:
    """Show how often injected slow-downs were found."""
    parts = [
        "## Slow-downs injected into a real contender\n",
        "ONNX Runtime against itself, spending a known share of every inference's own time on nothing. Runs are drawn "
        "from a pool of real launches without replacement; the neighbour burns one core all the while. Aims: 3 % found "
        "in at least 90 % and 5 % in at least 99 % of runs, and nothing found where nothing was injected.\n",
    ]
    for name, found in figures["conditions"].items():
        first = "workers go first" if found["went_first"] else "workers do not go first"
        parts.append(
            f"**{name}** ({first}; {found['launches']} launches, {found['drawn_runs']:,} runs drawn; median of the "
            f"reference {found['reference_median_ms']:.1f} ms)\n"
        )
        rows = [
            [
                percent(share["injected"], 0),
                f"{share['measured']:.3f} [{share['interval'][0]:.3f}, {share['interval'][1]:.3f}]",
                percent(share["launch_spread"], 1),
                percent(share["slower"], 1),
                percent(share["faster"], 1),
                percent(share["invalid"], 1),
            ]
            for share in found["shares"]
        ]
        heads = ["injected", "measured over all launches", "spread of launches", "called slower", "called faster"]
        parts.append(table([*heads, "run invalid"], rows))
    parts.append(
        "Where workers do not go first, the neighbour takes the core during the injected wait too, so the true "
        "slow-down is larger than what was injected; and runs drawn from so few launches are much alike.\n"
    )
    return "\n".join(parts)


def side_by_side(figures: Figures) -> str:
    """Show what Runoff and plain pytest-benchmark say about equals."""
    ours, theirs = figures["runoff"], figures["plain"]
    rows = [
        ["pairs of equals", f"{ours['pairs']}", f"{theirs['pairs']}"],
        ["standard deviation of their ratios", percent(ours["spread"], 2), percent(theirs["spread"], 2)],
        ["worst ratio off by", percent(ours["worst"], 1), percent(theirs["worst"], 1)],
        ["off by more than 2 %", percent(ours["off_by_2_percent"], 1), percent(theirs["off_by_2_percent"], 1)],
        ["off by more than 5 %", percent(ours["off_by_5_percent"], 1), percent(theirs["off_by_5_percent"], 1)],
        ["equals called different", percent(ours["false_alarms"], 1), f"{percent(theirs['false_alarms'], 1)} (t test)"],
    ]
    return (
        "## Side by side with plain pytest-benchmark\n\n"
        f"{figures['twins']} twins of ONNX Runtime, raced by Runoff and then benchmarked one after another by "
        f"pytest-benchmark alone, at the usual priority and for the same time, {figures['blocks']} times in turns. Aim:"
        f" a spread at least 5 times smaller. It was **{figures['spread_ratio']:.1f} times** smaller.\n\n"
        + table(["", "Runoff", "pytest-benchmark alone"], rows)
        + f"\nComparing every one of these runs with every later one (`runoff compare`) called equals changed in "
        f"{percent(ours['false_alarms_between_runs'], 1)} of {ours['comparisons_between_runs']} comparisons.\n"
    )


def cost(figures: Figures) -> str:
    """Show what the harness costs."""
    rows = [
        [name, f"{found['ratio']:.4f} [{found['interval'][0]:.4f}, {found['interval'][1]:.4f}]", f"{found['launches']}"]
        for name, found in figures["interleaved_over_bare_loop"].items()
    ]
    return (
        "## What the harness costs\n\n"
        f"Around an inference that does nothing the clock shows {figures['around_an_inference_ns']:.0f} ns. Waking a "
        f"worker for a round and suspending it takes {figures['round_trip_us_median']:.0f} µs (median; 95 % within "
        f"{figures['round_trip_us_p95']:.0f} µs), outside the timed region. Interleaved rounds against a bare "
        "loop in the very same workers (aim: within 1 %):\n\n"
        + table(["contender", "interleaved / bare loop [95 % interval]", "launches"], rows)
    )


SECTIONS: dict[str, Callable[[Figures], str]] = {
    "simulated": simulated,
    "detection": detection,
    "side_by_side": side_by_side,
    "cost": cost,
}


def percent(share: float, digits: int = 2) -> str:
    """Write a share in per cent."""
    return f"{share * 100:.{digits}f} %"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table in Markdown, its first column left-aligned."""
    lines = [heads, [":---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
