"""Are runs of an older schema read with what they hold of the processor, and no more than that?"""

from __future__ import annotations

import dataclasses
import json

import pytest

from runoff.processor import Core, Processor
from runoff.stored.processor import not_fully_known, processor_differences
from runoff.stored.run import parse_run
from runoff.stored.schema import SCHEMA, StoredRunBroken
from runoff.stored.upgrade import upgraded
from tests.builders.processors import ZEN3, ZEN4, of_schema_2
from tests.builders.stored_runs import about, make_stored_run

NO_SIZES = {"l1d": None, "l2": None, "l3": None}


def test_a_run_of_schema_2_has_the_processor_that_it_holds() -> None:
    """Name, flags, hypervisor, and py-cpuinfo's vendor, family, model and stepping; sizes of caches are not trusted."""
    run = parse_run(of_schema_2(make_stored_run(), ZEN3))
    (core,) = ZEN3.cores
    assert run.stratum.processor == dataclasses.replace(ZEN3, cores=(dataclasses.replace(core, **NO_SIZES),))
    assert not_fully_known(run.stratum.processor) == "processor not fully known: caches"
    assert run.info.schema == SCHEMA
    assert len(run.rows) == len(parse_run(make_stored_run()).rows)


def test_older_runs_of_two_designs_are_told_apart() -> None:
    """What kept them apart by chance, or not at all, is there to be compared."""
    old, other = (parse_run(of_schema_2(make_stored_run(), each)).stratum.processor for each in (ZEN3, ZEN4))
    assert [said.partition(":")[0] for said in processor_differences(old, other)] == ["CPU design", "vector extensions"]
    assert processor_differences(old, ZEN3) == []


@pytest.mark.parametrize(
    ("cpu", "machine", "processor"),
    [
        ({"arch": "X86_64"}, "x86_64", Processor("AMD EPYC", ZEN3.flags, hypervisor=True)),
        (None, "x86_64", Processor("AMD EPYC", ZEN3.flags, hypervisor=True)),
        ("broken", "x86_64", Processor("AMD EPYC", ZEN3.flags, hypervisor=True)),
        (
            {"vendor_id_raw": "AuthenticAMD", "model": 0},
            "x86_64",
            Processor("AMD EPYC", ZEN3.flags, (Core("AuthenticAMD", None, "0"),), hypervisor=True),
        ),
        ({"vendor_id_raw": "ARM", "model": 1}, "aarch64", Processor("AMD EPYC", ZEN3.flags)),
        ({"vendor_id_raw": "ARM"}, None, Processor("AMD EPYC", ZEN3.flags)),
    ],
)
def test_what_a_run_of_schema_2_does_not_hold_is_unknown(
    cpu: object, machine: str | None, processor: Processor
) -> None:
    """Without py-cpuinfo's answer, or on ARM, where it knows no part, design and hypervisor are not guessed."""
    stored = of_schema_2(make_stored_run(), ZEN3)
    stored["machine_info"] |= {"cpu": cpu, "machine": machine}
    assert parse_run(stored).stratum.processor == processor


@pytest.mark.parametrize("name", ["x86_64", "unknown"])
def test_what_stood_for_a_name_is_none(name: str) -> None:
    """Where a processor had none, the kind of machine was its name, and under gVisor a word that says nothing."""
    stored = of_schema_2(make_stored_run(), dataclasses.replace(ZEN3, name=name, flags=()))
    processor = parse_run(stored).stratum.processor
    assert (processor.name, processor.hypervisor) == (None, None)


def test_reading_an_older_run_changes_nothing_in_it() -> None:
    """The values that were read stay what they were, as the page offers them to download."""
    stored = of_schema_2(make_stored_run(), ZEN3)
    before = json.dumps(stored)
    assert parse_run(stored).source is stored
    assert json.dumps(stored) == before


def test_a_broken_older_run_is_refused_by_the_field() -> None:
    """A part that is not there or no such thing is told by its place, as of today's runs."""
    stored = of_schema_2(make_stored_run(), ZEN3)
    about(stored)["stratum"]["cpu_flags"] = [1]
    with pytest.raises(StoredRunBroken, match=r"^machine_info\.runoff\.stratum\.processor\.flags\[0\]: expected text"):
        parse_run(stored)
    about(stored)["stratum"] = 5
    with pytest.raises(StoredRunBroken, match=r"^machine_info\.runoff\.stratum: expected an object"):
        parse_run(stored)


@pytest.mark.parametrize("schema", [1, 0, 4, "2", None, True, [2], 2.0])
def test_another_schema_is_refused_by_its_number(schema: object) -> None:
    """A file of another form is refused in a sentence with the command that makes a new one."""
    with pytest.raises(StoredRunBroken, match=r"reads 2 and 3; .*measure a new one with") as caught:
        upgraded({"runoff": {"schema": schema}})
    assert f"schema is {schema!r}," in str(caught.value)


@pytest.mark.parametrize("machine", [None, [], {}, {"runoff": None}])
def test_what_is_no_run_is_refused(machine: object) -> None:
    """A file of another tool has no field of Runoff's."""
    with pytest.raises(StoredRunBroken, match=r"no field machine_info\.runoff; give a file that Runoff stored"):
        upgraded(machine)
