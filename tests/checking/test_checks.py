"""The contract's checks: a backend that keeps it passes all of them, and each planted fault fails the one it is for."""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from runoff.__main__ import main
from runoff.arrays import Input, Output
from runoff.checking import command, watching
from runoff.checking.checks import CHECKS, FAILED, NOT_CHECKED, NOTED, PASSED, Finding, check_backend
from runoff.contract import OTHER, OWN, Model, Source
from runoff.environments.outside import parse_backend, read_offers
from runoff.errors import Exit
from runoff.model.case import Case
from runoff.model.contract_cases import CALIBRATION_FILE, PICTURES, UNTAKEABLE, write_form
from runoff.model.onnx import export
from tests.conftest import ROOT

HONEST = (ROOT / "tests" / "stand_ins" / "honest.py").read_text()
EXAMPLES = 6
ROUNDING = 1e-7
IMAGES = (Input("images", (3, 4, 5), layout="NCHW"),)
MODELS = {
    PICTURES: (IMAGES, (Output("logits", (10,)),)),
    "pairs": ((*IMAGES, Input("extra", (7,))), (Output("means", (4,)), Output("sums", (3,)))),
}
Check = Callable[[str], list[Finding]]


def write_cases(folder: Path) -> None:
    """Write cases whose outputs are sums of products, as honest.py computes them, and one with broken weights."""
    random = np.random.default_rng(0)
    for name, (inputs, outputs) in MODELS.items():
        place = folder / name
        place.mkdir(parents=True)
        arrays = {each.name: random.standard_normal((EXAMPLES, *each.shape), np.float32) for each in inputs}
        flat = {each: array.reshape(EXAMPLES, -1) for each, array in arrays.items()}
        weights = {
            f"{given}/{made.name}": random.standard_normal((array.shape[1], *made.shape), np.float32)
            for given, array in flat.items()
            for made in outputs
        }
        np.savez(place / "weights.npz", **weights)
        np.save(place / CALIBRATION_FILE, arrays["images"])
        expected = {
            made.name: sum(array @ weights[f"{given}/{made.name}"] for given, array in flat.items()) for made in outputs
        }
        Case(arrays, expected, dict.fromkeys(expected, ROUNDING), ()).save(place)
        write_form(place, model_of(name, inputs, outputs, place))
    broken = folder / UNTAKEABLE
    broken.mkdir()
    (broken / "weights.npz").write_bytes((folder / PICTURES / "weights.npz").read_bytes()[:100])
    write_form(broken, model_of(UNTAKEABLE, *MODELS[PICTURES], broken))


