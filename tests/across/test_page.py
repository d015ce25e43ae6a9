"""Is the page of many models whole, safe and self-contained, and does it say what was found?"""

from __future__ import annotations

import re

import pytest

from runoff.across import words
from runoff.across.journal import read_entries
from runoff.across.ranking import across_models
from runoff.across.writing import render_markdown, render_page
from tests.builders.many_models import fail_model, make_model_run, store_model
from tests.builders.stored_runs import INJECTION, about, came_of
from tests.report.test_page import Page

CONTENDERS = ("pytorch", "onnxruntime", "openvino", "tensorflow")
MODELS = ("squeezenet1_1", "resnet18", "timm:levit_128", "mobilenet_v2", "efficientnet_b0", "densenet121", "swin_t")


@pytest.fixture
def folder(tmp_path):
    """Five models with an answer, one of which onnxruntime wins, one that failed and one that was not tried."""
    for place, model in enumerate(MODELS[:5]):
        ratios = {"onnxruntime": 0.7, "openvino": 0.6 if place else 0.8}
        store_model(tmp_path, model, make_model_run(model, ratios, megabytes=5.0 + place))
    fail_model(tmp_path, "densenet121", "UsageError: something is missing")
    return tmp_path


def read(folder, models=MODELS):
    """Read the models."""
    return across_models(read_entries(folder, models, CONTENDERS))


def row_of(across, model):
    """Return a model's cells by their headings."""
    table = words.model_table(across)
    (cells,) = (row for row in table.rows if row[0] == model)
    return dict(zip([column.heading for column in table.columns], cells, strict=True))


def test_the_answer_counts_clear_winners(folder):
    """Two winners are a yes; who wins what is said, and on which machine."""
    assert words.answer(read(folder)) == (
        "Yes, the winner changes with the model: of 5 models (Example CPU, 2 threads), the fastest is "
        "openvino on 4 and onnxruntime on 1."
    )


def test_one_winner_is_a_no_and_no_winner_is_not_shown(folder):
    """A no takes a winner on every model: what is not told apart is counted, and leaves it open."""
    assert words.answer(read(folder, MODELS[1:5])) == (
        "No, the winner is the same on all of 4 models (Example CPU, 2 threads): openvino."
    )
    store_model(folder, "mobilenet_v2", make_model_run("mobilenet_v2", {"onnxruntime": 0.6, "openvino": 0.601}))
    some = words.answer(read(folder, MODELS[1:5]))
    assert some.startswith("That is not shown: of 4 models")
    assert some.endswith("the fastest is openvino on 3; on 1 the fastest is not told apart from the next.")
    assert words.answer(read(folder, ("mobilenet_v2",))).startswith("That is not shown: of 1 model")
    assert words.answer(read(folder, ("swin_t",))) == "No model has a run yet that says which runtime is the fastest."


def test_a_row_has_the_winner_with_its_interval_and_every_ratio(folder):
    """Contenders that were left out or not timed have a word in the place of their ratio."""
    assert row_of(read(folder), "resnet18") == {
        "model": "resnet18",
        "weights MB": "6.0",
        "pytorch ms": "25.0",
        "fastest": "openvino",
        "openvino": "0.600 [0.588, 0.612]",
        "onnxruntime": "0.700 [0.686, 0.714]",
    }
    converted = make_model_run("resnet18", {"onnxruntime": 0.7, "openvino": 0.601, "tensorflow": 1.2})
    about(converted)["contenders"]["onnxruntime"] = came_of("conversion failed", "convert", "Resize is not supported")
    store_model(folder, "resnet18", converted)
    across = read(folder)
    assert row_of(across, "resnet18")["onnxruntime"] == "conversion failed"
    assert row_of(across, "timm:levit_128")["tensorflow"] == "left out"
    assert row_of(across, "swin_t")["fastest"] == "no answer"
    assert [row[0] for row in words.model_table(across).rows[-2:]] == ["densenet121", "swin_t"]


def test_no_clear_winner_names_those_that_are_not_told_apart(folder):
    """A row has all of them, the fastest first."""
    store_model(folder, "resnet18", make_model_run("resnet18", {"onnxruntime": 0.6, "openvino": 0.601}))
    assert row_of(read(folder), "resnet18")["fastest"] == "onnxruntime ≈ openvino"


