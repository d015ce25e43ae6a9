"""Before the race: what has to be done by the time that anything is timed."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from runoff.backends import find_backends, pytorch
from runoff.contract import Variant
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment, Installed
from runoff.measure import entrant
from runoff.measure.artifacts import Conversions
from runoff.measure.entrant import Example
from runoff.measure.preparation import READY, SKIPPED, Outcome, ReferenceOutputs, prepare_contender
from runoff.measure.rotation import Workers
from runoff.model.inputs.examples import PICTURES, Examples
from runoff.model.sources.architecture import FILE
from runoff.processes.workplace import Workplace
from tests import fakes
from tests.builders.models import resnet18
from tests.builders.outputs import golden_of
from tests.fakes import fake
from tests.fakes.fake import true_logits


def old_wrapper(artifacts: Path) -> Path:
    """Write what a launch of long ago left in inductor's cache."""
    wrapper = artifacts / pytorch.INDUCTOR_CACHE / "ab" / "old.py"
    wrapper.parent.mkdir(parents=True)
    wrapper.write_text("left")
    os.utime(wrapper, (0, 0))
    return wrapper


def prepared(variant: Variant, picture: Example, images: NDArray[np.float32], place: Workplace) -> Outcome:
    """Return what comes of preparing a fake, whose logits for the pictures are golden's."""
    here = Environment(
        "here", Path(sys.executable), backends=find_backends(fakes), installed=Installed(frozenset({"numpy"}))
    )
    labels = tuple(map(str, range(true_logits(images).shape[1])))
    model = resnet18("none", place.home / "weights.npz", "0" * 64, labels, FILE)
    expected = ReferenceOutputs(
        model,
        Examples(("one", "two", "three"), {"images": images}, PICTURES, ""),
        picture.files,
        golden_of(true_logits(images)),
        judged=(0, 1, 2),
    )
    with Workers(place.logs) as workers:
        conversions = Conversions(model, {"here": here}, None, place)
        return prepare_contender(Contender("fake", variant), expected, conversions, threads=2, workers=workers)


@pytest.mark.long
def test_old_cache_files_are_gone_before_the_first_worker_starts(picture, images, tmp_path, monkeypatch):
    """A backend's cache is cleared after the conversion and before any worker of it has been started."""
    place = Workplace(tmp_path / "home", tmp_path)
    wrapper, seen = old_wrapper(place.artifacts), []
    starting = entrant.started_worker

    @contextmanager
    def watched(*arguments, **named):
        seen.append(wrapper.exists())
        with starting(*arguments, **named) as process:
            yield process

    monkeypatch.setattr(fake, "clear_cache", pytorch.clear_cache, raising=False)
    monkeypatch.setattr(entrant, "started_worker", watched)
    outcome = prepared(Variant(), picture, images, place)
    assert outcome.status == READY, outcome.reason
    assert seen == [False]


def test_loading_a_compiled_module_removes_nothing(tmp_path, monkeypatch):
    """The timed stage "load" leaves inductor's cache alone, however old what lies in it."""
    wrapper = old_wrapper(tmp_path)
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "")
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(compile=lambda module: module))
    monkeypatch.setattr(pytorch, "load_eager", lambda artifact, variant: "module")
    assert pytorch.load_compiled(tmp_path / "pytorch-key" / "model.pt", Variant()) == "module"
    assert wrapper.exists()


def test_what_the_processor_can_not_compute_is_skipped(picture, images, tmp_path):
    """A contender that has no answer on this processor is skipped with its reason, and the run goes on."""
    outcome = prepared(Variant("elsewhere"), picture, images, Workplace(tmp_path / "home", tmp_path))
    assert outcome.status == SKIPPED
    assert "this processor has no imagined arithmetic; race fake instead" in outcome.reason
