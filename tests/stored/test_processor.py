"""Is one processor told from another by what moves ratios, and is it said where that is not fully known?"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from runoff.processor import Core, Processor
from runoff.stored.processor import (
    WHY,
    not_fully_known,
    processor_differences,
    processor_doubt,
    processor_keys,
    processor_kind,
    processor_lines,
    processor_title,
    size_words,
    unknown_parts,
)
from tests.builders.processors import BIG, BIG_LITTLE, LITTLE, ZEN3, ZEN4

NO_CACHES = {"l1d": None, "l2": None, "l3": None}
OLDER = dataclasses.replace(ZEN3, cores=(dataclasses.replace(ZEN3.cores[0], **NO_CACHES),))
UNKNOWN = Processor()
EVERYTHING = ["CPU design", "caches", "vector extensions", "hypervisor"]


def with_core(**changes: Any) -> Processor:
    """Return the Zen 3 with other values of its kind of core."""
    return dataclasses.replace(ZEN3, cores=(dataclasses.replace(ZEN3.cores[0], **changes),))


def test_two_processors_of_one_name_differ_in_what_they_are() -> None:
    """Zen 3 and Zen 4 both call themselves AMD EPYC: design, caches and extensions are told, and why each matters."""
    assert ZEN3.name == ZEN4.name
    assert processor_differences(ZEN3, ZEN4) == [
        f"CPU design: model 1 → 17 ({WHY['CPU design']})",
        f"caches: L2 512 KiB → 1 MiB ({WHY['caches']})",
        f"vector extensions: new avx512_bf16, avx512_vnni, avx512bw, avx512dq and 4 more ({WHY['vector extensions']})",
    ]
    assert processor_differences(ZEN4, ZEN3)[2].startswith("vector extensions: gone avx512_bf16, ")
    assert all(reason and reason[0].islower() for reason in WHY.values())


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (dataclasses.replace(ZEN3, name="Other"), "CPU name: AMD EPYC → Other ("),
        (
            with_core(vendor="GenuineIntel", family="6"),
            "CPU design: vendor AuthenticAMD → GenuineIntel, family 25 → 6 (",
        ),
        (with_core(stepping="2"), "CPU design: stepping 1 → 2 ("),
        (with_core(l1d=48 * 1024, l3=0), "caches: L1d 32 KiB → 48 KiB, L3 32 MiB → none ("),
        (
            dataclasses.replace(ZEN3, flags=("avx", "neon")),
            "vector extensions: gone avx2, f16c, fma, sse4_1 and 1 more; new",
        ),
        (dataclasses.replace(ZEN3, hypervisor=False), "hypervisor: yes → none ("),
    ],
)
def test_each_part_that_differs_is_said(other: Processor, said: str) -> None:
    """What it was, what it is and why that matters, once for all that belongs together."""
    (difference,) = processor_differences(ZEN3, other)
    assert difference.startswith(said)
    assert difference.endswith(f"({WHY[said.partition(':')[0]]})")


def test_what_a_kernel_update_changes_is_no_difference() -> None:
    """Flags about vulnerabilities and power come and go, and the processor stays the same one."""
    updated = dataclasses.replace(ZEN3, flags=(*ZEN3.flags, "ibrs_enhanced", "flush_l1d", "amd_lbr_v2"))
    assert processor_differences(ZEN3, updated) == []
    assert len(set(processor_keys([ZEN3, updated]).values())) == 1


def test_kinds_of_cores_are_told_together() -> None:
    """Where a process may run on small cores too, both kinds are named in every part that differs."""
    pinned = dataclasses.replace(BIG_LITTLE, cores=(BIG,))
    assert processor_differences(pinned, BIG_LITTLE) == [
        f"CPU design: model 0xd0b → 0xd05 and 0xd0b, stepping r4p0 → r2p0 and r4p0 ({WHY['CPU design']})",
        f"caches: L1d 64 KiB → 32 KiB and 64 KiB, L2 512 KiB → 128 KiB and 512 KiB ({WHY['caches']})",
    ]


def test_what_is_not_known_is_no_difference_and_is_named() -> None:
    """Only parts that both know are compared; what one lacks is said by name, all of a kind in one word."""
    assert processor_differences(OLDER, ZEN3) == processor_differences(UNKNOWN, ZEN4) == []
    assert processor_differences(OLDER, ZEN4)[0].startswith("CPU design: model 1 → 17")
    assert unknown_parts(ZEN3) == unknown_parts(BIG_LITTLE) == []
    assert unknown_parts(OLDER) == ["caches"]
    assert unknown_parts(with_core(l3=None, stepping=None)) == ["stepping", "L3"]
    assert unknown_parts(UNKNOWN) == unknown_parts(Processor("x", (), (Core(),))) == EVERYTHING
    assert unknown_parts(dataclasses.replace(BIG_LITTLE, cores=(BIG, dataclasses.replace(LITTLE, l2=None)))) == ["L2"]
    assert not_fully_known(OLDER) == "processor not fully known: caches"
    assert not_fully_known(ZEN3) is None


def test_a_doubt_names_the_runs_that_it_is_about() -> None:
    """There is none where both are known whole."""
    assert processor_doubt({"base": ZEN3, "head": ZEN3}) is None
    assert processor_doubt({"base": OLDER, "head": ZEN3}) == (
        "processor not fully known in base (caches), so a difference between runs can come from it"
    )
    both = processor_doubt({"base": OLDER, "head": dataclasses.replace(ZEN3, hypervisor=None)})
    assert both
    assert both.startswith("processor not fully known in base (caches) and head (hypervisor), so ")


def test_one_that_is_not_fully_known_goes_with_the_only_one_that_it_fits() -> None:
    """An older run goes on in its machine's history; where two processors fit, or none, it stands alone."""
    keys = processor_keys([OLDER, ZEN3, ZEN4])
    assert keys[OLDER] == keys[ZEN3] != keys[ZEN4]
    twin = with_core(l2=1024)
    keys = processor_keys([OLDER, ZEN3, twin])
    assert len(set(keys.values())) == 3
    keys = processor_keys([OLDER, ZEN4])
    assert keys[OLDER] != keys[ZEN4]
    updated = dataclasses.replace(OLDER, flags=(*OLDER.flags, "flush_l1d"))
    keys = processor_keys([OLDER, updated])
    assert keys[OLDER] == keys[updated]


