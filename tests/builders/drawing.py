"""Charts for the tests of reports: one that was drawn before is not drawn again, as its description says all of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from runoff.charts import drawing


@pytest.fixture(scope="session", autouse=True)
def drawn_once() -> Iterator[None]:
    """Keep what Vega-Lite made of each description: drawing is most of the time that a page takes."""
    made: dict[str, str] = {}
    draw = drawing.vl_convert.vegalite_to_svg

    def draw_once(specification: dict[str, Any]) -> str:
        description = json.dumps(specification, sort_keys=True)
        if description not in made:
            made[description] = draw(specification)
        return made[description]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "vl_convert", SimpleNamespace(vegalite_to_svg=draw_once))
        yield
