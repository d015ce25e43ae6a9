"""Is the processor read as it is, of each kind of core, and is what can't be had left unknown?"""

from __future__ import annotations

import dataclasses
import platform
from pathlib import Path

import pytest

from runoff.processor import Core, Processor, read_processor
from tests.builders.processors import (
    ARM_FLAGS,
    BIG,
    BIG_CPU,
    BIG_LITTLE,
    GVISOR_CPU,
    LITTLE,
    LITTLE_CPU,
    ZEN3,
    ZEN3_CPU,
    ZEN3_EXTENSIONS,
    ZEN4,
    ZEN4_CPU,
    Cpu,
    make_system,
    x86_cpu,
)

ALL = range(8)
DEVICE_TREE = {"proc/device-tree/compatible": "raspberrypi,5-model-b\0brcm,bcm2712\0"}
DMI = "sys/class/dmi/id"


@pytest.mark.parametrize(("cpu", "processor"), [(ZEN3_CPU, ZEN3), (ZEN4_CPU, ZEN4)], ids=["Zen 3", "Zen 4"])
def test_an_x86_processor_is_read_whole(tmp_path: Path, cpu: Cpu, processor: Processor) -> None:
    """Name, design, a core's own caches for data, flags and hypervisor, of two cores of a kind once."""
    assert read_processor(make_system(tmp_path, [cpu, cpu]), ALL) == processor


def test_each_kind_of_an_arm_processors_cores_is_read(tmp_path: Path) -> None:
    """Implementer, architecture, part and release of the large and the small cores, each with its caches."""
    cpus = [LITTLE_CPU, LITTLE_CPU, LITTLE_CPU, BIG_CPU]
    assert read_processor(make_system(tmp_path, cpus, DEVICE_TREE), ALL) == BIG_LITTLE


def test_only_cores_that_this_process_may_run_on_count(tmp_path: Path) -> None:
    """Pinned to the large cores it is another processor; where none of its CPUs is listed, all that are count."""
    system = make_system(tmp_path, [LITTLE_CPU, LITTLE_CPU, BIG_CPU, BIG_CPU])
    assert read_processor(system, {2, 3}).cores == (BIG,)
    assert read_processor(system, {0}).cores == (LITTLE,)
    assert read_processor(system, {99}).cores == (LITTLE, BIG)


def test_cores_of_one_design_with_other_caches_are_of_two_kinds(tmp_path: Path) -> None:
    """As the fast and the thrifty ones of a hybrid processor, which share family, model and stepping."""
    fast, thrifty = (x86_cpu("154", "avx2 avx_vnni", l2) for l2 in ("1280K", "2048K"))
    found = read_processor(make_system(tmp_path, [fast, thrifty]), ALL)
    assert [(core.model, core.l2) for core in found.cores] == [("154", 1280 * 1024), ("154", 2048 * 1024)]


def test_what_gvisor_does_not_say_is_unknown(tmp_path: Path) -> None:
    """Without the name, the stepping and folders of caches, the rest is there."""
    assert read_processor(make_system(tmp_path, [GVISOR_CPU]), ALL) == Processor(
        None, ZEN3.flags, (Core("AuthenticAMD", "25", "1"),), hypervisor=True
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", Processor("made-up", (), (Core(),)), id="empty"),
        pytest.param("\n\n\n", Processor("made-up", (), (Core(),)), id="blank"),
        pytest.param("no colon", Processor(None, (), (Core(),)), id="no fields"),
        pytest.param("processor : x\n", Processor(None, (), (Core(),)), id="no number"),
        pytest.param("processor : 0\nmodel : 1\n", Processor(None, (), (Core(model="1"),)), id="no flags"),
        pytest.param("vendor_id : IBM/S390\n", Processor(None, (), (Core("IBM/S390"),)), id="no CPU"),
        pytest.param("processor : 0\nCPU variant : 0x1\n", Processor(None, (), (Core(),)), id="half a release"),
        pytest.param(
            "processor : 0\n\nprocessor : 1\n\nFeatures : neon\nCPU part : 0xc07\n",
            Processor(None, ("neon",), (Core(model="0xc07"),)),
            id="fields of all CPUs at the end",
        ),
        pytest.param(
            "processor : 0\nmodel name : Fast @ 2.7GHz: new\nflags : sse avx\n\nmodel name : Other\n",
            Processor("Fast @ 2.7GHz: new", ("avx", "sse"), (Core(),), hypervisor=False),
            id="a colon in the name",
        ),
    ],
)
def test_holes_are_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: Processor) -> None:
    """Whatever /proc/cpuinfo lacks is not known, and where it says nothing the platform's word is the name."""
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "made-up")
    assert read_processor(make_system(tmp_path, [], {"proc/cpuinfo": text}), ALL) == expected


