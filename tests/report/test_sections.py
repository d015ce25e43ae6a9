"""The sections of questions beyond the comparison: absent without data, the same on page, terminal and in Markdown."""

from __future__ import annotations

import pytest

from runoff.answer.limits import parse_limits
from runoff.judge.ratios import Ratio
from runoff.report.write.markdown import render_markdown
from runoff.report.write.page import render_page
from runoff.report.write.terminal import render_table
from runoff.stored.run import StoredRun, parse_run
from runoff.stored.schema import StoredRunBroken, write_record
from tests.builders.stored_runs import about, benchmark, keep_groups, make_stored_run
from tests.report.reading import notes_of, section_of

TO_FLOAT32 = write_record(Ratio(0.31, 0.30, 0.32, 0.95, 8, 0.95, "onnxruntime"))
QUANTISATION = {
    "precision": "int8",
    "images": 595,
    "decided": 571,
    "decided_agreement": 0.9982,
    "all_agreement": 0.995,
    "floor": 0.99,
    "lead": 0.1,
    "rms_difference": 0.042,
    "largest_difference": 0.69,
    "disagreeing": [],
    "ratio_to_float32": TO_FLOAT32,
}
FOOTPRINT = {
    "own_bytes": 80_000_000,
    "shared_bytes": 81_000_000,
    "artifact_bytes": 47_000_000,
    "packages": [
        {"name": "<engine>", "version": "1", "bytes": 80_000_000, "shared_with": []},
        {"name": "numpy", "version": "2", "bytes": 81_000_000, "shared_with": ["pytorch"]},
        {"name": "hidden", "version": "3", "bytes": None, "shared_with": []},
    ],
}
EFFICIENCY = {
    "flop": 3_628_146_688,
    "padding_flop": 267_364_864,
    "operations_per_second": 206e9,
    "peak": {"precision": "float32", "operations_per_second": 226e9, "library": "engine", "kernel": "product"},
    "share": 0.911,
    "reason": None,
    "bound": {"by": "compute", "intensity": 52.2, "balance": 7.4, "attainable": 226e9},
}
QUESTIONS = {
    "quantisation": (0.042, QUANTISATION, ("99.8 %", "99 %", "571 of 595", "0.042", "0.310 [0.300, 0.320]")),
    "footprint": (208e6, FOOTPRINT, ("208", "80", "81", "47", "<engine> 80", "hidden")),
    "efficiency": (1.1, EFFICIENCY, ("206", "226", "91 %", "52", "compute-bound", "3.63 billion", "7 % of which")),
}


def stored_with(group):
    """Make a stored run that answers one of the questions for ONNX Runtime, beside how long an inference takes."""
    value, told, _ = QUESTIONS[group]
    stored = make_stored_run()
    keep_groups(stored, "inference")
    stored["benchmarks"].append(benchmark(group, "onnxruntime", value, None, **told))
    return stored


@pytest.mark.long
@pytest.mark.parametrize("group", QUESTIONS)
def test_a_question_has_a_section_where_it_was_asked(group):
    """Its figures stand on the terminal within 100 columns, in Markdown and on the page, which escapes them."""
    run = parse_run(stored_with(group))
    section = section_of(run, group)
    words = QUESTIONS[group][2]
    text = render_table(run)
    page, markdown = render_page(run), render_markdown(run)
    assert max(map(len, text.splitlines())) <= 100
    flat = " ".join(text.split())
    for word in words:
        assert word in " ".join((*section.table.rows[0], *notes_of(section)))
        assert word.replace("<", "&lt;").replace(">", "&gt;") in page
        assert word.replace("<", "\\<").replace(">", "\\>").replace("[", "\\[").replace("]", "\\]") in markdown
    assert section.title in flat
    assert f'<h2 id="{section.name}">{section.title}</h2>' in page
    assert section.title in markdown


def test_a_share_above_the_peak_is_told_with_its_causes():
    """A contender that reaches more than the measured peak is named, and what to do stands with it; below it is not."""
    stored = stored_with("efficiency")
    section = section_of(parse_run(stored), "efficiency")
    assert "Above the measured peak" not in " ".join(notes_of(section))
    stored["benchmarks"][-1]["extra_info"]["share"] = 1.02
    section = section_of(parse_run(stored), "efficiency")
    assert "Above the measured peak: onnxruntime." in notes_of(section)[-1]
    assert "measure again" in notes_of(section)[-1]


