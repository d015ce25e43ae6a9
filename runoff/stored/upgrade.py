"""Runs of an older schema in today's form, as far as what they hold allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runoff.stored.schema import SCHEMA, StoredRunBroken

NEXT = "measure a new one with python -m tox -e compare, which stores results/runoff.json"
MOST_SHOWN = 40
"""Characters of what stands in a schema's place."""

Machine = dict[str, Any]
"""``machine_info``, as pytest-benchmark stores it, with what Runoff adds."""


def upgraded(machine: Any) -> Machine:
    """Return ``machine_info`` in the form of today's schema.

    Raises StoredRunBroken where it is none of a run that Runoff stored, or of a schema that is not read.
    """
    info = machine.get("runoff") if isinstance(machine, dict) else None
    if not isinstance(info, dict):
        raise StoredRunBroken("there is no field machine_info.runoff")
    schema = info.get("schema")
    if not isinstance(schema, int) or schema not in (SCHEMA, *STEPS):
        numbers = " and ".join(map(str, (*STEPS, SCHEMA)))
        newer = isinstance(schema, int) and schema > SCHEMA
        raise StoredRunBroken(
            f"machine_info.runoff.schema is {repr(schema)[:MOST_SHOWN]}, this Runoff reads {numbers}",
            f"update Runoff, or {NEXT}" if newer else NEXT,
        )
    while schema < SCHEMA:
        machine = STEPS[schema](machine)
        schema += 1
    return {**machine, "runoff": {**machine["runoff"], "schema": SCHEMA}}


def with_processor(machine: Machine) -> Machine:
    """Return a run of schema 2, which knew the processor by name and flags, with what else it says of it.

    pytest-benchmark stores what py-cpuinfo reads. Its vendor, family, model and stepping are right on x86. Sizes of
    caches are sums over the cores, or another cache's, and of ARM it knows no part: those stay unknown.
    """
    stratum = machine["runoff"].get("stratum")
    if not isinstance(stratum, dict):
        return machine
    name, flags = stratum.get("cpu"), stratum.get("cpu_flags")
    read = machine["cpu"] if isinstance(machine.get("cpu"), dict) else {}
    on_x86 = machine.get("machine") == "x86_64"
    fields = {"vendor": "vendor_id_raw", "family": "family", "model": "model", "stepping": "stepping"}
    core = {part: str(read[field]) for part, field in fields.items() if field in read} if on_x86 else {}
    processor = {
        "name": None if name in ("unknown", machine.get("machine")) else name,  # which stood there where there was none
        "flags": flags,
        "cores": [core] if core else [],
        "hypervisor": "hypervisor" in flags if on_x86 and isinstance(flags, list) and flags else None,
    }
    kept = {field: value for field, value in stratum.items() if field not in ("cpu", "cpu_flags")}
    return {**machine, "runoff": {**machine["runoff"], "stratum": {**kept, "processor": processor}}}


STEPS: Mapping[int, Callable[[Machine], Machine]] = {2: with_processor}
"""How a run of each older schema becomes one of the next."""