def test_a_processor_has_a_title_and_a_kind() -> None:
    """It is called as it calls itself, by its design where it does not, and told from others by both."""
    assert processor_title(ZEN3) == "AMD EPYC"
    assert processor_kind(ZEN3) == "AMD EPYC (AuthenticAMD family 25 model 1 stepping 1)"
    little, big = "0x41 family 8 model 0xd05 stepping r2p0", "0x41 family 8 model 0xd0b stepping r4p0"
    assert processor_title(BIG_LITTLE) == processor_kind(BIG_LITTLE) == f"{little} and {big}"
    assert processor_title(UNKNOWN) == processor_kind(UNKNOWN) == "unknown processor"
    assert processor_kind(Processor("Some CPU")) == "Some CPU"


def test_all_that_is_known_of_a_processor_is_shown() -> None:
    """A line for each kind of core with its caches, then extensions, hypervisor, and what is not known."""
    assert processor_lines(ZEN3) == (
        "AuthenticAMD family 25 model 1 stepping 1; L1d 32 KiB, L2 512 KiB, L3 32 MiB",
        "vector extensions: avx avx2 f16c fma sse4_1 sse4_2",
        "hypervisor: yes",
    )
    assert processor_lines(OLDER)[0] == "AuthenticAMD family 25 model 1 stepping 1"
    assert processor_lines(OLDER)[-1] == "processor not fully known: caches"
    assert len(processor_lines(BIG_LITTLE)) == 4
    assert processor_lines(Processor("x", ("fpu",), (Core(l2=1024),))) == (
        "L2 1 KiB",
        "vector extensions: none",
        "processor not fully known: CPU design, L1d, L3, hypervisor",
    )
    assert processor_lines(UNKNOWN) == (f"processor not fully known: {', '.join(EVERYTHING)}",)


@pytest.mark.parametrize(
    ("size", "written"),
    [(None, None), (0, "none"), (32768, "32 KiB"), (1310720, "1280 KiB"), (1048576, "1 MiB"), (1536, "1536 bytes")],
)
def test_sizes_of_caches_are_in_units_of_1024(size: int | None, written: str | None) -> None:
    """In the largest unit that leaves no fraction; no cache is none, an unknown one nothing."""
    assert size_words(size) == written
