"""The processor, as far as it decides which kernels a library chooses. Standard library only."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

INT8_DOT_PRODUCT_FLAGS = frozenset({"avx512_vnni", "avx_vnni"})
"""With any of these, x86 adds up products of 8-bit numbers in 32 bits."""


@dataclass(frozen=True)
class Processor:
    """CPU model and its feature flags, sorted."""

    model: str
    flags: tuple[str, ...]


def read_processor() -> Processor:
    """Read the first CPU of /proc/cpuinfo; elsewhere, what the platform module knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        return Processor(platform.processor() or platform.machine(), ())
    values: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        values.setdefault(name.strip(), value.strip())
    model = values.get("model name") or platform.machine()
    return Processor(model, tuple(sorted((values.get("flags") or values.get("Features", "")).split())))
