"""What was measured: machine, model, pictures, versions, and what each contender is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runoff.report.blocks import PAGE, Section
from runoff.stored import wording
from runoff.stored.info import DIGITS, NO_COMMIT, StoredOrigin
from runoff.stored.model import StoredModel, array_words, model_title, preprocessing_lines
from runoff.stored.processor import processor_lines
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import make_table

REPAIRS = "repairs of the ONNX file\nbefore it converted"


def setting_section(run: StoredRun) -> Section:
    """Say what was measured on which machine, and what each contender is."""
    environments = run.stratum.environments
    model = run.model
    details = (
        ("Amount", (f"{launches_and_rounds(run)}, seed {run.info.seed}",)),
        ("Machine", (wording.place(run), *([run.system] if run.system else []))),
        ("Processor", processor_lines(run.stratum.processor)),
        *(model_details(model) if model else ()),
        (examples_name(run), golden_lines(run)),
        ("Commit", (run.commit.full_name if run.commit else NO_COMMIT,)),
        *([("Variables", variable_lines(run))] if run.stratum.variables else []),
        *(
            (f"Versions in {name}" if len(environments) > 1 else "Versions", (versions_text(versions),))
            for name, versions in environments.items()
        ),
    )
    one, _ = wording.compared(run)
    largest = f"largest difference\nof {'an' if one[0] in 'aeiou' else 'a'} {one}"
    rows = [
        {
            "contender": row.contender,
            "how it runs": row.description,
            "precision": row.precision,
            REPAIRS: ", ".join(row.repairs) or numbers.NOTHING,
            largest: difference_text(row.largest_difference),
            "versions": versions_text(row.versions) + origin_text(row.origin),
        }
        for row in run.rows
    ]
    table = make_table("What each contender is", rows, ("how it runs", "precision", REPAIRS, "versions"))
    return Section("setting", "What was measured", table, details=details, shown_in=(PAGE,))


def model_details(model: StoredModel) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what there is to know about a model: where it is from, what it takes and gives, what pictures become."""
    yield "Model", (model_title(model), source_words(model), f"SHA-256 {model.sha256[:16]}…")
    if model.inputs:
        yield "Input" if len(model.inputs) == 1 else "Inputs", tuple(map(array_words, model.inputs))
    if model.preprocessing:
        yield "Preprocessing", preprocessing_lines(model.preprocessing)
    if model.outputs:
        classes = [f"{model.classes:,} classes"] if model.classes else []
        yield "Output" if len(model.outputs) == 1 else "Outputs", (*map(array_words, model.outputs), *classes)


def source_words(model: StoredModel) -> str:
    """Name a model's source, with the version of the package that makes it where that decides too."""
    return f"source {model.source.kind} {model.source.version}".rstrip()


def golden_lines(run: StoredRun) -> tuple[str, ...]:
    """Say how many examples there were, what contenders were compared with on them, and how that was checked."""
    checked = wording.golden_line(run)
    return f"{run.images}, compared with the answers of {golden_name(run)}", *([checked] if checked else [])


def variable_lines(run: StoredRun) -> tuple[str, ...]:
    """Name the variables of the environment that change how frameworks run."""
    return tuple(f"{name}={value}" for name, value in run.stratum.variables.items())


def examples_name(run: StoredRun) -> str:
    """Name what the model was run on."""
    images = run.stratum.images
    return (images.kind if images else "pictures").capitalize()


def golden_name(run: StoredRun) -> str:
    """Name what contenders have to agree with: the model as its source has it."""
    if run.model is None:
        return "the model itself"
    if run.info.golden.check:
        return "ONNX Runtime in float32, without graph optimisation"
    kind, name = run.model.source.kind, run.model.name.removeprefix(f"{run.model.source.kind}:")
    return f"{name} itself" if ":" in name else f"{kind}’s own {name}"


def difference_text(difference: float | None) -> str:
    """Write a largest difference, a dash where none was measured."""
    return numbers.NOTHING if difference is None else f"{difference:.1g}"


def versions_text(versions: Mapping[str, str]) -> str:
    """List versions, no line ending between a package and its own."""
    return ", ".join(f"{name}\N{NO-BREAK SPACE}{version}" for name, version in versions.items())


def origin_text(origin: StoredOrigin | None) -> str:
    """Say where a backend from elsewhere comes from, nothing of one of Runoff's own."""
    if origin is None:
        return ""
    brought = f"{origin.distribution}\N{NO-BREAK SPACE}{origin.version}, " if origin.distribution else ""
    return f"; its backend is from {brought}{origin.file}, SHA-256 {origin.sha256[:DIGITS]}…"


def setting_line(run: StoredRun) -> str:
    """Name the machine, the threads, the model and the amount measured."""
    amount = f"batch 1; {launches_and_rounds(run)}; " if run.raced else ""
    model = f"{model_title(run.model)}; " if run.model else ""
    return f"{wording.place(run)}; {model}{amount}seed {run.info.seed}."


def model_line(run: StoredRun) -> str | None:
    """Say in a line what there is to know about the model, None where none was raced."""
    if run.model is None:
        return None
    return "; ".join(f"{name}: {', '.join(lines)}" for name, lines in model_details(run.model)) + "."


def launches_and_rounds(run: StoredRun) -> str:
    """Say how much was measured; service questions have separate rounds, or none."""
    launches = numbers.count(run.info.launches, "launch", "launches")
    return f"{launches} × {numbers.count(run.info.rounds, 'round')}" if run.raced else launches
