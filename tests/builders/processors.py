"""Made-up /proc and /sys trees of known processors, and what those processors are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from runoff.processor import Core, Processor
from runoff.stored.schema import write_record
from tests.builders.stored_runs import Values, about

KIBIBYTE, MEBIBYTE = 1024, 1024**2
COMMON = "fpu sse sse2 ht lm constant_tsc ssse3 fma sse4_1 sse4_2 aes avx f16c rdrand hypervisor avx2 bmi2 adx vaes"
ZEN3_FLAGS = f"{COMMON} ibrs ibpb stibp"
ZEN4_FLAGS = (
    f"{COMMON} avx512f avx512dq avx512bw avx512vl avx512_bf16 avx512vbmi avx512_vnni gfni ibrs ibpb stibp ibrs_enhanced"
)
ZEN3_EXTENSIONS = ("avx", "avx2", "f16c", "fma", "sse4_1", "sse4_2")
ZEN3 = Processor(
    "AMD EPYC",
    tuple(sorted(ZEN3_FLAGS.split())),
    (Core("AuthenticAMD", "25", "1", "1", 32 * KIBIBYTE, 512 * KIBIBYTE, 32 * MEBIBYTE),),
    hypervisor=True,
)
ZEN4 = Processor(
    "AMD EPYC",
    tuple(sorted(ZEN4_FLAGS.split())),
    (Core("AuthenticAMD", "25", "17", "1", 32 * KIBIBYTE, MEBIBYTE, 32 * MEBIBYTE),),
    hypervisor=True,
)
"""Two that call themselves the same."""
BIG, LITTLE = (
    Core("0x41", "8", "0xd0b", "r4p0", 64 * KIBIBYTE, 512 * KIBIBYTE, 2 * MEBIBYTE),
    Core("0x41", "8", "0xd05", "r2p0", 32 * KIBIBYTE, 128 * KIBIBYTE, 2 * MEBIBYTE),
)
ARM_FLAGS = "fp asimd evtstrm aes crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"
BIG_LITTLE = Processor(None, tuple(sorted(ARM_FLAGS.split())), (LITTLE, BIG), hypervisor=False)

Cpu = tuple[Mapping[str, str], Mapping[str, str]]
"""A CPU's fields in /proc/cpuinfo, and the sizes of its caches by level and type."""


def x86_cpu(model: str, flags: str, l2: str, **changes: str) -> Cpu:
    """Make a CPU as Linux describes one of AMD's of family 25."""
    fields = {
        "vendor_id": "AuthenticAMD",
        "cpu family": "25",
        "model": model,
        "model name": "AMD EPYC",
        "stepping": "1",
        "cache size": "512 KB",
        "flags": flags,
        "bugs": "spectre_v1 spectre_v2",
    }
    caches = {"1 Data": "32K", "1 Instruction": "32K", "2 Unified": l2, "3 Unified": "32768K"}
    return fields | {name.replace("_", " "): value for name, value in changes.items()}, caches


def arm_cpu(part: str, variant: str, sizes: tuple[str, str], revision: str = "0") -> Cpu:
    """Make a CPU as Linux describes one of ARM's, which has no name."""
    fields = {
        "BogoMIPS": "52.00",
        "Features": ARM_FLAGS,
        "CPU implementer": "0x41",
        "CPU architecture": "8",
        "CPU variant": variant,
        "CPU part": part,
        "CPU revision": revision,
    }
    return fields, {"1 Data": sizes[0], "1 Instruction": sizes[0], "2 Unified": sizes[1], "3 Unified": "2048K"}


ZEN3_CPU, ZEN4_CPU = x86_cpu("1", ZEN3_FLAGS, "512K"), x86_cpu("17", ZEN4_FLAGS, "1024K")
LITTLE_CPU, BIG_CPU = arm_cpu("0xd05", "0x2", ("32K", "128K")), arm_cpu("0xd0b", "0x4", ("64K", "512K"))
GVISOR_CPU: Cpu = ({**ZEN3_CPU[0], "model name": "unknown", "stepping": "unknown"}, {})


def make_system(root: Path, cpus: Sequence[Cpu], files: Mapping[str, str] | None = None) -> Path:
    """Write a machine's /proc/cpuinfo and caches below a folder, and other files by their paths."""
    written = dict(files or {})
    blocks = []
    for number, (fields, caches) in enumerate(cpus):
        lines = [f"processor\t: {number}", *(f"{name}\t: {value}" for name, value in fields.items())]
        blocks.append("\n".join(lines) + "\n")
        for place, (name, size) in enumerate(caches.items()):
            level, kind = name.split()
            folder = f"sys/devices/system/cpu/cpu{number}/cache/index{place}"
            written |= {f"{folder}/level": level, f"{folder}/type": kind, f"{folder}/size": f"{size}\n"}
    for name, text in {"proc/cpuinfo": "\n".join(blocks), **written}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def on_processor(stored: Values, processor: Processor) -> Values:
    """Let a stored run be one of a processor."""
    about(stored)["stratum"]["processor"] = write_record(processor)
    return stored


def of_schema_2(stored: Values, processor: Processor, **read: object) -> Values:
    """Let a stored run be one of before the processor was a part of it, with what py-cpuinfo read."""
    stratum = about(stored)["stratum"]
    del stratum["processor"]
    stratum |= {"cpu": processor.name, "cpu_flags": list(processor.flags)}
    about(stored)["schema"] = 2
    (core,) = processor.cores
    known = {"vendor_id_raw": core.vendor, "family": 25, "model": int(core.model or 0), "stepping": 1}
    sums = {"l2_cache_size": 2 * (core.l2 or 0), "l3_cache_size": 512 * KIBIBYTE}  # as it gives them on two cores
    stored["machine_info"]["cpu"] = {"arch": "X86_64", "count": 2, **known, **sums, **read}
    return stored
