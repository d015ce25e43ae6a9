"""What tells one processor from another, in words: the one definition that runs are compared, grouped and shown by."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from runoff.processor import Core, Processor
from runoff.text.numbers import first_few, listing

NAME, DESIGN, CACHES, EXTENSIONS, HYPERVISOR = (
    "CPU name",
    "CPU design",
    "caches",
    "vector extensions",
    "hypervisor",
)
WHY: Mapping[str, str] = {
    NAME: "processors of one design are sold with other clocks and power limits",
    DESIGN: "another design runs the same kernels at other speeds, and the ratios between them change",
    CACHES: "what does not fit into a cache waits for memory, and one runtime moves more of it than another",
    EXTENSIONS: "libraries choose their kernels by them",
    HYPERVISOR: "what a hypervisor costs differs from runtime to runtime",
}
"""Why a part of the processor moves ratios too."""
NOT_FULLY_KNOWN = "processor not fully known"
MOST_EXTENSIONS = 4
UNITS: Mapping[str, int] = {"MiB": 1024**2, "KiB": 1024, "bytes": 1}

Values = tuple[str, ...]
Parts = Mapping[tuple[str, str], Values | None]
"""The values of each part by what it is a part of and its name; None where they are not known."""


def parts_of(processor: Processor) -> Parts:
    """Return all that makes a processor another one; several values where its kinds of cores differ."""
    cores = processor.cores
    return {
        (NAME, ""): (processor.name,) if processor.name else None,
        (DESIGN, "vendor"): of_each_kind(cores, lambda core: core.vendor),
        (DESIGN, "family"): of_each_kind(cores, lambda core: core.family),
        (DESIGN, "model"): of_each_kind(cores, lambda core: core.model),
        (DESIGN, "stepping"): of_each_kind(cores, lambda core: core.stepping),
        (CACHES, "L1d"): of_each_kind(cores, lambda core: size_words(core.l1d)),
        (CACHES, "L2"): of_each_kind(cores, lambda core: size_words(core.l2)),
        (CACHES, "L3"): of_each_kind(cores, lambda core: size_words(core.l3)),
        (EXTENSIONS, ""): processor.extensions if processor.flags else None,
        (HYPERVISOR, ""): None if processor.hypervisor is None else (hypervisor_words(processor.hypervisor),),
    }


def of_each_kind(cores: Sequence[Core], read: Callable[[Core], str | None]) -> Values | None:
    """Return a value of every kind of core, each once; None where that of any is not known."""
    values = {read(core) for core in cores}
    known = sorted(value for value in values if value is not None)
    return tuple(known) if known and len(known) == len(values) else None


def processor_differences(base: Processor, head: Processor) -> list[str]:
    """Say in which parts two processors differ that both are known in, and why that matters; empty where in none."""
    before, after = parts_of(base), parts_of(head)
    changes: dict[str, list[str]] = {}
    for (whole, part), old in before.items():
        new = after[whole, part]
        if old is not None and new is not None and old != new:
            write = extension_change if whole == EXTENSIONS else value_change
            changes.setdefault(whole, []).append(f"{part} {write(old, new)}".lstrip())
    return [f"{whole}: {', '.join(changed)} ({WHY[whole]})" for whole, changed in changes.items()]


def value_change(old: Values, new: Values) -> str:
    """Write what a part was and what it is."""
    return f"{' and '.join(old)} → {' and '.join(new)}"


def extension_change(old: Values, new: Values) -> str:
    """Name the vector extensions that are gone and those that are new, a few of each."""
    changes = (("gone", set(old) - set(new)), ("new", set(new) - set(old)))
    return "; ".join(f"{word} {first_few(sorted(names), MOST_EXTENSIONS)}" for word, names in changes if names)


def unknown_parts(processor: Processor) -> list[str]:
    """Name what is not known of a processor; a name is no part of that, since ARM's have none."""
    groups: dict[str, dict[str, bool]] = {}
    for (whole, part), values in parts_of(processor).items():
        if whole != NAME:
            groups.setdefault(whole, {})[part] = values is None
    unknown: list[str] = []
    for whole, parts in groups.items():
        unknown += [whole] if all(parts.values()) else [part for part, missing in parts.items() if missing]
    return unknown


