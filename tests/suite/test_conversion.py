"""The conversion matrix as a user runs it: what a converter fails of is stored, also where it fails of everything."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from tests.lanes import in_full
from tests.suite_runs import ROOT, copied_suite, put_fakes_in

MODELS = ("imagined", "imagined too")
CONVERSIONS = ("-m", "conversion", "-p", "no_page")

CONVERTER = '''

def convert(form: Form, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """{what}."""
    with conversion_stage("imagined stage"):
        {does}
    artifact.write_text("made")


class TenNumbers:
    """Each picture's first ten numbers."""

    threads = 1

    def run(self, inputs: Arrays) -> list[Logits]:
        """Return what is right."""
        (batch,) = inputs.values()
        return [batch.reshape(len(batch), -1)[:, :10]]


def load(artifact: Path, signature: Signature, variant: Variant, threads: int) -> TenNumbers:
    """Load nothing."""
    return TenNumbers()
'''


@pytest.fixture(scope="module")
def imagining(tmp_path_factory):
    """Copy the suite with the fake alone, two models, an exporter that needs no torch, and what exporting needs."""
    with copied_suite(tmp_path_factory.mktemp("imagining"), reference="fake") as copied:
        put_fakes_in(copied)
        shutil.copy(ROOT / "tests" / "stand_ins" / "zoo.py", copied.root / "runoff" / "model" / "zoo.py")
        exporter = copied.root / "runoff" / "model" / "onnx" / "export.py"
        needed = 'EXPORTERS = {TORCHSCRIPT: ("numpy",), DYNAMO: ("numpy",)}\n'
        exporter.write_text(exporter.read_text().replace("DISTRIBUTIONS = ", f"{needed}DISTRIBUTIONS = ", 1))
        matrix = copied.root / "fixtures" / "conversion.py"
        models = f"QUICK_MODELS = {MODELS!r}"
        few, times = re.subn(r"^QUICK_MODELS = \(.*?^\)", models, matrix.read_text(), flags=re.DOTALL | re.MULTILINE)
        assert times == 1
        matrix.write_text(few)
        yield copied


@pytest.fixture
def converting(imagining):
    """Give what puts a converter that does as it is told into the copy, whose caches are empty."""

    def make(what: str, does: str, needs: str = "numpy"):
        fake = (ROOT / "tests" / "fakes" / "fake.py").read_text()
        fake = fake.replace("FORM = MODULE", 'FORM = "onnx"')
        declared = f'CONVERTERS = {{"numpy": "imagined"}}\nCONVERT_REQUIRES = ("{needs}",)\n'
        fake = fake.replace("VARIANTS = (", f"{declared}VARIANTS = (")
        made = fake + CONVERTER.format(what=what, does=does)
        (imagining.root / "runoff" / "backends" / "imagined.py").write_text(made)
        for left in (".runoff", "results"):
            shutil.rmtree(imagining.root / left, ignore_errors=True)
        return imagining

    return make


def stored_cells(suite, run):
    """Run the matrix and give its one stored benchmark and its cells."""
    assert run.returncode == 0, run.stdout + run.stderr
    (benchmark,) = json.loads((suite.root / "results" / "runoff.json").read_text())["benchmarks"]
    return benchmark, benchmark["extra_info"]["cells"]


@pytest.mark.parametrize(
    ("what", "does", "stage", "reason"),
    [
        ("Raise", 'raise KeyError("Pad is not implemented.")', "imagined stage", "KeyError: 'Pad is not implemented.'"),
        *in_full(("End the process", "os._exit(3)", "convert", "ended")),
    ],
)
def test_a_converter_that_fails_of_everything_is_stored(converting, what, does, stage, reason):
    """Where nothing converts, every failure is stored with its stage, its reason and how long it took."""
    suite = converting(what, does)
    benchmark, cells = stored_cells(suite, suite.run(*CONVERSIONS))
    assert [cell["model"] for cell in cells] == list(MODELS)
    assert {(cell["plain"]["result"], cell["plain"]["stage"]) for cell in cells} == {("failed", stage)}
    assert all(reason in cell["plain"]["reason"] for cell in cells), cells[0]
    seconds = [cell["plain"]["seconds"] for cell in cells]
    assert min(seconds) > 0
    assert benchmark["stats"]["rounds"] == len(cells)
    assert benchmark["stats"]["max"] == pytest.approx(max(seconds))


@pytest.mark.full
def test_what_converts_is_stored(converting):
    """What converts is stored as right, and the summary names the converter."""
    suite = converting("Give what is right", "pass")
    run = suite.run(*CONVERSIONS)
    _, cells = stored_cells(suite, run)
    assert {cell["plain"]["result"] for cell in cells} == {"right"}
    assert "imagined" in run.stdout


@pytest.mark.full
def test_conversions_alone_need_no_weights_and_no_golden(converting):
    """A run of conversions alone prepares no model unless one is asked for: a missing reference costs nothing."""
    suite = converting("Give what is right", "pass")
    run = suite.run(*CONVERSIONS, "--weights", "builtin")
    _, cells = stored_cells(suite, run)
    assert {cell["plain"]["result"] for cell in cells} == {"right"}
    about = json.loads((suite.root / "results" / "runoff.json").read_text())["machine_info"]["runoff"]
    assert about["model"] is None
    assert not (suite.root / ".runoff" / "golden").exists()


def test_a_converter_that_is_not_installed_is_skipped_with_its_reason(converting):
    """A converter whose module no environment has is skipped before anything is exported, and says what it needs."""
    suite = converting("Give nothing", "pass", needs="converter_of_nobody")
    run = suite.run(*CONVERSIONS, "-rs")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "no environment of this run has all of numpy, converter_of_nobody, numpy" in " ".join(run.stdout.split())
    assert not (suite.root / ".runoff" / "conversions").exists()


@pytest.mark.full
def test_the_time_begins_when_contenders_are_prepared(converting):
    """Converting and checking the contenders takes nothing of --max-time, though the matrix comes before the race."""
    suite = converting("Convert nothing", "pass")
    few = ("-m", "not service", "-k", "test_conversion or test_inference", "--contenders", "fake")
    run = suite.run(*few, "--launches", "1", "--rounds", "2", "--max-time", "10m", "--setup-show", "-p", "no_page")
    assert run.returncode == 0, run.stdout + run.stderr
    begun = [line.split()[2] for line in run.stdout.splitlines() if line.split()[:1] == ["SETUP"]]
    assert begun.index("preparation") < begun.index("deadline") < begun.index("cells")
