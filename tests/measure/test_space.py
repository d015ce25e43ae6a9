"""Is there room for what a run converts? Asked of fakes, on a disk whose free space is made up."""

from __future__ import annotations

import dataclasses
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from runoff.backends import find_backends
from runoff.contract import ONNX, Variant
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment, Installed
from runoff.errors import DiskTooFull, Exit
from runoff.measure import space
from runoff.measure.artifacts import Calibration, Conversions, make_artifact
from runoff.measure.space import require_space, to_make
from runoff.model.sources.architecture import FILE
from runoff.processes.workplace import Workplace
from tests import fakes
from tests.builders.models import resnet18

WEIGHTS = 3_000_000


@pytest.fixture
def conversions(tmp_path: Path) -> Conversions:
    """Give what the fakes are converted with: weights of 3 MB, and no cache yet."""
    weights = tmp_path / "weights.npz"
    weights.write_bytes(bytes(WEIGHTS))
    here = Environment(
        "here", Path(sys.executable), backends=find_backends(fakes), installed=Installed(frozenset({"numpy"}))
    )
    model = resnet18("none", weights, "0" * 64, ("a", "b"), FILE)
    calibration = Calibration(tmp_path / "calibration.npy", "2" * 64)
    return Conversions(model, {"here": here}, lambda: calibration, Workplace(tmp_path, tmp_path / "working"))


def contenders(*names: str) -> list[Contender]:
    """Give fakes by the names of their variants; one that no backend has comes last."""
    variants = {variant.name: variant for variant in find_backends(fakes)["fake"].VARIANTS}
    return [*(Contender("fake", variants[name]) for name in names), Contender("nobody", Variant())]


def test_what_converts_alike_is_one_folder_and_what_is_there_needs_none(conversions):
    """Variants that share an artifact count once, those whose bytes differ each, and a cached one not at all."""
    given = contenders("", "slower", "elsewhere", "companion")
    assert len(to_make(given, conversions)) == len({"what most of them share", "what the companion has beside it"})
    assert to_make(reversed(given), conversions) == to_make(given, conversions)  # whoever has none in between
    make_artifact(given[0], conversions)
    assert to_make(given[:3], conversions) == set()
    assert len(to_make(given, conversions)) == 1


def test_a_disk_with_less_free_is_refused_with_the_estimate(conversions, monkeypatch):
    """What is refused says how much is free, how much is needed and by what estimate, and what to do."""
    free = WEIGHTS

    def usage(path: Path) -> SimpleNamespace:
        assert path == conversions.place.home
        return SimpleNamespace(free=free)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    require_space(contenders(""), conversions)
    free = WEIGHTS - 1_000_000
    with pytest.raises(DiskTooFull) as refused:
        require_space(contenders(""), conversions)
    assert str(refused.value) == (
        f"{conversions.place.home} has 2 MB free, and what is to be converted there takes about 3 MB: 1 folder, each "
        "about as large as the weights; free space (python -m runoff clean removes old caches), name another folder by "
        "RUNOFF_HOME, or give fewer --contenders"
    )
    make_artifact(contenders("")[0], conversions)
    require_space(contenders(""), conversions)
    assert DiskTooFull.exit_code == Exit.UNWRITABLE


def test_weights_are_counted_with_the_files_beside_them(conversions, monkeypatch, tmp_path):
    """An ONNX file may have its numbers in files beside it; weights that are in no file can't be counted."""
    (tmp_path / "numbers.bin").write_bytes(bytes(500))
    asked = []
    monkeypatch.setattr(space, "given_file", lambda model: asked.append(model) or SimpleNamespace(data=["numbers.bin"]))
    assert space.weights_size(conversions) == WEIGHTS
    assert asked == []
    source = dataclasses.replace(conversions.model.source, kind=ONNX)
    onnx = dataclasses.replace(conversions.model, source=source)
    assert space.weights_size(dataclasses.replace(conversions, model=onnx)) == WEIGHTS + 500
    assert asked == [onnx]
    nowhere = dataclasses.replace(onnx, source=dataclasses.replace(source, weights=None))
    assert space.weights_size(dataclasses.replace(conversions, model=nowhere)) == 0
