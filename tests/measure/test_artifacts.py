"""Artifacts: converted once, kept by everything that went into them, refused when changed by hand."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from runoff.backends import find_backends
from runoff.contract import Form, Variant
from runoff.environments.contenders import Contender, all_contenders
from runoff.environments.environment import Environment, Installed
from runoff.errors import ArtifactBroken, ConversionFailed, ImagesUnusable
from runoff.measure import cache
from runoff.measure.artifacts import Calibration, Conversions, artifact_key, convert_repairing, make_artifact
from runoff.model.sources.architecture import FILE
from runoff.processes.temporary import LOCK, owned_folder
from runoff.processes.workplace import Workplace
from tests import converter as imagined
from tests import fakes
from tests.builders.declarations import declared
from tests.builders.models import resnet18

INSTALLED = Installed(frozenset({"numpy"}), {"numpy": "1.26.4"})
CALIBRATION = Calibration(Path("calibration.npy"), "2" * 64)


def converter(installed: Installed) -> Environment:
    """Return this interpreter as one that holds such things."""
    return Environment("here", Path(sys.executable), backends=find_backends(fakes), installed=installed)


FORM = Form(resnet18("none", Path("weights.npz"), "0" * 64, ("a", "b"), FILE), "4" * 64)
PLAIN = Contender("fake", Variant())


@pytest.fixture
def make(tmp_path):
    """Make the artifact of a fake variant."""
    backend = find_backends(fakes)["fake"]

    def make_one(variant="", installed=INSTALLED, calibration=lambda: CALIBRATION, **changes):
        chosen = next(candidate for candidate in backend.VARIANTS if candidate.name == variant)
        place = Workplace(tmp_path, tmp_path / "working")
        conversions = Conversions(FORM.model, {"here": converter(installed)}, calibration, place)
        return make_artifact(Contender("fake", dataclasses.replace(chosen, **changes)), conversions)

    return make_one


def test_the_second_time_comes_from_the_cache(make):
    """An artifact is converted once; the second time it is the same file, with what the first conversion noted."""
    first, second = make(), make()
    assert first == second
    assert first.noted["seconds"] > 0  # another conversion would have taken another time
    assert first.size == first.path.stat().st_size


@pytest.mark.long
def test_what_another_run_has_made_meanwhile_is_as_good(make, monkeypatch):
    """Where two runs that share a cache convert the same at once, the later one takes what is there already."""
    measure = cache.measure_files
    made = []

    def overtaken(home: Path) -> tuple[int, str]:
        if not made:
            made.append(None)
            made[0] = make()
        return measure(home)

    monkeypatch.setattr(cache, "measure_files", overtaken)
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


def key(contender=PLAIN, form=FORM, installed=INSTALLED, calibration=CALIBRATION, **changes):
    """Return the key of an artifact, with changes to what its backend declares."""
    here = dataclasses.replace(converter(installed), backends={"fake": declared("tests.fakes.fake", **changes)})
    return artifact_key(contender, form, here, calibration)


def changed(**changes):
    """Return the plain contender with another variant."""
    return dataclasses.replace(PLAIN, variant=dataclasses.replace(PLAIN.variant, **changes))


def test_what_decides_the_bytes_is_in_the_key():
    """Another form, convert option or variable, version of converter, Python or numpy, or of the code: another key."""
    keys = [
        key(),
        key(form=dataclasses.replace(FORM, sha256="5" * 64)),
        key(changed(convert_options={"quantised": True})),
        key(changed(convert_variables={"FREEZING": "1"})),
        key(changed(processor_specific=True)),
        key(changed(calibrated=True)),
        key(changed(calibrated=True), calibration=Calibration(CALIBRATION.images, "3" * 64)),
        key(installed=Installed(frozenset(), {"numpy": "1.26.4", "python": "3.11.8"})),
        key(installed=Installed(frozenset(), {"numpy": "2.0.0"})),
        key(ENVIRONMENT={"LEVEL": "2"}),
        key(CONVERT_VERSION=2),
        key(CONVERT_DISTRIBUTIONS=("maker",), installed=Installed(frozenset(), {"numpy": "1.26.4", "maker": "1"})),
        key(CONVERT_DISTRIBUTIONS=("maker",), installed=Installed(frozenset(), {"numpy": "1.26.4", "maker": "2"})),
    ]
    assert len(set(keys)) == len(keys)


def test_nothing_else_is_in_the_key():
    """A name, description, load option or variable of the worker, precision, pictures nobody reads: the same key."""
    keys = {
        key(),
        key(changed(name="other", description="another text", default=True, precision="bfloat16")),
        key(changed(load_options={"compiled": True}, variables={"ONEDNN": "0"})),
        key(calibration=Calibration(CALIBRATION.images, "3" * 64)),
        key(form=dataclasses.replace(FORM, file=Path("elsewhere.onnx"))),
        key(installed=Installed(frozenset({"more"}), {"numpy": "1.26.4", "unrelated": "1"})),
        key(NOTES={"numpy": "a note"}, TITLE="Fake", DISTRIBUTIONS=("unrelated",)),
    }
    assert len(keys) == 1


def test_the_field_shares_artifacts():
    """The 21 contenders of the field are converted 15 times at most: those that convert alike share an artifact."""
    backends = find_backends()
    here = Environment("here", Path(sys.executable), backends=backends)
    keys = [artifact_key(contender, FORM, here, CALIBRATION) for contender in all_contenders(backends).values()]
    assert len(keys) >= 21
    assert len(set(keys)) <= 15


def test_variants_that_convert_alike_share_an_artifact(make):
    """A second variant with the same convert options finds the first one's artifact, and converts nothing."""
    assert make() == make("slower")


def test_pictures_are_asked_for_only_where_a_variant_looks_at_them(make):
    """A variant that is not calibrated converts where there are no pictures: a container has no scikit-image."""

    def refuse():
        raise ImagesUnusable("scikit-image is not installed")

    assert make(calibration=refuse).path.exists()
    with pytest.raises(ImagesUnusable):
        make(calibration=refuse, calibrated=True)


def test_a_failed_conversion_goes_through_after_repairs(tmp_path):
    """Where a backend knows repairs, what it refuses is converted once more, and the repairs are noted."""
    file = tmp_path / "model.onnx"
    file.write_text("raises")
    artifact = tmp_path / "made" / "model.npy"
    artifact.parent.mkdir()
    form = dataclasses.replace(FORM, file=file)
    assert convert_repairing(imagined, Variant(), form, artifact, None) == ("imagined repair",)
    assert artifact.read_text() == "right"


def test_what_no_repair_helps_fails_as_it_did(tmp_path):
    """Where nothing can be repaired, the first failure is told."""
    file = tmp_path / "model.onnx"
    file.write_text("raises")
    helpless = SimpleNamespace(convert=imagined.convert, repair=lambda model, repaired: ())
    with pytest.raises(ConversionFailed, match="imagined stage"):
        convert_repairing(helpless, Variant(), dataclasses.replace(FORM, file=file), tmp_path / "model.npy", None)


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
    """A record that is no longer JSON, or no longer a record, is refused, not taken for a missing artifact."""
    artifact = make()
    for written in ('{"file": "mod', "[]", '{"file": 3}', '{"file": "model", "noted": {}}'):
        (artifact.path.parent / "record.json").write_text(written)
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
