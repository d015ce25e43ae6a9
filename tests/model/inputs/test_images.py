"""Are the pictures that contenders are shown always the same, real, many and told apart?"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runoff.contract import Preprocessing
from runoff.errors import ImagesUnusable, ResultsUnwritable
from runoff.model.inputs import images as images_module
from runoff.model.inputs.images import (
    ImageSet,
    fixture_images,
    folder_images,
    further_drawings,
    further_drawings_name,
    hash_pixels,
    save_images,
    served_files,
    split_for_calibration,
)
from runoff.model.inputs.photographs import PHOTOGRAPHS, STORAGES
from runoff.model.inputs.preprocessing import preprocess
from runoff.model.sources.architecture import IMAGENET


@pytest.fixture(scope="module")
def fixture_set() -> ImageSet:
    """The fixture images, made once."""
    return fixture_images(IMAGENET, drawn=True)


@pytest.fixture
def two_photographs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have two photographs: to read and store all that come with the suite takes two seconds."""
    two = [(f"photo-{level}", Image.new("RGB", (300, 260), (level, 90, 30))) for level in (20, 200)]
    monkeypatch.setattr(images_module, "photographs", lambda: two)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with three pictures, in an order that isn't alphabetical, and other things."""
    directory = tmp_path / "pictures"
    directory.mkdir()
    for name, colour in (("c.PNG", "red"), ("a.jpg", "blue"), ("b.webp", "green")):
        Image.new("RGB", (40, 30), colour).save(directory / name)
    (directory / "notes.txt").write_text("not a picture")
    (directory / "._a.jpg").write_bytes(b"what macOS leaves behind")
    (directory / "folder.png").mkdir()
    return directory


@pytest.mark.full
def test_there_are_enough_of_each_kind(fixture_set: ImageSet) -> None:
    """At least 24 pictures come from photographs and at least 48 are drawn, photographs first."""
    kinds = [name.partition("-")[0] for name in fixture_set.names]
    assert kinds.count("photo") >= 24
    assert kinds.count("drawn") >= 48
    assert kinds == sorted(kinds, reverse=True)


@pytest.mark.long
def test_pixels_are_what_backends_expect(fixture_set: ImageSet) -> None:
    """The pixels are contiguous finite float32 of shape (N, 3, 224, 224), one picture for each unique name."""
    assert fixture_set.pixels.shape == (len(fixture_set.names), 3, 224, 224)
    assert fixture_set.pixels.dtype == np.float32
    assert fixture_set.pixels.flags.c_contiguous
    assert np.isfinite(fixture_set.pixels).all()
    assert len(set(fixture_set.names)) == len(fixture_set.names)


@pytest.mark.long
def test_no_two_pictures_are_equal(fixture_set: ImageSet) -> None:
    """Every picture of the fixture differs from every other and is not of one colour."""
    assert len({picture.tobytes() for picture in fixture_set.pixels}) == len(fixture_set.names)
    assert (fixture_set.pixels.std(axis=(1, 2, 3)) > 0.05).all()


@pytest.mark.full
def test_another_process_makes_the_same(fixture_set: ImageSet) -> None:
    """A fresh process gets the same hash, and loads neither scikit-image nor a framework for it."""
    program = (
        "import sys; from runoff.model.inputs.images import fixture_images;"
        "from runoff.model.sources.architecture import IMAGENET;"
        "print(fixture_images(IMAGENET, drawn=True).sha256);"
        "print(sorted({'skimage', 'pooch', 'torch', 'torchvision', 'tensorflow'} & set(sys.modules)))"
    )
    lines = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split(
        "\n"
    )
    assert lines[:2] == [fixture_set.sha256, "[]"]


def test_every_storage_is_used() -> None:
    """Each way of storing that is offered is used by a fixture photograph; of one photograph none is used twice."""
    assert {storage for parts in PHOTOGRAPHS.values() for storage in parts} == set(STORAGES)


def test_missing_photographs_are_a_named_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without scikit-image the error says what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ImagesUnusable, match="Install scikit-image"):
        fixture_images(IMAGENET, drawn=False)


def test_a_folder_is_read_sorted(folder: Path) -> None:
    """The pictures of a folder come sorted by name, with hidden files, folders and other suffixes passed over."""
    images = folder_images(folder, IMAGENET)
    assert images.names == ("a.jpg", "b.webp", "c.PNG")
    np.testing.assert_array_equal(images.pixels[2], preprocess(Image.new("RGB", (40, 30), "red"), IMAGENET))


