"""The processor: what it is, and what decides which kernels a library chooses on it. Standard library only.

It is read here and not by py-cpuinfo, which pytest-benchmark requires, since that reads one kind of core alone, no part
of an ARM one, and sizes of caches that are none of a core's: on an AMD EPYC with 512 KiB of L2 in each of two cores it
gives 1 MiB as L2 and those 512 KiB as L3. Nor by lscpu, which is not everywhere and sums caches up in the same way.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

INT8_DOT_PRODUCT_FLAGS = frozenset({"avx512_vnni", "avx_vnni"})
"""With any of these, x86 adds up products of 8-bit numbers in 32 bits."""
SYSTEM = Path("/")
"""The file system that /proc and /sys are read from."""
CPUS = Path("sys", "devices", "system", "cpu")
VECTOR_EXTENSION = re.compile(
    r"sse4_[12]|avx\w*|fma4?|f16c|gfni|amx_\w+|neon|vfpv4|asimd\w*|fphp|fcma|jscvt|sve\w*|sme[2bfi]\w*|i8mm|bf16"
)
"""The flags that kernels are dispatched on, in the words of /proc/cpuinfo (x86 and ARM).

``sme`` alone is AMD's memory encryption; ARM's comes with ``smef16f32`` and others. Flags about vulnerabilities, power
and virtualisation are left out: they come and go with kernel updates.
"""
NOT_SAID = ("", "unknown")
"""What the kernel writes, and gVisor, where it does not know a field's value."""
SIZE = re.compile(r"([1-9]\d*)([KMG]?)")
UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
VIRTUAL_PRODUCTS = (
    *("KVM", "QEMU", "VMware", "VirtualBox", "Virtual Machine", "Virtualization", "Xen", "Compute Engine"),
    "dummy-virt",
)
"""What virtual machines are called in the firmware's words: the only sign of many on ARM."""


@dataclass(frozen=True)
class Core:
    """A kind of core; None where something is not known.

    On ARM the implementer, the architecture, the part, and variant with revision (``r3p1``) stand for vendor, family,
    model and stepping. A cache has the size 0 where the system lists the others and not this one.
    """

    vendor: str | None = None
    """Who designed it."""
    family: str | None = None
    """The number of its family."""
    model: str | None = None
    """The number of its model."""
    stepping: str | None = None
    """The number of its revision."""
    l1d: int | None = None
    """The level-1 data cache that it has or shares (bytes)."""
    l2: int | None = None
    """The level-2 cache that it has or shares (bytes)."""
    l3: int | None = None
    """The level-3 cache that it has or shares (bytes)."""


@dataclass(frozen=True)
class Processor:
    """The processor as the system describes it."""

    name: str | None = None
    """What it calls itself; none on ARM."""
    flags: tuple[str, ...] = ()
    """Its feature flags, sorted; empty where they are not known."""
    cores: tuple[Core, ...] = ()
    """Its kinds of cores; empty where they are not known."""
    hypervisor: bool | None = None
    """Whether it is that of a virtual machine; none where that is not known."""

    @property
    def extensions(self) -> tuple[str, ...]:
        """The vector extensions that kernels are dispatched on."""
        return tuple(sorted({flag for flag in self.flags if VECTOR_EXTENSION.fullmatch(flag)}))


def read_processor(system: Path = SYSTEM, cpus: Collection[int] | None = None) -> Processor:
    """Read the processor, with each kind of core among the CPUs with these numbers: those this process may run on.

    What can't be read is left unknown.
    """
    allowed = own_cpus() if cpus is None else cpus
    blocks = cpu_blocks(read_text(system / "proc" / "cpuinfo") or "")
    own = [block for block in blocks if cpu_number(block) in allowed] or blocks or [{}]
    cores = {read_core(block, system) for block in own}
    flags = said(own[0], "flags") or said(own[0], "Features") or ""
    return Processor(
        name=said(own[0], "model name") or (None if blocks else platform.processor() or platform.machine() or None),
        flags=tuple(sorted(flags.split())),
        cores=tuple(sorted(cores, key=repr)),
        hypervisor=runs_under_hypervisor(said(own[0], "flags"), system),
    )


