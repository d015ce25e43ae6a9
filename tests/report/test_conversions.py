"""What conversions and version steps look like in reports: totals, the claim beside what was found, no markup."""

from __future__ import annotations

import pytest

from runoff.report.sections.claims import stability_claims
from runoff.report.sections.conversions import conversion_figure
from runoff.report.write.markdown import render_markdown
from runoff.report.write.page import render_page
from runoff.report.write.terminal import render_table
from runoff.stored.run import parse_run
from runoff.stored.schema import StoredRunBroken
from tests.builders.drawing import svg_of
from tests.builders.stored_runs import INJECTION, make_stored_run, ratio
from tests.report.reading import notes_of, section_of

RIGHT = {"result": "right", "agreement": 1.0, "largest_difference": 1e-6, "noise": 1e-4, "seconds": 2.5}
FAILED = {"result": "failed", "stage": "onnx-tf", "operator": "Pad", "reason": "KeyError: ''"}
WRONG = {"result": "wrong", "stage": "check", "operator": None, "reason": f"differs {INJECTION}"}
NOT_EXPORTED = {"result": "failed", "stage": "export", "reason": "opset 11 has no Einsum"}
SKIPPED = {"result": "skipped", "reason": "no environment has onnx_tf"}


def cell(model, plain, repaired=None, exporter="torchscript"):
    """Make a stored cell."""
    return {
        "model": model,
        "exporter": exporter,
        "opset": 13,
        "backend": "tensorflow",
        "plain": plain,
        "repaired": repaired,
        "repairs": ["empty inputs dropped"] if repaired else [],
    }


def stored_with(*cells, exporter="torchscript"):
    """Make a stored run in which onnx-tf was tried on these cells."""
    stored = make_stored_run()
    stored["benchmarks"].append(
        {
            "group": "conversion",
            "name": "test_conversion",
            "fullname": "benchmarks/test_conversion.py::test_conversion",
            "extra_info": {
                "backend": "tensorflow",
                "converter": "onnx-tf",
                "exporter": exporter,
                "environment": "here",
                "versions": {"onnx-tf": "1.10.0"},
                "cells": list(cells),
            },
            "stats": {"median": 2.5, "data": [2.5]},
        }
    )
    return stored


CELLS = (
    cell("a", RIGHT),
    cell("b", RIGHT),
    cell("pad", FAILED, RIGHT),
    cell("pad-too", FAILED, RIGHT),
    cell("c", WRONG),
    cell("d", NOT_EXPORTED),
    cell("e", SKIPPED),
)


def test_the_claim_stands_beside_what_was_found():
    """3 of 5 conversions were not right: 60 % with Wilson's interval, and what repairs changed."""
    run = parse_run(stored_with(*CELLS))
    totals = section_of(run, "conversion")
    assert totals.table.rows == (("onnx-tf", "TorchScript", "5", "2", "1", "2", "60 %", "2", "1", "1"),)
    assert "3 of 5 conversions by onnx-tf were not right as exported: 60 % [23 %, 88 %]" in notes_of(totals)[0]
    assert "about 15 % is claimed" in notes_of(totals)[0]
    assert "2 more are right after repair, which did: empty inputs dropped (2)" in notes_of(totals)[1]
    breaks = section_of(run, "conversion-breaks").table.rows
    assert breaks[0] == ("onnx-tf", "Pad", "2", "2", "pad, pad-too", "KeyError: ''")
    assert ("torch, TorchScript", "–", "1", "0", "d", "opset 11 has no Einsum") in breaks


def test_no_conversions_no_section():
    """A run without the benchmark has neither section, and a foreign benchmark of that group is somebody else's."""
    run = parse_run(make_stored_run())
    assert not [name for name in ("conversion", "conversion-breaks", "versions") if section_of(run, name)]
    stored = stored_with(cell("a", RIGHT))
    del stored["benchmarks"][-1]["extra_info"]["cells"]
    run = parse_run(stored)
    assert run.conversions == ()
    assert run.others == ("benchmarks/test_conversion.py::test_conversion",)


def test_nothing_tried_says_so():
    """Skipped cells and failed exports are in no share."""
    totals = section_of(parse_run(stored_with(cell("d", NOT_EXPORTED), cell("e", SKIPPED))), "conversion")
    assert totals.table.rows == (("onnx-tf", "TorchScript", "0", "0", "0", "0", "–", "–", "1", "1"),)
    assert notes_of(totals) == ["ONNX to TensorFlow by onnx-tf was not tried here."]


def test_a_converters_words_can_not_inject_markup():
    """A reason with markup in it is text on the page, in Markdown and on the terminal."""
    run = only_conversions(*CELLS)
    assert "<script>alert" not in render_page(run)
    assert "<script>alert" not in render_markdown(run)
    assert "\x1b[31m" not in render_table(run, width=120, colour=False)


def test_a_broken_cell_is_named():
    """The error names the field."""
    stored = stored_with(cell("a", {**RIGHT}))
    del stored["benchmarks"][-1]["extra_info"]["cells"][0]["plain"]["result"]
    with pytest.raises(StoredRunBroken, match=r"extra_info\.cells\[0\]\.plain\.result: it is missing"):
        parse_run(stored)