def test_the_hash_covers_names_and_pixels(folder: Path) -> None:
    """Renaming a file or changing a pixel changes the hash; doing nothing doesn't."""
    before = folder_images(folder, IMAGENET).sha256
    assert folder_images(folder, IMAGENET).sha256 == before
    (folder / "c.PNG").rename(folder / "d.PNG")
    renamed = folder_images(folder, IMAGENET).sha256
    Image.new("RGB", (40, 30), "yellow").save(folder / "d.PNG")
    assert len({before, renamed, folder_images(folder, IMAGENET).sha256}) == 3


def test_a_folder_that_cannot_be_used_is_a_named_error(tmp_path: Path) -> None:
    """A folder that is missing, is a file or holds no picture is refused with its path and the accepted suffixes."""
    (tmp_path / "file.txt").write_text("")
    for path, found in (
        (tmp_path / "missing", "does not exist"),
        (tmp_path / "file.txt", "is not a folder"),
        (tmp_path, r"holds no picture among its 1 entries.*\.bmp.*\.jpg.*\.webp"),
    ):
        with pytest.raises(ImagesUnusable, match=found) as raised:
            folder_images(path, IMAGENET)
        assert str(path) in str(raised.value)


def test_a_broken_picture_is_named(folder: Path) -> None:
    """One broken picture stops the reading, with the path of that file."""
    (folder / "b.webp").write_bytes((folder / "b.webp").read_bytes()[:20])
    with pytest.raises(ImagesUnusable, match=r"b\.webp"):
        folder_images(folder, IMAGENET)


def test_too_many_pictures_are_a_named_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with more pictures than fit in memory is refused before any is decoded."""
    each = 3 * 224 * 224 * 4
    monkeypatch.setattr(images_module, "FOLDER_LIMIT", 3 * each)
    assert len(folder_images(folder, IMAGENET).names) == 3
    monkeypatch.setattr(images_module, "FOLDER_LIMIT", 3 * each - 1)
    with pytest.raises(ImagesUnusable, match=r"holds 3 pictures, .* 3×224×224, and at most 2"):
        folder_images(folder, IMAGENET)
    with pytest.raises(ImagesUnusable, match="3×518×518, and at most 0"):
        folder_images(folder, replace(IMAGENET, crop=(518, 518)))
    assert len(folder_images(folder, replace(IMAGENET, dtype="float16")).names) == 3


def test_two_thousand_pictures_of_the_usual_size_are_allowed() -> None:
    """What was allowed before sizes counted is allowed still."""
    assert images_module.FOLDER_LIMIT >= 2000 * 3 * 224 * 224 * 4


def test_saved_images_are_a_plain_array(folder: Path, tmp_path: Path) -> None:
    """Pixels are saved as an array that numpy alone reads."""
    images = folder_images(folder, IMAGENET)
    path = tmp_path / "images.npy"
    save_images(images, path)
    np.testing.assert_array_equal(np.load(path, allow_pickle=False), images.pixels)


@pytest.mark.usefixtures("two_photographs")
def test_images_that_cannot_be_saved_are_a_named_error(folder: Path) -> None:
    """A place that can't be written is refused by path."""
    with pytest.raises(ResultsUnwritable, match=r"notes\.txt"):
        save_images(folder_images(folder, IMAGENET), folder / "notes.txt" / "images.npy")
    with pytest.raises(ResultsUnwritable, match=r"notes\.txt"):
        served_files(None, folder / "notes.txt")


@pytest.mark.usefixtures("two_photographs")
def test_a_service_is_sent_the_users_files_or_the_photographs(folder: Path, tmp_path: Path) -> None:
    """A folder's files are sent as they are; without one, every photograph is written as JPEG and nothing else."""
    assert [path.name for path in served_files(folder, tmp_path / "served")] == ["a.jpg", "b.webp", "c.PNG"]
    assert not (tmp_path / "served").exists()
    files = served_files(None, tmp_path / "served")
    assert sorted(files) == sorted((tmp_path / "served").iterdir())
    assert [path.name for path in files] == ["photo-20.jpg", "photo-200.jpg"]
    with Image.open(files[0]) as picture:
        assert (picture.format, picture.size) == ("JPEG", (300, 260))