def test_what_failed_is_said_with_the_reason(folder):
    """A model without a run, a run without an answer, and a contender that was not timed are a row each."""
    wrong = make_model_run("resnet18", {"onnxruntime": 0.7})
    about(wrong)["contenders"]["onnxruntime"] = came_of("wrong", "check", "Top-1 differs on 12 of 83 pictures")
    about(wrong)["control"] |= {"value": 1.3, "low": 1.2, "high": 1.4}
    store_model(folder, "resnet18", wrong)
    rows = {row[:2]: row[2] for row in words.failures(read(folder)).rows}
    assert rows["densenet121", "all"] == "UsageError: something is missing"
    assert rows["swin_t", "all"] == "not tried yet; run it again to go on from here"
    assert rows["resnet18", "all"].startswith("This run is invalid")
    assert rows["resnet18", "onnxruntime"] == "wrong at check: Top-1 differs on 12 of 83 pictures"
    assert len(rows) == 4


def test_who_was_left_out_and_other_settings_are_remarked(folder):
    """The seconds that decided are named, and so is a run on another machine or of another revision."""
    other = make_model_run("resnet18", {"onnxruntime": 0.7, "openvino": 0.6})
    about(other)["stratum"]["threads"] = 4
    other["commit_info"] = {"id": "def456", "dirty": False}
    store_model(folder, "resnet18", other)
    (left,), (setting, commits) = words.left_out(read(folder)), words.remarks(read(folder))
    assert left.startswith("tensorflow was left out of 2 models")
    assert "timm:levit_128 (140 s), swin_t (131 s)." in left
    assert setting == "resnet18 was raced in another setting: threads: 2 → 4."
    assert commits == "The runs are of 2 revisions: abc123 with changes, def456."


@pytest.mark.draws
@pytest.mark.long
def test_the_page_is_self_contained(folder):
    """It asks for nothing, has no script, and links only to the pages of the runs beside it."""
    html = render_page(read(folder))
    assert set(re.findall(r"https?://[^\s\"'<>)]+", html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    page = Page(html)
    assert not page.all("script")
    assert [link["href"] for link in page.all("a")][2] == "timm-levit_128/index.html"
    assert len(page.all("a")) == 5


@pytest.mark.long
def test_the_page_has_everything(folder):
    """Answer, costs, concordance, chart with its words, each table, setting, revision, and what the models are not."""
    page = Page(render_page(read(folder)))
    for expected in (
        "Yes, the winner changes with the model",
        "openvino has the smallest worst case: 1.14× the time of the fastest",
        "Kendall’s W",
        "no random sample of all models",
        "UsageError: something is missing",
        "Wilson",
        "abc123 with changes",
        "Example CPU, 2 threads",
        "8 launches × 20 rounds a model",
        "in all for 6 models",
        "torchvision",
        "Only the mean ranks are means over models",
    ):
        assert expected in page.text
    (described,) = (each["aria-label"] for each in page.all("svg") if each.get("role") == "img")
    assert "resnet18: openvino 0.60, onnxruntime 0.70" in described


@pytest.mark.long
def test_what_a_run_says_stays_text(folder):
    """Markup in a reason or a name is shown and not obeyed, on the page and in Markdown."""
    fail_model(folder, "swin_t", INJECTION)
    across = read(folder)
    assert "<script>alert" not in render_page(across)
    assert "<script>" not in render_markdown(across)


def test_the_page_of_nothing_is_a_page(tmp_path):
    """Without any run it says so, and has no table but that of what failed and no chart."""
    page = Page(render_page(read(tmp_path)))
    assert "No model has a run yet" in page.text
    assert not page.all("svg")


def test_markdown_names_the_stored_runs(folder):
    """It has the answer, the table, and the moment of each run that it was made of."""
    text = render_markdown(read(folder))
    assert text.startswith("# Does the winner change with the model?\n\n**Yes, the winner changes with the model")
    assert "| resnet18 | 6.0 | 25.0 | openvino | 0.600 \\[0.588, 0.612\\] |" in text
    assert "- **Stored runs**: squeezenet1\\_1, 2026-01-02 03:04:05" in text