def own_cpus() -> frozenset[int]:
    """Return the numbers of the CPUs that this process may run on."""
    return frozenset(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1))


def cpu_blocks(text: str) -> list[dict[str, str]]:
    """Return the fields of each CPU in /proc/cpuinfo, with those that older ARM kernels write once for all of them."""
    blocks: list[dict[str, str]] = []
    common: dict[str, str] = {}
    for part in re.split(r"\n\s*\n", text):
        pairs = [line.partition(":") for line in part.splitlines() if line.strip()]
        fields = {name.strip(): value.strip() for name, _, value in pairs}
        if "processor" in fields:
            blocks.append(fields)
        else:
            common |= fields
    return [{**common, **block} for block in blocks] or ([common] if common else [])


def cpu_number(block: Mapping[str, str]) -> int | None:
    """Return a CPU's number, None where it has none."""
    number = block.get("processor", "")
    return int(number) if number.isdecimal() else None


def said(block: Mapping[str, str], *names: str) -> str | None:
    """Return the first of these fields that says something, None where none does."""
    return next((block[name] for name in names if block.get(name, "").lower() not in NOT_SAID), None)


def read_core(block: Mapping[str, str], system: Path) -> Core:
    """Return the kind of core that a CPU is."""
    number = cpu_number(block)
    caches = {} if number is None else read_caches(system / CPUS / f"cpu{number}" / "cache")
    return Core(
        vendor=said(block, "vendor_id", "CPU implementer"),
        family=said(block, "cpu family", "CPU architecture"),
        model=said(block, "model", "CPU part"),
        stepping=said(block, "stepping") or arm_release(said(block, "CPU variant"), said(block, "CPU revision")),
        l1d=caches.get("l1d"),
        l2=caches.get("l2"),
        l3=caches.get("l3"),
    )


def arm_release(variant: str | None, revision: str | None) -> str | None:
    """Write an ARM core's variant and revision as ARM's manuals do: ``0x3`` and ``1`` are ``r3p1``."""
    if variant is None or revision is None:
        return None
    return f"r{variant.lower().removeprefix('0x')}p{revision}"


def read_caches(folder: Path) -> dict[str, int | None]:
    """Return the sizes of a CPU's caches for data; nothing where the system lists none."""
    sizes: dict[str, int | None] = {}
    for place in sorted(folder.glob("index[0-9]*")):
        level, kind = read_text(place / "level"), read_text(place / "type")
        if level and kind in ("Data", "Unified"):
            sizes["l1d" if level == "1" else f"l{level}"] = read_size(place / "size")
    return {name: sizes.get(name, 0) for name in ("l1d", "l2", "l3")} if sizes else {}


def read_size(file: Path) -> int | None:
    """Read a size in bytes as the kernel writes it (``512K``), None where it does not say."""
    found = SIZE.fullmatch(read_text(file) or "")
    return int(found[1]) * UNITS[found[2]] if found else None


def runs_under_hypervisor(flags: str | None, system: Path) -> bool | None:
    """Whether a hypervisor lies beneath this system: a flag says so on x86, the device tree or the firmware on ARM."""
    if flags:
        return "hypervisor" in flags.split()
    tree, firmware = system / "proc" / "device-tree", system / "sys" / "class" / "dmi" / "id"
    if (tree / "hypervisor").exists() or read_text(system / "sys" / "hypervisor" / "type"):
        return True
    places = (tree / "compatible", firmware / "sys_vendor", firmware / "product_name")
    words = " ".join(filter(None, map(read_text, places)))
    if not words:
        return None
    sold_by_amazon = "Amazon EC2" in words and "metal" not in words
    return sold_by_amazon or any(product in words for product in VIRTUAL_PRODUCTS)


def read_text(file: Path) -> str | None:
    """Return a small file's text without surrounding space, None where it can't be read."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