@pytest.mark.long
def test_no_picture_is_judged_by_that_was_calibrated_on(fixture_set: ImageSet) -> None:
    """Every second picture is calibrated on, and a calibrated contender is judged by all the others."""
    calibration, judged = split_for_calibration(fixture_set)
    seen = {picture.tobytes() for picture in calibration.pixels}
    assert not any(fixture_set.pixels[place].tobytes() in seen for place in judged)
    assert len(seen) + len(judged) == len(fixture_set.names)
    assert calibration.pixels.flags.c_contiguous


def test_one_picture_alone_is_calibrated_on_as_in_a_mirror(folder: Path) -> None:
    """With a single picture there is nothing to hold out: it is mirrored, and judged by as it is."""
    for name in ("a.jpg", "b.webp"):
        (folder / name).unlink()
    alone = folder_images(folder, IMAGENET)
    calibration, judged = split_for_calibration(alone)
    assert judged == (0,)
    np.testing.assert_array_equal(calibration.pixels, alone.pixels[..., ::-1])


@pytest.mark.usefixtures("two_photographs")
def test_drawn_pictures_serve_the_built_in_checkpoint_alone() -> None:
    """For other weights the fixture has the photographs and none of the drawings, which only one checkpoint knows."""
    assert fixture_images(IMAGENET, drawn=False).names == ("photo-20", "photo-200")


def test_the_hash_of_pixels_is_of_no_names(folder: Path) -> None:
    """What depends on pictures alone is the same after a file got another name."""
    before = folder_images(folder, IMAGENET)
    (folder / "c.PNG").rename(folder / "d.PNG")
    after = folder_images(folder, IMAGENET)
    assert before.sha256 != after.sha256
    assert hash_pixels(before.pixels) == hash_pixels(after.pixels)


OTHERS = {
    "size": (299, 299),
    "crop": (299, 299),
    "mean": (0.5, 0.5, 0.5),
    "deviation": (0.5, 0.5, 0.5),
    "resize": "squash",
    "interpolation": "bicubic",
    "fill": (128,),
    "scale": 127.5,
    "channels": "BGR",
    "layout": "NHWC",
    "dtype": "float16",
}
"""Another value of each field than the standard preprocessing has."""


def test_another_preprocessing_draws_into_another_file() -> None:
    """Cached drawings are found by their preprocessing: a second model never gets the first one's pixels."""
    names = {
        further_drawings_name(IMAGENET),
        *(further_drawings_name(replace(IMAGENET, **{name: value})) for name, value in OTHERS.items()),
    }
    assert set(OTHERS) == {each.name for each in fields(Preprocessing)}
    assert len(names) == 1 + len(OTHERS)


def test_further_pictures_are_drawn_once_and_then_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file is made the first time, gives the same set from then on, and shares no picture with the fixtures."""
    monkeypatch.setattr(images_module, "FURTHER_COUNT", 3)
    file = tmp_path / "images" / "further.npy"
    first = further_drawings(file, IMAGENET)
    made = file.stat().st_mtime_ns
    again = further_drawings(file, IMAGENET)
    assert file.stat().st_mtime_ns == made
    assert (first.names, first.sha256) == (again.names, again.sha256)
    assert first.pixels.shape == (3, 3, 224, 224)
    drawn = images_module.drawn_pictures(3, images_module.DRAWN_SEED)
    assert not any(
        np.array_equal(preprocess(picture, IMAGENET), pixels)
        for (_, _, picture), pixels in zip(drawn, first.pixels, strict=True)
    )


@pytest.mark.parametrize("spoil", [b"", b"not an array", None], ids=["empty", "text", "another shape"])
def test_further_pictures_that_are_not_what_was_drawn_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spoil: bytes | None
) -> None:
    """A file that was cut off or exchanged is refused by name, with the remedy."""
    monkeypatch.setattr(images_module, "FURTHER_COUNT", 3)
    file = tmp_path / "further.npy"
    if spoil is None:
        np.save(file, np.zeros((2, 3, 224, 224), dtype=np.float32))
    else:
        file.write_bytes(spoil)
    with pytest.raises(ImagesUnusable, match=r"further\.npy.*Delete the file"):
        further_drawings(file, IMAGENET)
