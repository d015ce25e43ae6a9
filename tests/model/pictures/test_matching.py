"""Names on pictures become a model's classes by rules that are written down, and by nothing else."""

from __future__ import annotations

import json
import sys

import pytest

from runoff.errors import LabelsUnusable
from runoff.model.pictures import matching
from runoff.model.pictures.matching import INDICES, ClassMap, match_classes, read_class_map

NAMES = ("tench", "Great-White shark", "Cardigan", "cardigan", "crane", "crane")


def match(*used, class_map=None, names=NAMES):
    """Match names of folders."""
    return match_classes(used, names, class_map, "folder")


def test_names_match_exactly_first_and_then_without_case_and_punctuation():
    """A label that differs from another by case alone is found exactly; other spellings are found too."""
    assert match("great white shark", "Tench") == {"great white shark": 1, "Tench": 0}
    assert match("Cardigan", "cardigan") == {"Cardigan": 2, "cardigan": 3}


@pytest.mark.parametrize(
    ("used", "words"),
    [
        (["tensh"], "'tensh' is no label of the model (near: 'tench')"),
        (["CARDIGAN"], "'CARDIGAN' could be 'Cardigan' (index 2) and 'cardigan' (index 3)"),
        (["crane"], "'crane' could be 'crane' (index 4) and 'crane' (index 5)"),
        (["tench", "Tench"], "'Tench' and 'tench' would both be 'tench'"),
        (["0", "00", "10"], "'0' is no label of the model (if it is the place of a class"),
        (["n01440764"], "a synset of ImageNet"),
        (["++"], "'++' is no label of the model"),
    ],
)
def test_what_matches_nothing_or_several_is_refused(used, words):
    """Misspelt, ambiguous, doubled and numeric names are errors with what is near and what to do."""
    with pytest.raises(LabelsUnusable) as caught:
        match(*used)
    assert words in str(caught.value)
    assert "--class-map" in str(caught.value)


def test_a_class_map_says_what_names_mean(tmp_path):
    """A table or JSON object maps names to labels, indices or no class; two names may become one class by it."""
    table, tabs, values = (tmp_path / name for name in ("map.csv", "map.tsv", "map.json"))
    table.write_text("\ufefffolder,label\nfish , tench\nTench,tench\nother,\nbird,4\n", encoding="utf-8")
    tabs.write_text("fish\ttench\nbird\t4\n")
    values.write_text(json.dumps({"fish": "tench", "other": None, "bird": 4}))
    found = {"fish": 0, "Tench": 0, "other": None, "bird": 4}
    assert match(*found, class_map=read_class_map(str(table))) == found
    assert match("fish", "bird", class_map=read_class_map(str(tabs))) == {"fish": 0, "bird": 4}
    assert match("fish", "other", "bird", class_map=read_class_map(str(values))) == {
        "fish": 0,
        "other": None,
        "bird": 4,
    }


def test_names_can_be_indices_where_that_is_said():
    """With the word for it, folders are places of classes, and two spellings of one place are refused."""
    indices = read_class_map(INDICES)
    assert match("0", "3", class_map=indices) == {"0": 0, "3": 3}
    for used, words in ((["0", "00"], "'0' and '00' would both be 'tench'"), (["10"], "'10' is no index from 0 to 5")):
        with pytest.raises(LabelsUnusable, match=words):
            match(*used, class_map=indices)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("fish,tensh\n", "maps 'fish' to 'tensh': 'tensh' is no label of the model (near: 'tench')"),
        ("fish,6\n", "maps 'fish' to '6'"),
        ('{"fish": 6}', "maps 'fish' to 6: '6' is no index from 0 to 5"),
        ('{"fish": -1}', "maps 'fish' to -1"),
        ("fish,tench\nfish,crane\n", "two rows for 'fish'"),
        ("fish,tench,crane\n", "line 1: expected two columns with commas between"),
        ('{"fish": 1.5}', "expected a label, an index or null for 'fish', found 1.5"),
        ('{"fish": ', "begins as a JSON object and is none"),
        ("", "is empty"),
    ],
)
def test_a_mistake_in_a_class_map_is_named(tmp_path, content, words):
    """Unknown labels, indices out of range, double rows and other forms are errors, also where no picture has them."""
    file = tmp_path / "map.txt"
    file.write_text(content)
    with pytest.raises(LabelsUnusable) as caught:
        match("tench", class_map=read_class_map(str(file)))
    assert words in str(caught.value)


def test_a_number_that_is_a_label_too_is_never_guessed():
    """Of classes that are named by numbers, a table's number could be either; JSON tells them apart."""
    names = ("1", "2", "3")
    with pytest.raises(LabelsUnusable, match="label of class 0 and the index of another"):
        match("a", class_map=ClassMap("map.csv", {"a": "1"}), names=names)
    assert match("a", class_map=ClassMap("map.json", {"a": 1}), names=names) == {"a": 1}
    assert match("1", "3", names=names) == {"1": 0, "3": 2}


def test_a_missing_class_map_is_named(tmp_path):
    """A file that is not there is an error with its name."""
    with pytest.raises(LabelsUnusable, match=r"the class map .*none\.csv can't be read"):
        read_class_map(str(tmp_path / "none.csv"))


def package(folder, synsets, lemmas):
    """Write timm's data files into a package of its name, and return the folder to import it from."""
    data = folder / "timm" / "data" / "_info"
    data.mkdir(parents=True)
    (folder / "timm" / "__init__.py").touch()
    (data / matching.SYNSET_FILE).write_text("\n".join(synsets))
    (data / matching.LEMMA_FILE).write_text("".join(f"{name}\t{text}\n" for name, text in lemmas.items()))
    return folder


def test_synsets_match_where_the_classes_are_imagenets_in_their_order(tmp_path, monkeypatch):
    """The list in timm decides which class a synset is, for models whose labels are its names and for no others."""
    lemmas = {"n01440764": "tench, Tinca tinca", "n01443537": "goldfish"}
    monkeypatch.syspath_prepend(str(package(tmp_path, list(lemmas), lemmas)))
    monkeypatch.delitem(sys.modules, "timm", raising=False)
    assert match("n01443537", names=("Tench", "goldfish")) == {"n01443537": 1}
    assert match("n01440764", names=("tench, Tinca tinca", "goldfish")) == {"n01440764": 0}
    for names in (("goldfish", "tench"), ("tench", "goldfish", "shark")):
        with pytest.raises(LabelsUnusable, match="a synset of ImageNet"):
            match("n01443537", names=names)
