"""What the page's workers load: made once, out of the benchmarks' cache, and held to its hash."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from runoff.backends import find_backends
from runoff.environments.environment import Environment
from runoff.measure.entrant import Entrant, predicting
from runoff.model.classification import top_classes
from runoff.model.inputs.decoding import decode
from runoff.model.inputs.images import ImageSet, save_images
from runoff.model.inputs.preprocessing import preprocess
from runoff.model.sources.architecture import IMAGENET
from runoff.text.ids import HERE
from tests.web import BUILTIN_MODEL, page, send, star, states, stored, until_settled
from webui.config import Config

pytestmark = pytest.mark.long

PNG = stored(star(), "PNG")


def test_an_artifact_that_was_changed_never_answers(tmp_path):
    """A changed file in the cache is found at the next start, before the first answer."""
    config = Config(contenders="fake", first="fake", model=BUILTIN_MODEL, home=tmp_path, threads=2, patience=60)
    for state, status in (("ready", 200), ("unavailable", 503)):
        with page(config) as app:
            assert send(app.test_client(), PNG).status_code == status
            assert states(app) == {"fake": (state, 0)}
        (artifact,) = (tmp_path / "artifacts").glob("*/model.npy")
        np.save(artifact, np.ones(1000, np.float32))


def test_artifacts_come_from_the_benchmarks_cache(tmp_path):
    """Without a prepared folder the page converts into the cache once, and a second start finds it there."""
    config = Config(contenders="fake", first="fake", model=BUILTIN_MODEL, home=tmp_path, threads=2)
    for _ in range(2):
        with page(config) as app:
            until_settled(app)
            assert send(app.test_client(), PNG).status_code == 200
            assert app.test_client().get("/api/runtimes").json["checkpoint"]["name"] == "builtin"
    assert len(list((tmp_path / "artifacts").iterdir())) == 1
    assert len(list((tmp_path / "logs").glob("*-convert.log"))) == 1


def test_a_runtime_whose_conversion_fails_is_unavailable(tmp_path):
    """A failed conversion costs its runtime alone, and the page shows no reason that only a log should hold."""
    config = Config(
        contenders="fake,fake-unconvertible",
        first="fake",
        model=BUILTIN_MODEL,
        home=tmp_path,
        threads=2,
    )
    with page(config) as app:
        until_settled(app)
        assert states(app) == {"fake": ("ready", 0), "fake-unconvertible": ("unavailable", 0)}
        assert str(tmp_path) not in app.test_client().get("/api/runtimes").text


@pytest.mark.full
@pytest.mark.framework
def test_the_pages_predictions_equal_the_benchmarks(tmp_path):
    """For the same picture and contender the page gives the very probabilities that the benchmark's worker gives."""
    pytest.importorskip("onnxruntime")
    with page(
        Config(contenders="onnxruntime", model=BUILTIN_MODEL, home=tmp_path, threads=2),
        find_backends(),
    ) as app:
        until_settled(app)
        client = app.test_client()
        pictures = [client.get(f"/samples/{number}.jpg").data for number in range(3)]
        given = [send(client, picture, "?top=5").json["results"][0]["answers"] for picture in pictures]
        runtimes = app.extensions["runoff"]
        (artifact,) = (tmp_path / "artifacts").glob("*/model.onnx")
        contender = runtimes.runtimes["onnxruntime"].contender
    pixels = np.stack([preprocess(decode(picture), IMAGENET) for picture in pictures])
    save_images(ImageSet(("a", "b", "c"), pixels, ""), tmp_path / "images.npy")
    backend = find_backends()["onnxruntime"]
    here = Environment(HERE, Path(sys.executable))
    model = runtimes.model.result()
    check = predicting(
        Entrant("onnxruntime", contender, backend, here, artifact, model.signature, 2),
        files={"images": tmp_path / "images.npy"},
        destination=tmp_path / "outputs.npz",
        log=tmp_path / "log",
    )
    with check as (_, prediction):
        pass
    expected = [
        [{"label": model.labels[index], "confidence": confidence} for index, confidence in top_classes(row, 5)]
        for row in prediction.outputs["logits"]
    ]
    assert given == expected
    assert [answers[0]["label"] for answers in given] == ["star", "house", "fish"]
