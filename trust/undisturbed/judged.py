"""What the criterion that was fixed beforehand makes of the figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

from trust.undisturbed.candidates import CANDIDATES, PAIRED

LEAST, MOST = 0.93, 0.97
BEARABLE = 0.25
"""The least quiet share of a machine that an estimator is asked to cover on."""
CHANGES = ("3%", "5%", "10%")


def judge(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Judge every candidate by each point of the criterion."""
    baseline = figures["stored"][PAIRED]
    return {
        name: {
            **coverage(figures["simulated"], name),
            "spread": steadiness(figures["stored"][name]),
            "spreads": {kind: spread_of(kinds) for kind, kinds in by_kind(figures["stored"][name]).items()},
            "finds": {kind: found_as_often(one, baseline[kind]) for kind, one in figures["stored"][name].items()},
            "control": {
                kind: one["equals"]["half_width"] <= baseline[kind]["equals"]["half_width"]
                for kind, one in figures["stored"][name].items()
            },
        }
        for name in CANDIDATES
    }


def decide(judged: Mapping[str, Any]) -> dict[str, Any]:
    """Return the steadiest of the candidates that cover, how many these are, and whether it beats the median."""
    covering = [name for name in judged if judged[name]["covers"] and name != PAIRED]
    chosen = min(covering, key=lambda name: float(judged[name]["spread"]), default=None)
    steadier = chosen is not None and judged[chosen]["spread"] < judged[PAIRED]["spread"]
    return {"covering": covering, "chosen": chosen, "steadier": steadier}


def coverage(simulated: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Say what a candidate's intervals hold where the quiet share can be borne, and of the control everywhere."""
    bearable = [m["jackknife"][name] for m in simulated.values() if m["quiet"] is not None and m["quiet"] >= BEARABLE]
    everywhere = [m["jackknife"][name] for m in simulated.values()]
    undisturbed = float(np.mean([one["holds_where_seen"] for one in bearable]))
    control = float(np.mean([one["control_holds"] for one in everywhere]))
    return {
        "holds": undisturbed,
        "control_holds": control,
        "covers": LEAST <= undisturbed <= MOST and LEAST <= control <= MOST,
    }


def compare_ways(simulated: Mapping[str, Any]) -> dict[str, Any]:
    """Return what intervals hold by the jackknife and by the bootstrap, of the candidates that both were tried on."""
    bearable = [m for m in simulated.values() if m["quiet"] is not None and m["quiet"] >= BEARABLE]
    return {
        name: {
            way: {
                "holds": float(np.mean([m[way][name]["holds_where_seen"] for m in bearable])),
                "control_holds": float(np.mean([m[way][name]["control_holds"] for m in bearable])),
            }
            for way in ("jackknife", "bootstrap")
        }
        for name in bearable[0]["bootstrap"]
    }


def by_kind(stored: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Sort the series by kind of machine: the first word of their names."""
    kinds: defaultdict[str, list[Any]] = defaultdict(list)
    for name, one in stored.items():
        kinds[name.split("-")[0]].append(one)
    return dict(kinds)


def spread_of(series: list[Any]) -> float:
    """Return the root mean square of the spreads of all contenders of a kind of machine."""
    return float(np.sqrt(np.mean([who["spread"] ** 2 for one in series for who in one["contenders"].values()])))


def steadiness(stored: Mapping[str, Any]) -> float:
    """Return the root mean square of the spreads, each kind of machine with the same weight."""
    return float(np.sqrt(np.mean([spread_of(series) ** 2 for series in by_kind(stored).values()])))


def found_as_often(one: Mapping[str, Any], baseline: Mapping[str, Any]) -> bool:
    """Whether changes of all sizes are found at least as often as with the median, between runs and within one."""
    ways = ("found between runs", "found within a run")
    return all(one[way]["plain"][change] >= baseline[way]["plain"][change] for way in ways for change in CHANGES)
