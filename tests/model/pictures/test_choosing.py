"""From a folder of labelled pictures to the set that is asked: what is refused, left out, counted and set apart."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

from runoff.contract import Preprocessing
from runoff.errors import ImagesUnusable, LabelsUnusable, NoAnswer
from runoff.model.inputs.decoding import decode
from runoff.model.inputs.photographs import sixteen_bit
from runoff.model.inputs.preprocessing import preprocess
from runoff.model.pictures.choosing import Allowed, Asked, choose_pictures, read_allowed
from runoff.model.pictures.decoding import Decoders
from runoff.model.pictures.folders import has_class_folders
from runoff.model.pictures.label_table import read_label_table
from runoff.model.pictures.labelling import loose_beside_classes
from runoff.model.pictures.matching import ClassMap

NAMES = ("cat", "dog", "fox")
SIDE = 8


def draw(path, seed, mode="RGB", **options):
    """Store a small picture, another one for each seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    levels = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    Image.fromarray(levels).convert(mode).save(path, **options)
    return path


@pytest.fixture
def folder(tmp_path):
    """Make a folder with two classes of three pictures each."""
    for seed in range(6):
        draw(tmp_path / "pictures" / NAMES[seed % 2] / f"{seed}.png", seed)
    return tmp_path / "pictures"


@pytest.fixture
def choose(tmp_path):
    """Choose the pictures of a folder, for a model of three classes."""

    def chosen(directory, **asked):
        decoders = Decoders(2, tmp_path / "logs")
        table = asked.pop("table", None)
        given = Asked(directory, read_label_table(table, "labels.csv") if table else None, **asked)
        return choose_pictures(given, NAMES, decoders, lambda what, steps: None, lambda: None)

    return chosen


def labelled(pictures):
    """Return the class of each picture by its name."""
    return {name: pictures.classes[label] for name, label in zip(pictures.names, pictures.labels, strict=True)}


def test_folders_of_classes_label_what_lies_in_them(folder, choose):
    """Each folder is a class, with what lies deeper in it; a class that no picture shows is told."""
    draw(folder / "dog" / "small" / "x.png", 9)
    pictures = choose(folder).pictures
    assert labelled(pictures) == {
        **{f"{NAMES[seed % 2]}/{seed}.png": NAMES[seed % 2] for seed in range(6)},
        "dog/small/x.png": "dog",
    }
    assert pictures.left_out.absent == ("fox",)
    assert pictures.file(0).exists()
    assert pictures.calibrated is None


@pytest.mark.long
def test_the_set_is_known_by_what_is_on_the_pictures(folder, choose, tmp_path):
    """Other names and formats of the same pixels make the same set in the same order; other labels are told apart."""
    one = choose(folder).pictures
    for number, name in enumerate(one.names):
        target = tmp_path / "renamed" / NAMES[one.labels[number]] / f"{9 - number}.bmp"
        target.parent.mkdir(parents=True, exist_ok=True)
        decode(one.folder / name).save(target)
    renamed = choose(tmp_path / "renamed").pictures
    assert (renamed.sha256, renamed.labels_sha256) == (one.sha256, one.labels_sha256)
    assert renamed.labels.tolist() == one.labels.tolist()
    other = choose(folder, class_map=ClassMap("map", {"cat": "fox"})).pictures
    assert other.sha256 == one.sha256
    assert other.labels_sha256 != one.labels_sha256
    draw(folder / "cat" / "more.png", 50)
    assert choose(folder).pictures.sha256 != one.sha256


def test_a_label_file_labels_what_it_names(folder, choose):
    """Paths inside the folder, with backslashes too, and the folder's own path before them; others are counted."""
    table = f"file,label\ncat\\0.png,fox\n./dog/1.png,dog\n{folder}/cat/2.png,cat\n"
    pictures = choose(folder, table=table).pictures
    assert labelled(pictures) == {"cat/0.png": "fox", "dog/1.png": "dog", "cat/2.png": "cat"}
    assert pictures.left_out.unlisted == 3


def test_a_label_file_that_names_a_missing_picture_is_refused(folder, choose):
    """The line is told, and what is near."""
    with pytest.raises(LabelsUnusable, match=r"dog/11\.png \(line 2\).*near to the first is dog/1\.png"):
        choose(folder, table="cat/0.png,cat\ndog/11.png,dog\n")