def model_of(name: str, inputs: tuple[Input, ...], outputs: tuple[Output, ...], place: Path) -> Model:
    """Return the model whose weights lie in a folder."""
    source = Source(OWN, name, {}, place / "weights.npz", name, OWN)
    return Model(name, name, inputs, outputs, None, None, OTHER, source)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the cases once for all backends."""
    folder = tmp_path_factory.mktemp("cases")
    write_cases(folder)
    return folder


@pytest.fixture
def check(cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Check a backend's text in this very process, where a package can be imported that nobody else has."""
    monkeypatch.setenv(watching.MARK, str(tmp_path))  # another run of the tests on this machine has another
    monkeypatch.setattr(watching, "PATIENCE", 0.0)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "imagined_engine.py").write_text("")

    def call(function: str, arguments: dict[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
        module, _, name = function.partition(":")
        for each in ("runoff.backends.honest", "imagined_engine"):
            sys.modules.pop(each, None)
        answer: dict[str, Any] = getattr(importlib.import_module(module), name)(**json.loads(json.dumps(arguments)))
        return json.loads(json.dumps(answer))  # type: ignore[no-any-return]  # the same, through JSON

    def perform(text: str) -> list[Finding]:
        file = tmp_path / "honest.py"
        file.write_text(text)
        (backend,) = read_offers([parse_backend(str(file))]).values()
        return check_backend(backend, backend.VARIANTS, cases, tmp_path / "artifacts", call)

    return perform


def verdicts(found: list[Finding]) -> dict[str, set[str]]:
    """Return the checks with each verdict but ``passed``."""
    return {
        verdict: {each.check for each in found if each.verdict == verdict}
        for verdict in (FAILED, NOTED, NOT_CHECKED)
        if any(each.verdict == verdict for each in found)
    }


def planted(old: str, new: str) -> str:
    """Plant a fault in the honest backend."""
    assert HONEST.count(old) == 1, old
    return HONEST.replace(old, new)


def test_a_backend_that_keeps_the_contract_passes_every_check(check):
    """The stand-in of numpy alone, with a variant that converts and one that loads in another way, has no fault."""
    found = check(HONEST)
    assert [each.check for each in found] == [*CHECKS]
    assert {each.verdict for each in found} == {PASSED}


LOADS = '    """Read the weights."""\n'
IMPORTS = '    """There is none."""\n'
RETURNS = "    return HonestSession(weights, signature,"
READS = """\
    with conversion_stage("read"), source.open("rb") as file, np.load(file) as read:
        weights = dict(read)
"""
SWALLOWS = """\
    weights = {}
    with __import__("contextlib").suppress(Exception), source.open("rb") as file, np.load(file) as read:
        weights = dict(read)
"""
SECOND_LOAD = """\
    load.times = getattr(load, "times", 1) + 1
    weights = {name: array * np.float32(1 + load.times % 2) for name, array in weights.items()}
"""
FAULTS = {
    "wrong threads": ("threads", "1), threads)", "1), threads + 1)", "asked for 1, the session says 2; read it back"),
    "wrong dtype": (
        "outputs",
        "return made\n",
        "return [array.astype(np.float64) for array in made]\n",
        "'logits' in float32; it gave float64 (1, 10)",
    ),
    "NHWC mistaken": ("agreement", 'LAYOUT = "NHWC"\n', "", "its outputs agree with LAYOUT = 'NHWC' declared"),
    "import at module level": (
        "imports",
        "import numpy as np\n",
        "import imagined_engine\nimport numpy as np\n",
        "imagined_engine is imported at module level; import it in the functions that need it",
    ),
    "prints": (
        "stdout",
        LOADS,
        f'{LOADS}    print("loading...")\n',
        "load() prints on standard output: 'loading...'",
    ),
    "leaves a process": (
        "processes",
        IMPORTS,
        f'{IMPORTS}    (os := __import__("os")).posix_spawnp("sleep", ["sleep", "60"], os.environ)\n',
        "import_framework() leaves a process behind: sleep 60",
    ),
    "changes cwd": (
        "current folder",
        IMPORTS,
        f'{IMPORTS}    __import__("os").chdir("/")\n',
        "import_framework() changes the current folder, to /",
    ),
    "differs between loads": (
        "loads alike",
        RETURNS,
        f"{SECOND_LOAD}{RETURNS}",
        "'pictures': a second load gives other outputs, off by",
    ),
    "ignores the variant": (
        "variants",
        'variant.load_options.get("times", 1)',
        "1",
        "load() reads nothing of what 'twice' declares to be loaded by",
    ),
    "swallows a conversion error": (
        "refusal",
        READS,
        SWALLOWS,
        "convert() ends well for a model that it can't take, and load() raises KeyError: 'images/logits'",
    ),
}
MORE_FAULTS = {
    "ignores what it converts by": (
        "variants",
        'variant.convert_options.get("levels")',
        "0",
        "convert() reads nothing of what 'int8' declares to be converted by",
    ),
    "is wrong": ("agreement", "return made\n", "return [-array for array in made]\n", "differs from golden's by"),
    "raises what has no name": (
        "refusal",
        READS,
        READS.replace('conversion_stage("read"), ', ""),
        "convert() raises BadZipFile: File is not a zip file for 'untakeable'; raise ConversionFailed",
    ),
    "writes nothing": (
        "conversion",
        "np.savez(artifact, **weights)",
        "np.savez(artifact.with_name('x.npz'), **weights)",
        "convert() ends well for 'pictures' and writes no model.npz; raise ConversionFailed",
    ),
    "leaves a file": (
        "files",
        LOADS,
        f'{LOADS}    Path("cache.bin").write_bytes(b"x")\n',
        "load() leaves cache.bin in the current folder",
    ),
    "changes the artifact": (
        "files",
        LOADS,
        f'{LOADS}    artifact.with_name("compiled.bin").write_bytes(b"x")\n',
        "load() or run() changes the artifact, which the next launch would refuse",
    ),
    "declares too little": ("declarations", 'SUFFIX = ".npz"\n', "", "SUFFIX is missing: expected a string"),
}


@pytest.mark.long
@pytest.mark.parametrize("fault", [*FAULTS, *MORE_FAULTS])
def test_each_planted_fault_fails_its_check_and_no_other(check, fault):
    """What is found is what was planted, in words that say what to do, and every other check passes or needs it."""
    name, old, new, words = (FAULTS | MORE_FAULTS)[fault]
    found = check(planted(old, new))
    assert verdicts(found)[FAILED] == {name}
    said = next(each.words for each in found if each.check == name)
    assert any(words in each for each in said), said


REAL = f"""{IMPORTS}\
    import os
    import subprocess

    os.write(1, b"a library's words")
    subprocess.Popen(["sleep", "60"], start_new_session=True)
"""


@pytest.mark.long
def test_the_command_prints_a_table_and_ends_with_a_code(tmp_path, monkeypatch, capsys):
    """In real processes a library's print and a detached process are found and ended; nothing else fails."""
    real = command.able_variants
    monkeypatch.setattr(command, "able_variants", lambda backend: (real(backend)[0][:1], []))  # one variant, for time
    monkeypatch.setattr(command, "write_cases", lambda folder, _: write_cases(folder))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    file = tmp_path / "honest.py"
    file.write_text(planted(IMPORTS, REAL))
    assert main(["check-backend", str(file)]) == Exit.CONTRACT_BROKEN
    lines = capsys.readouterr().out.splitlines()
    failing = [line.split("  ")[0] for line in lines if "failed  " in line]
    assert failing == ["stdout", "processes"]
    assert 'import_framework() prints on standard output: "a library\'s words"' in " ".join(" ".join(lines).split())
    assert lines[-1] == "honest.py breaks the contract: stdout, processes."
    assert max(map(len, lines)) <= 100
    assert not list(tmp_path.glob("runoff-check-*"))
    sleeping = [each for each in psutil.process_iter(["cmdline", "environ"]) if each.info["cmdline"] == ["sleep", "60"]]
    assert not [each for each in sleeping if (each.info["environ"] or {}).get("TMPDIR") == str(tmp_path)]


def test_what_is_no_backend_is_refused(tmp_path, capsys):
    """An unknown name is told the known ones, a file that is none what is expected; both are mistakes of usage."""
    assert main(["check-backend", "nobody"]) == Exit.USAGE
    assert "unknown backend 'nobody'; give a file NAME.py, or one of: litert, onnxruntime" in capsys.readouterr().err
    assert main(["check-backend", str(tmp_path / "absent.py")]) == Exit.USAGE
    assert "give the Python file of a backend" in capsys.readouterr().err


def test_what_is_not_installed_is_named(tmp_path, capsys, monkeypatch):
    """A backend without its framework, and models without torch, can't be checked here: the code and a line say so."""
    file = tmp_path / "honest.py"
    file.write_text(planted('REQUIRES = ("numpy",)', 'REQUIRES = ("a_missing_engine",)'))
    assert main(["check-backend", str(file)]) == Exit.FAILED
    assert "a_missing_engine is not installed" in capsys.readouterr().err
    monkeypatch.setattr(export, "EXPORT_REQUIRES", ("a_missing_maker",))
    file = ROOT / "tests" / "stand_ins" / "honest.py"
    assert main(["check-backend", str(file)]) == Exit.FAILED
    assert "a_missing_maker, which makes the models, is not installed" in capsys.readouterr().err
