"""Artifacts: converted once, kept by everything that went into them, refused when changed by hand."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from runoff.backends import find_backends
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment, Installed
from runoff.errors import ArtifactBroken, ConversionFailed
from runoff.measure import artifacts
from runoff.measure.artifacts import Calibration, artifact_key, make_artifact
from runoff.model.resnet18 import FILE, resnet18
from runoff.processes.temporary import LOCK, owned_folder
from tests import fakes

INSTALLED = Installed(frozenset({"numpy"}), {"numpy": "1.26.4"})
CALIBRATION = Calibration(Path("calibration.npy"), "2" * 64)


def converter(installed: Installed) -> Environment:
    """Give this interpreter as one that holds such things."""
    return Environment("here", Path(sys.executable), backends=find_backends(fakes), installed=installed)


@pytest.fixture
def model(tmp_path):
    """Return a model; the fake never opens its file."""
    return resnet18("none", tmp_path / "weights.npz", "0" * 64, ("a", "b"), FILE)


@pytest.fixture
def make(model, tmp_path):
    """Make the artifact of a fake variant."""
    backend = find_backends(fakes)["fake"]

    def make_one(variant="", installed=INSTALLED):
        chosen = next(candidate for candidate in backend.VARIANTS if candidate.name == variant)
        folder, logs = tmp_path / "artifacts", tmp_path / "logs"
        return make_artifact(
            Contender("fake", chosen),
            model,
            converter=converter(installed),
            calibration=lambda: CALIBRATION,
            folder=folder,
            logs=logs,
        )

    return make_one


def test_the_second_time_comes_from_the_cache(make):
    """An artifact is converted once; the second time it is the same file, with the first conversion's seconds."""
    first, second = make(), make()
    assert (first.cached, second.cached) == (False, True)
    assert (first.path, first.sha256, first.conversion_seconds) == (
        second.path,
        second.sha256,
        second.conversion_seconds,
    )
    assert first.size == first.path.stat().st_size


def test_what_another_run_has_made_meanwhile_is_as_good(make, monkeypatch):
    """Where two runs that share a cache convert the same at once, the later one takes what is there already."""
    measure = artifacts.measure_files
    made = []

    def overtaken(home: Path) -> tuple[int, str]:
        if not made:
            made.append(None)
            made[0] = make()
        return measure(home)

    monkeypatch.setattr(artifacts, "measure_files", overtaken)
    late = make()
    assert (late.path, late.sha256) == (made[0].path, made[0].sha256)


def test_a_conversion_that_was_killed_is_cleared_away(make, tmp_path):
    """What a converter's killed owner left half done goes with the next conversion; one still going on stays."""
    folder = tmp_path / "artifacts"
    (folder / "converting-killed").mkdir(parents=True)
    (folder / "converting-killed" / LOCK).write_text("")
    with owned_folder(folder, "converting-") as going:
        kept = make().path.parent
        assert set(folder.iterdir()) == {going, kept}
    assert list(folder.iterdir()) == [kept]


def test_the_key_holds_everything_that_goes_in(model):
    """Another model, variant, converter version or source gives another key."""
    backend = find_backends(fakes)["fake"]
    plain, slower = (Contender("fake", variant) for variant in backend.VARIANTS[:2])
    other = resnet18("none", model.source.weights, "1" * 64, ("a", "b"), FILE)
    one, two = (converter(Installed(frozenset(), {"numpy": version})) for version in "12")
    keys = {
        artifact_key(plain, model, one, lambda: CALIBRATION),
        artifact_key(plain, model, two, lambda: CALIBRATION),
        artifact_key(slower, model, one, lambda: CALIBRATION),
        artifact_key(plain, other, one, lambda: CALIBRATION),
    }
    assert len(keys) == 4


@pytest.mark.parametrize(("calibrated", "keys"), [(True, 2), (False, 1)])
def test_only_a_calibrated_variants_key_holds_the_pictures(model, calibrated, keys):
    """Other calibration pictures make another artifact of a calibrated variant, and the same one of any other."""
    backend = find_backends(fakes)["fake"]
    contender = Contender("fake", dataclasses.replace(backend.VARIANTS[0], calibrated=calibrated))
    others = Calibration(CALIBRATION.images, "3" * 64)
    found = {
        artifact_key(contender, model, converter(INSTALLED), lambda: CALIBRATION),
        artifact_key(contender, model, converter(INSTALLED), lambda: others),
    }
    assert len(found) == keys


def test_a_file_beside_the_artifact_is_part_of_it(make):
    """What lies in the artifact's folder counts in its size, and is refused when it was changed."""
    artifact = make("companion")
    assert artifact.size == sum(path.stat().st_size for path in artifact.path.parent.glob("*.npy"))
    assert artifact.size > artifact.path.stat().st_size
    (artifact.path.parent / "weights.npy").write_bytes(b"other")
    with pytest.raises(ArtifactBroken, match="is not what was put there"):
        make("companion")


def test_a_truncated_artifact_is_refused(make):
    """A cached file that was cut off is an error that names it and says to delete its folder."""
    artifact = make()
    artifact.path.write_bytes(artifact.path.read_bytes()[:-1])
    with pytest.raises(ArtifactBroken, match=f"delete the folder {artifact.path.parent}"):
        make()


def test_a_changed_byte_is_refused(make):
    """A cached file of the right size with other content is refused too."""
    artifact = make()
    content = bytearray(artifact.path.read_bytes())
    content[-1] ^= 1
    artifact.path.write_bytes(content)
    with pytest.raises(ArtifactBroken, match="is not what was put there"):
        make()


def test_a_record_cut_off_is_refused(make):
    """A record that is no longer JSON is refused, not taken for a missing artifact."""
    artifact = make()
    (artifact.path.parent / "record.json").write_text('{"file": "mod')
    with pytest.raises(ArtifactBroken, match="is not whole"):
        make()


def test_a_failed_conversion_names_stage_and_reason_and_leaves_nothing(make, tmp_path):
    """A conversion's failure carries its stage and first line, and no half-made artifact stays behind."""
    with pytest.raises(ConversionFailed) as caught:
        make("unconvertible")
    assert caught.value.stage == "imagined stage"
    assert caught.value.reason == "KeyError: 'operator Resize is not known'"
    assert list((tmp_path / "artifacts").iterdir()) == []


def test_a_conversion_that_writes_nothing_failed(make):
    """A backend whose convert() writes no file did not convert."""
    with pytest.raises(ConversionFailed, match="wrote no file"):
        make("unwritten")


def test_a_missing_converter_is_named(make):
    """A module that converting needs and that is not installed is a conversion failure that names it."""
    with pytest.raises(ConversionFailed, match="needs numpy"):
        make(installed=Installed())