@pytest.mark.long
def test_classes_that_the_model_has_not_are_counted_where_a_class_map_says_so(folder, choose):
    """A folder that is no class is an error, and counted where it is mapped to none."""
    draw(folder / "tree" / "a.png", 20)
    with pytest.raises(LabelsUnusable, match="'tree' is no label of the model"):
        choose(folder)
    pictures = choose(folder, class_map=ClassMap("map", {"tree": None})).pictures
    assert pictures.left_out.unknown == {"tree": 1}
    assert len(pictures) == 6
    with pytest.raises(LabelsUnusable, match="no picture is of a class that the model has"):
        choose(folder, class_map=ClassMap("map", dict.fromkeys(["tree", "cat", "dog"])))


@pytest.mark.long
def test_an_empty_class_folder_is_told(folder, choose):
    """It costs nothing and is no class."""
    (folder / "fox").mkdir()
    (folder / ".hidden").mkdir()
    left_out = choose(folder).pictures.left_out
    assert (left_out.empty, left_out.absent) == (("fox",), ("fox",))


def test_a_picture_in_no_class_is_refused(folder, choose):
    """A picture beside the folders of classes is named; without classes of the model's it is a plain folder."""
    assert has_class_folders(folder)
    assert not loose_beside_classes(folder, NAMES)
    draw(folder / "stray.png", 30)
    assert not has_class_folders(folder)
    assert loose_beside_classes(folder, NAMES)
    assert not loose_beside_classes(folder, ("apple", "pear"))
    with pytest.raises(
        ImagesUnusable, match=r"holds 1 picture in no folder of a class \(stray\.png\), beside 2 folders of classes"
    ):
        choose(folder)


@pytest.mark.long
def test_the_same_picture_in_two_classes_is_refused_and_twice_in_one_counts_once(folder, choose):
    """It is found by its pixels, in whatever format."""
    decode(folder / "cat" / "0.png").save(folder / "cat" / "again.bmp")
    pictures = choose(folder).pictures
    assert pictures.left_out.repeated == ("cat/again.bmp",)
    assert len(pictures) == 6
    shutil.copy(folder / "cat" / "0.png", folder / "dog" / "other.png")
    with pytest.raises(LabelsUnusable) as caught:
        choose(folder)
    assert "1 picture with exactly the same pixels would be of two classes" in str(caught.value)
    assert "dog/other.png (dog)" in str(caught.value)