@pytest.mark.long
def test_no_section_without_data():
    """A run in which none of them was asked has no section and no heading of one."""
    stored = make_stored_run()
    keep_groups(stored, "inference")
    run = parse_run(stored)
    assert not [group for group in QUESTIONS if section_of(run, group)]
    assert 'id="footprint"' not in render_page(run)


@pytest.mark.parametrize(
    ("group", "field"),
    [("quantisation", "decided"), ("quantisation", "floor"), ("footprint", "packages"), ("efficiency", "flop")],
)
def test_a_broken_field_is_named(group, field):
    """A section whose stored values are not what they should be is refused with the field."""
    stored = stored_with(group)
    stored["benchmarks"][-1]["extra_info"][field] = "x"
    with pytest.raises(StoredRunBroken, match=rf"extra_info\.{field}: expected"):
        parse_run(stored)


def test_shares_of_the_peak_and_megabytes_are_columns_too():
    """Where they were asked, the comparison has them beside the latency, unless the terminal is too narrow."""
    stored = stored_with("efficiency")
    value, told, _ = QUESTIONS["footprint"]
    known = {**told, "packages": told["packages"][:2]}
    stored["benchmarks"].append(benchmark("footprint", "onnxruntime", value, None, **known))
    markdown = render_markdown(parse_run(stored))
    assert "| deploy MB | of peak |" in markdown
    assert "| 208 | 91 % |" in markdown


def test_a_footprint_that_is_not_wholly_known_is_no_figure_to_choose_by():
    """Where a package's size is not known, the sum is told as at least so much, is no column, and meets no limit."""
    run = parse_run(stored_with("footprint"))
    row = next(row for row in run.rows if row.contender == "onnxruntime")
    (limit,) = parse_limits("footprint<10GB")
    assert not limit.admits(limit.metric.read(row))
    markdown = render_markdown(run)
    assert "deploy MB" not in markdown
    assert "| onnxruntime | ≥ 208 |" in markdown


def test_what_contenders_agree_with_is_named_by_the_stored_model():
    """Pictures and method name the model and its source, whichever was raced, and no source that it did not have."""
    stored = make_stored_run()
    about(stored)["model"].update(name="timm:vit_tiny", source={"kind": "timm", "origin": "hub", "version": "1.0.31"})
    run = parse_run(stored)
    setting, method = section_of(run, "setting"), section_of(run, "method")
    assert dict(setting.details)["Model"][:2] == ("timm:vit_tiny with builtin weights", "source timm 1.0.31")
    assert dict(setting.details)["Pictures"] == ("83, compared with the answers of timm’s own vit_tiny",)
    assert "A contender is timed only after its answers agreed with those of timm’s own vit_tiny." in notes_of(method)
    assert "torchvision" not in " ".join([*map(str, setting.details), *notes_of(method)]).lower()


def test_what_a_picture_becomes_is_said():
    """Size, rule, numbers and layout are in the setting; of a run of before they were stored nothing is said."""
    stored = make_stored_run()
    said = dict(section_of(parse_run(stored), "setting").details)["Preprocessing"]
    assert said == (
        "resized to 256×256 (center, bilinear), of which the middle 224×224",
        "RGB divided by 255, mean 0.485, 0.456, 0.406, deviation 0.229, 0.224, 0.225, NCHW",
    )
    del about(stored)["model"]["preprocessing"]
    assert "Preprocessing" not in dict(section_of(parse_run(stored), "setting").details)


