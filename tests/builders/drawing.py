"""Charts for the tests of reports: sketched where they are not the subject, else drawn once for each description."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from runoff.charts import apart, drawing_program
from runoff.charts.drawing import Figure


@pytest.fixture(scope="session")
def drawn() -> dict[str, str]:
    """What Vega-Lite made of each description: drawing is most of the time that a page takes."""
    return {}


@pytest.fixture(autouse=True)
def charts(request: pytest.FixtureRequest, drawn: dict[str, str]) -> Iterator[None]:
    """Draw the charts of a test that is marked ``draws``, and sketch those of any other, all in this process."""
    with drawing_by(drawn_once(drawn) if request.node.get_closest_marker("draws") else sketch):
        yield


def drawn_once(drawn: dict[str, str]) -> Callable[[str], str]:
    """Return what draws by Vega-Lite, and what is in ``drawn`` already not again."""
    real = drawing_program.to_svg

    def draw(text: str) -> str:
        if text not in drawn:
            specification = json.loads(text)
            without_values = specification | {"datasets": {name: [] for name in specification["datasets"]}}
            checker().validate(without_values)
            drawn[text] = real(text)
        return drawn[text]

    return draw


@cache
def checker() -> Any:
    """Return what checks a description by the schema, which Altair has: Vega-Lite passes over what it does not know."""
    folder = Path(str(find_spec("altair").origin)).parent  # type: ignore[union-attr]  # it is among the tests' packages
    schema = json.loads((folder / "vegalite" / "v6" / "schema" / "vega-lite-schema.json").read_text())
    return jsonschema.validators.validator_for(schema)(schema)


@contextmanager
def drawing_by(to_svg: Callable[[str], str]) -> Iterator[None]:
    """Draw charts in this process by a function while the block lasts: one that draws takes two seconds to start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing_program, "to_svg", to_svg)
        patch.setattr(apart, "recall", lambda file: None)  # what is drawn here is kept for nobody
        patch.setattr(apart, "keep", lambda file, svg: None)
        patch.setattr(
            apart, "drawer", lambda: nullcontext(lambda texts: [drawing_program.to_svg(text) for text in texts])
        )
        yield


def svg_of(figure: Figure | None) -> str:
    """Return the SVG of a figure, as the page has it."""
    assert figure
    (drawn,) = apart.draw_apart([figure])
    return str(drawn.drawing)


def sketch(specification: str) -> str:
    """Write every text of a chart's specification, as the chart would have those that it shows."""
    lines = "".join(f"<text>{escape(text)}</text>" for text in texts(json.loads(specification)))
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="480" height="200">{lines}</svg>'


def texts(value: Any) -> Iterator[str]:
    """Yield the texts in a value of JSON, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)
