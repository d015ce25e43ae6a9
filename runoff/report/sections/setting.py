"""What was measured: machine, checkpoint, pictures, versions, and what each contender is."""

from __future__ import annotations

from collections.abc import Mapping

from runoff.report.blocks import PAGE, Section
from runoff.stored import wording
from runoff.stored.run import StoredRun
from runoff.stored.stratum import StoredModel, input_words
from runoff.text import numbers
from runoff.text.table import make_table

DIFFERENCE = "largest difference\nof a logit"
REPAIRS = "repairs of the ONNX file\nbefore it converted"


def setting_section(run: StoredRun) -> Section:
    """Say what was measured on which machine, and what each contender is."""
    environments = run.stratum.environments
    model = run.model
    details = (
        ("Amount", (f"{launches_and_rounds(run)}, seed {run.info.seed}",)),
        ("Machine", (wording.place(run), *([run.system] if run.system else []))),
        *([("Checkpoint", checkpoint_lines(model))] if model else []),
        *([("Input", input_lines(model))] if model and model.preprocessing else []),
        *([("Inputs", (input_words(model),))] if model and not model.preprocessing else []),
        (examples_name(run), (f"{run.images}, compared with the answers of {golden_name(run)}",)),
        *([("Commit", (run.commit.full_name,))] if run.commit else []),
        *(
            (f"Versions in {name}" if len(environments) > 1 else "Versions", (versions_text(versions),))
            for name, versions in environments.items()
        ),
    )
    largest = DIFFERENCE if model is None or model.classifies else "largest difference\nof an output"
    rows = [
        {
            "contender": row.contender,
            "how it runs": row.description,
            "precision": row.precision,
            REPAIRS: ", ".join(row.repairs) or numbers.NOTHING,
            largest: difference_text(row.largest_difference),
            "versions": versions_text(row.versions),
        }
        for row in run.rows
    ]
    table = make_table("What each contender is", rows, ("how it runs", "precision", REPAIRS, "versions"))
    return Section("setting", "What was measured", table, details=details, shown_in=(PAGE,))


def checkpoint_lines(model: StoredModel) -> tuple[str, ...]:
    """Name a model and its weights by their hash, with the package that makes it where its version decides too."""
    made_by = f", made by {model.source.kind} {model.source.version}" if model.source.version else ""
    return f"{model.weights} ({model.name}{made_by})", f"{model.sha256[:16]}…"


def examples_name(run: StoredRun) -> str:
    """Name what the model was run on."""
    images = run.stratum.images
    return (images.kind if images else "pictures").capitalize()


def input_lines(model: StoredModel) -> tuple[str, ...]:
    """Say what every picture becomes before a model sees it."""
    made = model.preprocessing
    assert made is not None
    size, crop = ("×".join(map(str, both)) for both in (made.size, made.crop))
    mean, deviation = (", ".join(f"{number:g}" for number in each) for each in (made.mean, made.deviation))
    return (
        f"{input_words(model)}, {made.layout}",
        f"resized to {size} ({made.resize}, {made.interpolation}), of which the middle {crop}",
        f"{made.channels} divided by {made.scale:g}, mean {mean}, deviation {deviation}",
    )


def golden_name(run: StoredRun) -> str:
    """Name what contenders have to agree with: the model as its source has it."""
    if run.model is None:
        return "the model itself"
    kind = run.model.source.kind
    return f"{kind}’s own {run.model.name.removeprefix(f'{kind}:')}"


def difference_text(difference: float | None) -> str:
    """Write a largest difference, a dash where none was measured."""
    return numbers.NOTHING if difference is None else f"{difference:.1g}"


def versions_text(versions: Mapping[str, str]) -> str:
    """List versions, no line ending between a package and its own."""
    return ", ".join(f"{name}\N{NO-BREAK SPACE}{version}" for name, version in versions.items())


def setting_line(run: StoredRun) -> str:
    """Name the machine, the threads, the model and the amount measured."""
    amount = f"batch 1; {launches_and_rounds(run)}; " if run.raced else ""
    model = f"{run.model.name} with the {run.model.weights} checkpoint; " if run.model else ""
    return f"{wording.place(run)}; {model}{amount}seed {run.info.seed}."


def launches_and_rounds(run: StoredRun) -> str:
    """Say how much was measured; service questions have rounds of their own, or none."""
    launches = numbers.count(run.info.launches, "launch", "launches")
    return f"{launches} × {numbers.count(run.info.rounds, 'round')}" if run.raced else launches
