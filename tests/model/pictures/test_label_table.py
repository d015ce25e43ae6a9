"""A label file says what is on each picture, in any of its forms, and every mistake in it is named."""

from __future__ import annotations

import pytest

from runoff.errors import LabelsUnusable
from runoff.model.pictures.label_table import read_label_table, read_text

PAIRS = [("a.jpg", "cat"), ("b/c.png", "dog, big")]


def read(text, columns=None):
    """Read a text as a label file."""
    table = read_label_table(text, "labels.csv", columns)
    return None if table is None else [(row.picture, row.label) for row in table.rows]


@pytest.mark.parametrize(
    "text",
    [
        'a.jpg,cat\nb/c.png,"dog, big"\n',
        'file,label\r\na.jpg,cat\r\n"b/c.png","dog, big"\r\n',
        "a.jpg\tcat\nb/c.png\tdog, big\n",
        'cat,a.jpg\n"dog, big",b/c.png\n',
        'id,file,category\n1,a.jpg,cat\n\n2,b/c.png,"dog, big"\n',
        '{"file": "a.jpg", "label": "cat"}\n{"label": "dog, big", "file": "b/c.png"}\n',
        ' a.jpg , cat \n.\\b\\c.png,"dog, big" \n',
    ],
    ids=["csv", "header", "tsv", "other-order", "three-columns", "json-lines", "blanks-and-windows-paths"],
)
def test_every_form_of_a_label_file_is_read(text):
    """CSV, TSV and JSON lines, with a header or without, in any order of columns, with blanks and Windows paths."""
    assert read(text) == PAIRS


def test_columns_can_be_named_where_the_header_does_not_tell():
    """Which of several columns has the labels is an option, not a guess."""
    text = "file,maker,species\na.jpg,me,cat\n"
    with pytest.raises(LabelsUnusable, match=r"which of 3 columns \(file, maker, species\) has the labels"):
        read(text)
    assert read(text, "file,species") == [("a.jpg", "cat")]
    with pytest.raises(LabelsUnusable, match="its columns are file, maker, species"):
        read(text, "file,kind")


@pytest.mark.parametrize("text", ["cat\ndog\n", "tench, Tinca tinca\ngoldfish, Carassius auratus\n", '{"a": 1}', ""])
def test_a_list_of_class_names_is_no_table(text):
    """What names no picture is left to be read as the names of the model's classes."""
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a.jpg;cat\nb.jpg;dog\n", "separated by commas or tabs, or JSON lines; found another separator"),
        ("a.jpg\nb.jpg\n", "found no second column in 'a.jpg'"),
        ("a.jpg,cat\na.jpg,dog\n", "lines 1 and 2 both label a.jpg"),
        ("a.jpg,cat\nb.jpg,\n", "line 2: b.jpg has no label"),
        ("a.jpg,cat\nb.txt,dog\n", "line 2: 'b.txt' names no picture"),
        ("a.jpg,cat\nb.jpg,dog, big\n", "line 2: expected 2 columns as in the first line, found 3"),
        ('{"file": "a.jpg", "label": "cat"}\n{"file": "b.jpg"}\n', "line 2: expected an object with file, label"),
        ('{"file": "a.jpg", "label": "cat"}\nb.jpg\n', "line 2: expected a JSON object, found 'b.jpg'"),
        ("a.jpg,b.jpg\n", "not known which of 2 columns names the pictures"),
        ("a.jpg,b\tc,d.jpg\n", "between commas or between tabs"),
    ],
)
def test_a_mistake_in_a_label_file_is_named(text, words):
    """Wrong separators, missing columns, double and empty rows are errors that say where."""
    with pytest.raises(LabelsUnusable) as caught:
        read(text)
    assert words in str(caught.value)
    assert "labels.csv" in str(caught.value)


def test_a_byte_order_mark_is_no_part_of_a_name_and_utf_16_is_refused():
    """UTF-8 is read with and without a mark; what Excel calls Unicode text says what to do."""
    assert read(read_text("\ufeffa.jpg,cat\n".encode(), "labels.csv")) == [("a.jpg", "cat")]
    with pytest.raises(LabelsUnusable, match="is in UTF-16; expected UTF-8"):
        read_text("a.jpg,cat\n".encode("utf-16"), "labels.csv")
    with pytest.raises(LabelsUnusable, match="no text in UTF-8"):
        read_text("a.jpg,gr\xfcn\n".encode("latin-1"), "labels.csv")