def test_a_model_is_described_wherever_a_run_is_shown():
    """Terminal, Markdown and page name its source and hash, its inputs and outputs, and the number of its classes."""
    stored = make_stored_run()
    inputs = [{"name": "tokens", "shape": [16], "dtype": "int64"}, {"name": "rate", "shape": [], "dtype": "float32"}]
    outputs = [{"name": "scores", "shape": [1000], "dtype": "float32"}, {"name": "boxes", "shape": None}]
    source = {"kind": "factory", "origin": "own"}
    about(stored)["model"] = {
        "name": "models.own:make",
        "weights": "own",
        "sha256": "ab" * 32,
        "source": source,
        "inputs": inputs,
        "outputs": outputs,
        "classes": 1000,
    }
    run = parse_run(stored)
    known = (
        "models.own:make with own weights, source factory, SHA-256 abababababababab…",
        "Inputs: tokens 16 int64, rate one number float32",
        "Outputs: scores 1000 float32, boxes shape unknown float32, 1,000 classes",
    )
    for text in (render_table(run, width=1000), render_markdown(run)):
        assert all(each in text for each in known)
    details = dict(section_of(run, "setting").details)
    assert details["Pictures"] == ("83, compared with the answers of models.own:make itself",)
    assert details["Inputs"] == ("tokens 16 int64", "rate one number float32")
    assert details["Outputs"][-1] == "1,000 classes"


def test_what_agrees_is_said_of_a_model_that_is_no_classifier():
    """Its outputs, what they are held to, and whether a tolerance judges reduced precision; a classifier needs none."""
    stored = make_stored_run()
    assert "Outputs agree" not in render_markdown(parse_run(stored))
    about(stored)["model"] |= {"task": "other", "outputs": [{"name": "mask", "shape": [2, 8, 8]}]}
    shown = render_markdown(parse_run(stored))
    assert "every number of mask is within 100 of golden’s own roundings, and whole numbers are equal" in shown
    assert "only shown, since there is no --tolerance" in shown
    about(stored)["tolerance"] = 0.02
    assert "judged by --tolerance: at most 2% off" in render_markdown(parse_run(stored))


GOLDEN = "ONNX Runtime in float32, without graph optimisation"
UNCHECKED = (
    "Golden is unchecked, so that a mistake of ONNX Runtime’s would be golden’s, too: onnx's reference evaluator in "
    "float64 did not do it (LSTM: TypeError)."
)


def checked_by(check: dict) -> StoredRun:
    """Return a run of an ONNX file whose golden was checked so."""
    stored = make_stored_run()
    about(stored)["golden"] = {"rounding": 1e-6, "check": {"by": "onnx's reference evaluator in float64", **check}}
    return parse_run(stored)


def test_how_golden_of_a_file_was_checked_is_said():
    """The setting says on how many examples by what, and the comparison says nothing of a golden that was checked."""
    run = checked_by({"examples": 3, "difference": 2.14e-6})
    assert dict(section_of(run, "setting").details)["Pictures"] == (
        f"83, compared with the answers of {GOLDEN}",
        "Golden was checked by onnx's reference evaluator in float64 on 3 examples: off by 2e-06 of an output’s "
        "largest number at most.",
    )
    assert GOLDEN in " ".join(notes_of(section_of(run, "method")))
    assert "Golden" not in " ".join(notes_of(section_of(run, "comparison")))


@pytest.mark.parametrize(
    ("witness", "said"),
    [
        (None, ""),
        (
            {"by": "OpenVINO's float32", "difference": 3e-7},
            " OpenVINO's float32 is off by 3e-07 of an output’s largest",
        ),
        ({"by": "OpenVINO's float32", "reason": "it is ill"}, " OpenVINO's float32 is no witness: it is ill."),
    ],
    ids=["nobody", "a difference", "no answer"],
)
def test_an_unchecked_golden_is_said_wherever_it_is_compared_with(witness, said):
    """The comparison, which a terminal shows too, says that golden is unchecked, why, and what a witness says."""
    run = checked_by({"reason": "LSTM: TypeError", **({"witness": witness} if witness else {})})
    (note,) = (note for note in notes_of(section_of(run, "comparison")) if note.startswith("Golden"))
    assert note.startswith(f"{UNCHECKED}{said}")
    assert note in dict(section_of(run, "setting").details)["Pictures"]


def test_probabilities_are_called_so():
    """Where a classifier gives probabilities, differences are of these and not of logits."""
    stored = make_stored_run()

    def headings():
        return [column.heading for column in section_of(parse_run(stored), "setting").table.columns]

    assert "largest difference\nof a logit" in headings()
    about(stored)["model"]["outputs"] = [{"name": "shares", "shape": [1000], "probabilities": True}]
    assert "largest difference\nof a probability" in headings()
    about(stored)["model"]["task"] = "other"
    assert "largest difference\nof an output" in headings()