def test_a_version_step_names_both_versions():
    """Each step has its contender, from which version to which, ratio and verdict."""
    stored = make_stored_run()
    stored["machine_info"]["runoff"]["version_steps"] = [
        {
            "contender": "onnxruntime@1.23",
            "distribution": "onnxruntime",
            "version_before": "1.18.1",
            "version": "1.23.2",
            "ratio": ratio(0.9, "faster"),
        }
    ]
    (row,) = section_of(parse_run(stored), "versions").table.rows
    assert row[:4] == ("onnxruntime@1.23", "onnxruntime", "1.18.1", "1.23.2")
    assert row[4].startswith("0.900 [0.882, 0.918]")
    assert row[5] == "faster"


@pytest.mark.long
@pytest.mark.draws
def test_the_heat_map_stands_in_the_conversions_section():
    """The chart is drawn with every sign in its caption and the totals in its alternative text; one model is no map."""
    figure = conversion_figure(parse_run(stored_with(*CELLS)))
    assert "<svg" in svg_of(figure)
    for sign in ("● right", "◐ right after repair", "≠ wrong", "– not exported", "· skipped"):
        assert sign in figure.caption
    assert "onnx-tf from TorchScript: 2 right, 2 right after repair, 1 wrong" in figure.alternative
    assert conversion_figure(parse_run(stored_with(cell("a", RIGHT)))) is None


@pytest.mark.parametrize(
    ("cells", "verdict"),
    [
        ([cell(f"m{number}", RIGHT) for number in range(40)], "fewer"),
        ([cell(f"m{number}", FAILED if number < 6 else RIGHT) for number in range(40)], "in line with the claim"),
        ([cell(f"m{number}", FAILED if number < 20 else RIGHT) for number in range(40)], "more"),
    ],
)
def test_the_share_that_fails_is_a_claim_with_a_verdict(cells, verdict):
    """Where the matrix was tried, its share stands in the claims, and the one model's conversion does not."""
    claims = stability_claims(parse_run(stored_with(*cells)))
    judged = [cells for cells in claims if cells["claim"] == "tensorflow: stability"]
    assert [cells["verdict"] for cells in judged] == [verdict]
    assert "of 40 by onnx-tf" in judged[0]["measured here"]


def only_conversions(*cells):
    """Make a stored run in which nothing was raced."""
    stored = stored_with(*cells)
    stored["benchmarks"] = stored["benchmarks"][-1:]
    stored["machine_info"]["runoff"]["contenders"] = {}
    stored["machine_info"]["runoff"]["repeat"] = ["python", "-m", "tox", "-e", "conversion", "--"]
    stored["machine_info"]["runoff"]["control"] = None
    return parse_run(stored)


def test_a_run_of_conversions_alone_has_no_empty_comparison():
    """Where nothing was raced the page has no comparison and no control, but the claim and the matrix's command."""
    run = only_conversions(*CELLS)
    page = render_page(run)
    assert "What converts and where it breaks stands below" in page
    assert 'id="comparison"' not in page
    assert "There was no control" not in page
    assert "The claims under test" in page
    assert "python -m tox -e conversion" in page
    assert "--contenders" not in page
    assert "There was no control" not in render_markdown(run)


@pytest.mark.draws
@pytest.mark.long
def test_the_map_has_columns_of_what_was_tried_and_room_for_their_names():
    """A column in which all was skipped is left out; one of many columns keeps its width and is scrolled."""
    skipped = {**cell("a", SKIPPED), "opset": 17}
    figure = conversion_figure(only_conversions(*CELLS, skipped))
    assert "TorchScript 13" in svg_of(figure)
    assert "TorchScript 17" not in svg_of(figure)
    assert not figure.wide
    many = [{**cell(model, RIGHT), "opset": opset} for model in "ab" for opset in range(100, 140)]
    figure = conversion_figure(only_conversions(*many))
    assert figure.wide
    assert '<figure class="wide">' in render_page(only_conversions(*many))


def test_the_models_own_conversions_stand_apart():
    """What became of the run's own model has a separate table, and changes no share."""
    own = [
        cell("mine (own)", RIGHT, exporter="torchscript") | {"own": True},
        cell("mine (own)", FAILED, RIGHT) | {"own": True, "opset": 17},
        cell("mine (own)", FAILED) | {"own": True, "opset": 18},
    ]
    alone, beside = parse_run(stored_with(*CELLS)), parse_run(stored_with(*CELLS, *own))
    assert section_of(alone, "own-conversion") is None
    assert section_of(beside, "conversion").table == section_of(alone, "conversion").table
    table = section_of(beside, "own-conversion").table
    assert table.caption.startswith("mine (own), exported")
    assert table.rows == (
        ("onnx-tf, TorchScript 13", "right", "–"),
        ("onnx-tf, TorchScript 17", "right after repair", "empty inputs dropped"),
        ("onnx-tf, TorchScript 18", "failed", "Pad at onnx-tf: KeyError: ''"),
    )
    assert section_of(parse_run(stored_with(*own)), "conversion") is None
