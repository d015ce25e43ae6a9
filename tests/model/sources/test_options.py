"""What is asked of the model on a command line, and what a mistake in it is told."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from pathlib import Path

import pytest

from runoff.errors import UsageError
from runoff.model.inputs.preprocessing_fields import changed
from runoff.model.sources.architecture import IMAGENET
from runoff.model.sources.options import ModelOptions, add_model_options, model_options


def read(*words: str) -> ModelOptions:
    """Read a command line."""
    parser = ArgumentParser()
    add_model_options(parser.add_argument)
    return model_options(parser.parse_args(words))


def test_nothing_given_changes_nothing() -> None:
    """Without options the model is the default one, with what goes with its weights."""
    assert read() == ModelOptions()
    assert read().changes == []
    assert list(read().words(str)) == [("--model", "resnet18"), ("--weights", "auto")]


def test_short_forms_come_after_the_file(tmp_path: Path) -> None:
    """A file's fields are laid over what is known, then the short forms."""
    file = tmp_path / "own.toml"
    file.write_text("crop = 448\nsize = 512\nmean = 0.25\n")
    given = read("--preprocessing", str(file), "--mean", "0.5", "--input-size", "3", "224", "112")
    assert given.changes == [
        {"crop": [448, 448], "size": [512, 512], "mean": [0.25]},
        {"mean": [0.5], "crop": [224, 112]},
    ]
    made = changed(IMAGENET, given.changes)
    assert made is not None
    assert (made.size, made.crop, made.mean) == ((256, 128), (224, 112), (0.5,))


@pytest.mark.parametrize("words", [["0.1,0.2,0.3"], ["0.1", "0.2", "0.3"], ["0.1,0.2", "0.3"]])
def test_numbers_come_with_commas_or_as_words(words: list[str]) -> None:
    """Both ways of writing three numbers are the same."""
    assert read("--mean", *words).mean == (0.1, 0.2, 0.3)


def test_one_channel_is_grey() -> None:
    """A size that begins with 1 makes the pictures grey, and one that begins with 3 leaves their channels."""
    assert read("--input-size", "1", "28", "28").changes == [{"channels": "L", "crop": [28, 28]}]
    assert read("--input-size", "3", "28", "28").changes == [{"crop": [28, 28]}]


def test_imagenet_is_the_standard_preprocessing() -> None:
    """The word stands for all fields, where nothing is known too."""
    assert changed(None, read("--preprocessing", "imagenet").changes) == IMAGENET


@pytest.mark.parametrize(
    ("content", "labels"),
    [
        ("cat\ndog \n\n", ("cat", "dog")),
        ('["cat", "dog"]', ("cat", "dog")),
        ("tench, Tinca tinca\r\nÉpagneul\r\n", ("tench, Tinca tinca", "Épagneul")),
    ],
)
def test_labels_are_lines_or_a_json_list(tmp_path: Path, content: str, labels: tuple[str, ...]) -> None:
    """Both kinds of file hold a name for each class."""
    file = tmp_path / "labels"
    file.write_text(content, encoding="utf-8", newline="")
    found = read("--labels", str(file)).labels
    assert found is not None
    assert found.value == labels


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "holds no labels"),
        ("[]", "holds no labels"),
        ("cat\n\ndog", "label 2 in .* is ''"),
        ('["cat", 3]', "label 2 in .* is 3"),
        ('["cat"', "begins as a JSON list and is none"),
        (None, "can't be read"),
    ],
)
def test_labels_that_are_none_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, words: str
) -> None:
    """An empty file, an empty line, a number and half a list are each told with the file's name."""
    file = tmp_path / "labels.txt"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SystemExit):
        read("--labels", str(file))
    line = capsys.readouterr().err.splitlines()[-1]
    assert "labels.txt" in line
    assert re.search(words, line)


def test_channels_that_no_picture_has_are_refused() -> None:
    """Five channels are no picture."""
    with pytest.raises(UsageError, match="begins with the channels, 3 or 1"):
        read("--input-size", "5", "8", "8")


def test_two_numbers_of_channels_are_refused() -> None:
    """A file, or ImageNet's preprocessing, of three channels is not for a grey input."""
    with pytest.raises(UsageError, match="--input-size says 1 channels, and imagenet says RGB"):
        read("--preprocessing", "imagenet", "--input-size", "1", "8", "8")


def test_a_deviation_of_zero_is_refused_by_its_option() -> None:
    """The error names the option that the number was given by."""
    with pytest.raises(UsageError, match="--std: deviation: expected a number above zero"):
        read("--std", "0.1", "0", "0.1")