def not_fully_known(processor: Processor) -> str | None:
    """Say what is not known of a processor, None where nothing is missing."""
    unknown = unknown_parts(processor)
    return f"{NOT_FULLY_KNOWN}: {', '.join(unknown)}" if unknown else None


def processor_doubt(processors: Mapping[str, Processor]) -> str | None:
    """Say of which of several runs, by name, the processor is not fully known, None where it is of all."""
    unknown = {name: parts for name, processor in processors.items() if (parts := unknown_parts(processor))}
    if not unknown:
        return None
    where = listing([f"{name} ({', '.join(parts)})" for name, parts in unknown.items()])
    return f"{NOT_FULLY_KNOWN} in {where}, so a difference between runs can come from it"


def processor_keys(processors: Iterable[Processor]) -> dict[Processor, Hashable]:
    """Return for each processor the key that its runs are grouped by: equal where it is the same one.

    Where something is not known of it and it fits only one of those that are known whole, it is taken for that one.
    """
    parts = {processor: parts_of(processor) for processor in processors}
    known = {tuple(values.items()): values for values in parts.values() if None not in values.values()}
    keys: dict[Processor, Hashable] = {}
    for processor, own in parts.items():
        fitting = [key for key, values in known.items() if fits(own, values)]
        keys[processor] = fitting[0] if len(fitting) == 1 else tuple(own.items())
    return keys


def fits(own: Parts, other: Parts) -> bool:
    """Whether all that is known of one processor is so of another."""
    return all(values is None or values == other[part] for part, values in own.items())


def processor_title(processor: Processor) -> str:
    """Name a processor as it calls itself, by its design where it does not."""
    return processor.name or design_words(processor) or "unknown processor"


def processor_kind(processor: Processor) -> str:
    """Name a processor with its design: others may call themselves the same."""
    design = design_words(processor)
    return f"{processor.name} ({design})" if processor.name and design else processor_title(processor)


def design_words(processor: Processor) -> str:
    """Name the design of each kind of core as far as it is known."""
    return " and ".join(dict.fromkeys(filter(None, map(core_words, processor.cores))))


def core_words(core: Core) -> str:
    """Name the design of a kind of core."""
    parts = (("", core.vendor), ("family", core.family), ("model", core.model), ("stepping", core.stepping))
    return " ".join(f"{word} {value}".lstrip() for word, value in parts if value is not None)


def processor_lines(processor: Processor) -> tuple[str, ...]:
    """Say all that makes a processor another one, and what of it is not known."""
    kinds = [
        f"{core_words(core)}; {caches_words(core)}".strip("; ")
        for core in processor.cores
        if core_words(core) or caches_words(core)
    ]
    lines = [
        *kinds,
        f"{EXTENSIONS}: {' '.join(processor.extensions) or 'none'}" if processor.flags else None,
        None if processor.hypervisor is None else f"{HYPERVISOR}: {hypervisor_words(processor.hypervisor)}",
        not_fully_known(processor),
    ]
    return tuple(filter(None, lines))


def caches_words(core: Core) -> str:
    """Write the sizes of a core's caches that are known."""
    sizes = {"L1d": size_words(core.l1d), "L2": size_words(core.l2), "L3": size_words(core.l3)}
    return ", ".join(f"{name} {size}" for name, size in sizes.items() if size is not None)


def size_words(size: int | None) -> str | None:
    """Write the size of a cache, None where it is not known."""
    if not size:
        return None if size is None else "none"
    unit, divisor = next((unit, divisor) for unit, divisor in UNITS.items() if size % divisor == 0)
    return f"{size // divisor} {unit}"


def hypervisor_words(there: bool) -> str:
    """Say whether a hypervisor is there."""
    return "yes" if there else "none"