def test_a_system_without_proc_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the platform's word, none where that is none, and bytes that are no text are nothing."""
    monkeypatch.setattr(platform, "processor", lambda: "some processor")
    assert read_processor(tmp_path / "none", ALL) == Processor("some processor", (), (Core(),))
    (make_system(tmp_path, []) / "proc" / "cpuinfo").write_bytes(b"\xff\xfe")
    assert read_processor(tmp_path, ALL).name == "some processor"
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "")
    assert read_processor(tmp_path, ALL).name is None


@pytest.mark.parametrize(
    ("caches", "sizes"),
    [
        ({"1 Data": "48K", "2 Unified": "2M"}, (48 * 1024, 2 * 1024**2, 0)),
        ({"1 Unified": "16K"}, (16 * 1024, 0, 0)),
        ({"1 Instruction": "32K"}, (None, None, None)),
        ({"1 Data": "", "2 Unified": "512K", "3 Unified": "0K"}, (None, 512 * 1024, None)),
        ({"1 Data": "a lot", "2 Unified": "1G"}, (None, 1024**3, 0)),
        ({}, (None, None, None)),
    ],
)
def test_a_cache_has_a_size_or_is_unknown_or_not_there(
    tmp_path: Path, caches: dict[str, str], sizes: tuple[int | None, ...]
) -> None:
    """Where others are listed a missing level is no cache; where none is, or a size is no number, it is not known."""
    (core,) = read_processor(make_system(tmp_path, [({}, caches)]), ALL).cores
    assert (core.l1d, core.l2, core.l3) == sizes


@pytest.mark.parametrize(
    ("files", "there"),
    [
        ({}, None),
        (DEVICE_TREE, False),
        ({"proc/device-tree/compatible": "linux,dummy-virt\0"}, True),
        ({"proc/device-tree/hypervisor/compatible": "linux,kvm\0"}, True),
        ({"sys/hypervisor/type": "xen\n"}, True),
        ({f"{DMI}/sys_vendor": "Amazon EC2\n", f"{DMI}/product_name": "c7g.large\n"}, True),
        ({f"{DMI}/sys_vendor": "Amazon EC2\n", f"{DMI}/product_name": "c7g.metal\n"}, False),
        ({f"{DMI}/sys_vendor": "Microsoft Corporation\n", f"{DMI}/product_name": "Virtual Machine\n"}, True),
        ({f"{DMI}/sys_vendor": "QEMU\n"}, True),
        ({f"{DMI}/product_name": "Mt.Jade\n"}, False),
    ],
)
def test_a_hypervisor_beneath_arm_is_seen_by_what_the_firmware_says(
    tmp_path: Path, files: dict[str, str], there: bool | None
) -> None:
    """ARM has no flag for it: device tree, Xen's own file or the product's name say so; else it is not known."""
    assert read_processor(make_system(tmp_path, [BIG_CPU], files), ALL).hypervisor is there


def test_the_flag_decides_on_x86(tmp_path: Path) -> None:
    """Whatever the firmware calls the machine."""
    metal = x86_cpu("1", "avx avx2", "512K")
    assert read_processor(make_system(tmp_path, [metal], {f"{DMI}/sys_vendor": "QEMU"}), ALL).hypervisor is False


def test_extensions_are_what_kernels_are_dispatched_on() -> None:
    """Vector and matrix extensions by whole words, sorted; nothing that a kernel update brings or takes."""
    assert ZEN3.extensions == ZEN3_EXTENSIONS
    assert set(ZEN4.extensions) - set(ZEN3_EXTENSIONS) == {
        *("avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512_bf16", "avx512vbmi", "avx512_vnni", "gfni"),
    }
    updated = dataclasses.replace(ZEN3, flags=(*ZEN3.flags, "ibrs_enhanced", "flush_l1d", "md_clear", "lbrv", "vgif"))
    assert updated.extensions == ZEN3.extensions
    others = ("amx_tile", "amx_bf16", "avx_vnni", "avx10_1", "sve2", "svei8mm", "smef16f32", "i8mm", "bf16", "asimddp")
    mixed = Processor("x", (*others, "xavx2", "fsrm", "flush", "smep", "smap", "sme", "sev"))
    assert mixed.extensions == tuple(sorted(others))
    assert Processor("x", tuple(ARM_FLAGS.split())).extensions == ("asimd", "asimddp", "asimdhp", "asimdrdm", "fphp")


def test_this_machines_processor_is_read() -> None:
    """It has at least one kind of core, and no flag twice."""
    found = read_processor()
    assert found.cores
    assert list(found.flags) == sorted(set(found.flags))