@pytest.mark.long
def test_pictures_that_cannot_be_read_are_named_and_allowed_by_number_or_share(folder, choose):
    """HEIC, a cut-off JPEG, a link in a circle and a link to nothing, each with its reason."""
    whole = draw(folder / "cat" / "cut.jpg", 40).read_bytes()
    (folder / "cat" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "cat" / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic")
    (folder / "dog" / "circle.png").symlink_to(folder / "dog" / "circle.png")
    (folder / "dog" / "nowhere.png").symlink_to(folder / "gone.png")
    with pytest.raises(ImagesUnusable) as caught:
        choose(folder, allowed=Allowed(3))
    for words in (
        "4 of 10 pictures",
        "--max-unreadable",
        "cat/cut.jpg is a broken or cut-off picture",
        "cat/phone.heic is not a picture in a known format",
        "dog/circle.png can't be read: Too many levels of symbolic links",
        "dog/nowhere.png can't be read: No such file",
    ):
        assert words in str(caught.value)
    for allowed in (Allowed(4), read_allowed("40%")):
        found = choose(folder, allowed=allowed).pictures
        assert [each.name for each in found.left_out.unreadable] == [
            "cat/cut.jpg",
            "cat/phone.heic",
            "dog/circle.png",
            "dog/nowhere.png",
        ]
        assert len(found) == 6


@pytest.mark.long
def test_a_share_that_is_allowed_does_not_allow_a_folder_of_nothing_else(tmp_path, choose):
    """Where no picture can be read the run is refused whatever is allowed."""
    (tmp_path / "pictures" / "cat").mkdir(parents=True)
    (tmp_path / "pictures" / "cat" / "a.png").write_bytes(b"no")
    with pytest.raises(ImagesUnusable, match="1 of 1 picture"):
        choose(tmp_path / "pictures", allowed=read_allowed("100%"))


@pytest.mark.long
def test_grey_of_16_bits_and_cmyk_are_pictures_as_others(folder, choose):
    """They are decoded as everywhere else in the suite."""
    draw(folder / "cat" / "print.jpg", 60, "CMYK")
    sixteen_bit(decode(folder / "cat" / "0.png").convert("L")).save(folder / "dog" / "deep.png")
    assert len(choose(folder).pictures) == 8


def test_links_in_a_circle_are_refused(folder, choose):
    """A link to a folder above is an error that names it."""
    (folder / "cat" / "deeper").symlink_to(folder, target_is_directory=True)
    with pytest.raises(ImagesUnusable, match="links in a circle"):
        choose(folder)


def test_one_picture_of_one_class_is_a_set(tmp_path, choose):
    """It is judged for what it is worth; what it decides is said with the interval."""
    draw(tmp_path / "pictures" / "cat" / "a.png", 1)
    pictures = choose(tmp_path / "pictures", calibrates=True)
    assert len(pictures.pictures) == 1
    assert isinstance(pictures.calibration, NoAnswer)
    assert pictures.pictures.left_out.absent == ("dog", "fox")


@pytest.mark.long
def test_a_share_is_set_apart_to_calibrate_on_and_judges_nobody(tmp_path, choose):
    """It is the same in each run, has none of the judged pixels, and is refused of too few."""
    for seed in range(70):
        draw(tmp_path / "pictures" / NAMES[seed % 3] / f"{seed}.png", seed)
    chosen = choose(tmp_path / "pictures", calibrates=True)
    directory, names = chosen.calibration
    assert (directory, len(names), chosen.pictures.calibrated.count) == (tmp_path / "pictures", 32, 32)
    assert len(chosen.pictures) == 38
    assert not set(names) & set(chosen.pictures.names)
    assert choose(tmp_path / "pictures", calibrates=True).calibration == chosen.calibration
    assert len(choose(tmp_path / "pictures").pictures) == 70
    for seed in range(63, 70):
        (tmp_path / "pictures" / NAMES[seed % 3] / f"{seed}.png").unlink()
    few = choose(tmp_path / "pictures", calibrates=True)
    assert isinstance(few.calibration, NoAnswer)
    assert "at least 32 of 64 or more, and there are 63; give --calibration DIR" in str(few.calibration)
    assert len(few.pictures) == 63


@pytest.mark.long
def test_pictures_to_calibrate_on_that_judge_too_are_left_out(folder, choose, tmp_path):
    """They are found by their pixels and counted; too few that are left are refused."""
    for seed in range(40):
        draw(tmp_path / "own" / f"{seed}.png", seed)
    chosen = choose(folder, calibration=tmp_path / "own", calibrates=True)
    directory, names = chosen.calibration
    assert directory == tmp_path / "own"
    assert sorted(names) == sorted(f"{seed}.png" for seed in range(6, 40))
    assert (chosen.pictures.calibrated.count, chosen.pictures.calibrated.overlapping) == (34, 6)
    for seed in range(34, 40):
        (tmp_path / "own" / f"{seed}.png").unlink()
    with pytest.raises(ImagesUnusable, match="28 pictures to calibrate on, since 6 are among those that judge"):
        choose(folder, calibration=tmp_path / "own", calibrates=True)


@pytest.mark.long
def test_pictures_become_inputs_in_a_file_as_they_do_one_by_one(folder, choose, tmp_path):
    """Decoders write what the usual preprocessing gives, in the order of the set."""
    pictures = choose(folder).pictures
    preprocessing = Preprocessing((4, 4), (4, 4), (0.5,), (0.5,))
    file = Decoders(2, tmp_path / "logs").preprocess(
        folder, pictures.names, preprocessing, tmp_path / "inputs.npy", lambda: None
    )
    expected = np.stack([preprocess(decode(folder / name), preprocessing) for name in pictures.names])
    assert np.array_equal(np.load(file), expected)
