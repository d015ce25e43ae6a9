"""What holds of models as values, of pictures' names and sizes, and of answers, whatever they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.arrays import Input
from runoff.contract import Form, Model, Preprocessing, Source
from runoff.files.values import from_json, to_json
from runoff.model.classification import top_classes
from runoff.model.inputs.drawings import CLASSES, drawing_names
from runoff.model.inputs.images import hash_pixels

texts = st.text(max_size=8)
paths = st.text("ab/.", min_size=1, max_size=8).map(Path)
models = st.builds(
    Model,
    name=texts,
    sha256=texts,
    inputs=st.lists(st.builds(Input, texts, st.lists(st.integers(1, 9), max_size=3).map(tuple)), max_size=2).map(tuple),
    preprocessing=st.none()
    | st.builds(
        Preprocessing,
        st.tuples(st.integers(1, 999), st.integers(1, 999)),
        st.tuples(st.integers(1, 999), st.integers(1, 999)),
        st.tuples(st.floats(0, 1)),
        st.tuples(st.floats(0, 1)),
        texts,
    ),
    labels=st.none() | st.lists(texts, max_size=3).map(tuple),
    task=texts,
    source=st.builds(Source, texts, texts, st.dictionaries(texts, texts, max_size=2), st.none() | paths),
)


@given(models, st.none() | paths)
def test_a_model_crosses_to_another_process_as_it_is(model, file):
    """Any model, and any form of it, goes through JSON and comes back equal, paths and tuples among its values."""
    assert from_json(Model, json.loads(json.dumps(to_json(model)))) == model
    form = Form(model, "ab", file)
    assert from_json(Form, json.loads(json.dumps(to_json(form)))) == form


@given(st.lists(st.integers(-400, 400), min_size=1, max_size=20), st.integers(1, 25), st.integers(-64, 64))
def test_the_most_probable_classes_come_first(logits, count, shift):
    """Probabilities fall, add up to 1 at most, are those of the largest logits, and no shift of all changes them."""
    values = np.array(logits, np.float32) / 8
    found = top_classes(values, count)
    shares = [share for _, share in found]
    assert len(found) == min(count, len(logits))
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1 + 1e-9
    assert [logits[place] for place, _ in found] == sorted(logits, reverse=True)[:count]
    moved = top_classes(values.astype(np.float64) + shift, count)
    assert [share for _, share in moved] == pytest.approx(shares, abs=1e-9)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=20), st.integers(1, 25))
def test_probabilities_are_answered_as_they_are(shares, count):
    """What is a probability already is shown as such, the largest first, without another softmax."""
    values = np.array(shares, np.float32) / 128
    found = top_classes(values, count, probabilities=True)
    assert [share for _, share in found] == sorted(values.tolist(), reverse=True)[:count]
    assert all(values[place] == share for place, share in found)


@given(st.integers(0, 200))
def test_drawings_are_named_in_turn_and_each_once(count):
    """Names are as many as pictures, no two alike, and say their class; more pictures change none of the first."""
    named = drawing_names(count)
    assert len({name for name, _ in named}) == count
    assert all(name.endswith(f"-{CLASSES[each]}") for name, each in named)
    assert drawing_names(count + 5)[:count] == named


@given(st.lists(texts, min_size=1, max_size=3), st.integers(0, 2**32 - 1))
def test_other_pictures_or_names_have_another_hash(names, seed):
    """The hash of pictures follows from their pixels, shape and names, and from nothing else."""
    pixels = np.random.RandomState(seed).standard_normal((len(names), 2, 3)).astype(np.float32)
    digest = hash_pixels(pixels, tuple(names))
    assert hash_pixels(np.asfortranarray(pixels), tuple(names)) == digest
    assert hash_pixels(-pixels, tuple(names)) != digest
    assert hash_pixels(pixels.reshape(len(names), 3, 2), tuple(names)) != digest
    assert hash_pixels(pixels, (*names, "more")) != digest
