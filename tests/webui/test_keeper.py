"""What keeps the page's workers: it starts each when it may, begins anew where one breaks down, and says how it is."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from runoff.errors import FrameworkMissing, WorkerFailed
from runoff.files.values import to_json
from runoff.processes.process import started
from tests import fakes
from tests.children import PATIENCE
from tests.conftest import SIGNATURE
from tests.waiting import until
from tests.web import fake_page, states
from webui.config import Config
from webui.keeper import (
    MISSING,
    PREPARING,
    READY,
    RESTARTING,
    SETTLED,
    STARTING,
    UNAVAILABLE,
    Keeper,
    NotPrepared,
    NotReady,
)
from webui.runtimes import Runtimes, learned_model

pytestmark = pytest.mark.long


def keeper_of_a_fake(folder, name, **settings) -> Keeper:
    """Make a keeper whose worker runs the fake."""
    request = {"backend": f"{fakes.__name__}.fake", "variant": ""}
    start = partial(started, "runoff.measure.worker", label=name, log=folder / f"{name}.log")
    return Keeper(name, start, request, start_timeout=PATIENCE, **settings)


def test_a_worker_starts_before_it_is_prepared_and_the_next_one_after_it(tmp_path):
    """What a worker loads is looked for while it imports; the next runtime leaves the cores to it until it is ready."""
    prepared = threading.Event()
    blank = str(tmp_path / "blank.npy")
    np.save(blank, np.zeros((1, 3, 224, 224), np.float32))

    def prepare():
        assert prepared.wait(PATIENCE)
        shown = {"inputs": {"images": blank}, "example": 0}
        return {"artifact": blank, "signature": to_json(SIGNATURE), "layout": "", "threads": 2, **shown}

    first = keeper_of_a_fake(tmp_path, "first", prepare=prepare)
    second = keeper_of_a_fake(tmp_path, "second", prepare=prepare, after=first)
    try:
        first.open()
        second.open()
        until((tmp_path / "first.log").exists, "the first worker is started")
        assert (first.status.state, second.status.state) == (STARTING, PREPARING)
        assert not (tmp_path / "second.log").exists()
        prepared.set()
        assert (first.wait(SETTLED, PATIENCE), second.wait(SETTLED, PATIENCE)) == (READY, READY)
    finally:
        first.close()
        second.close()


def test_a_worker_that_needs_what_is_not_here_is_missing_and_the_next_one_starts(tmp_path):
    """A missing framework ends the worker that was started meanwhile, is tried once, and keeps nobody waiting."""
    asked = []

    def prepare():
        asked.append("once")
        raise FrameworkMissing("it is not installed")

    first = keeper_of_a_fake(tmp_path, "first", prepare=prepare)
    second = keeper_of_a_fake(tmp_path, "second", prepare=prepare, after=first)
    try:
        first.open()
        second.open()
        assert (second.wait(SETTLED, PATIENCE), first.status.state) == (MISSING, MISSING)
        assert asked == ["once", "once"]
        assert (first.status.process, second.status.process) == (None, None)
    finally:
        first.close()
        second.close()


@pytest.mark.parametrize("error", [ValueError("no such name"), OSError("the disk is full")])
def test_an_unexpected_error_makes_a_worker_unavailable(tmp_path, error):
    """Whatever preparing raises, the keeper's thread goes on and says that its worker is unavailable."""

    def prepare():
        raise error

    keeper = keeper_of_a_fake(tmp_path, "surprised", prepare=prepare)
    try:
        keeper.open()
        assert keeper.wait(SETTLED, PATIENCE) == UNAVAILABLE
    finally:
        keeper.close()


def test_a_keepers_thread_survives_errors_while_starting(tmp_path, monkeypatch, caplog):
    """Errors that are none of Runoff's cost a start each; the third makes the page and its health check say so."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("webui.keeper.MAX_BACKOFF", 0.01)
    monkeypatch.setattr("webui.runtimes.started", fail)
    with fake_page(tmp_path, ["fake"]) as app:
        assert states(app) == {"fake": ("unavailable", 0)}
        assert app.test_client().get("/healthz").json == {"status": "broken"}
    assert "Traceback" in caplog.text


class Works:
    """A worker without a process: it is there until the keeper is closed."""

    popen = SimpleNamespace(poll=lambda: None, kill=lambda: None)
    resume = suspend = staticmethod(lambda: None)

    def send_first(self, message: object) -> None:
        """Take the request."""

    def receive(self, timeout: float) -> dict[str, bool]:
        """Say that it is ready."""
        return {"ready": True}


def keeper_that_fails(errors: list[BaseException], states: list[str]) -> Keeper:
    """Make a keeper whose first starts raise these errors; note its state at each start."""

    @contextmanager
    def start():
        states.append(keeper.status.state)
        if errors:
            raise errors.pop(0)
        yield Works()

    keeper = Keeper("the worker", start, {}, start_timeout=PATIENCE)
    return keeper


def test_a_keeper_that_breaks_down_begins_anew(monkeypatch, caplog):
    """What would end a thread in silence is logged, and the worker is there before long."""
    monkeypatch.setattr("webui.keeper.BEGIN_ANEW_SECONDS", 0.01)
    keeper = keeper_that_fails([SystemExit(3)], seen := [])
    keeper.open()
    with closing(keeper):
        until(lambda: keeper.answers, "the worker is there")
    assert seen == [STARTING, RESTARTING]
    assert "the keeper of the worker failed and starts again" in caplog.text
    assert not keeper.answers


def test_a_worker_that_keeps_somebody_waiting_is_not_counted_on(monkeypatch):
    """While an answer takes long, the health check can't promise that a picture would be answered; then it can."""
    keeper = keeper_that_fails([], [])
    during = SimpleNamespace(ask=lambda *_: {"counted on": keeper.answers})
    monkeypatch.setattr(Works, "ask", during.ask, raising=False)
    keeper.open()
    with closing(keeper):
        until(lambda: keeper.answers, "the worker is there")
        assert keeper.ask({}, patience=PATIENCE, timeout=PATIENCE) == {"counted on": True}
        monkeypatch.setattr("webui.keeper.LATE_SECONDS", 0.0)
        assert keeper.ask({}, patience=PATIENCE, timeout=PATIENCE) == {"counted on": False}
        assert keeper.answers


def test_the_start_waits_no_longer_than_anybody_can_learn_the_model():
    """An unexpected error ends the start; where no worker starts, the page is served and says so."""
    unstarted, broken = (Runtimes(Config(), {}, ()) for _ in range(2))
    keeper = SimpleNamespace(status=SimpleNamespace(state=UNAVAILABLE))
    unstarted.runtimes["fake"] = SimpleNamespace(keeper=keeper)
    unstarted.wait_for_model()
    assert not unstarted.model.done()

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(NotPrepared):
        learned_model(broken, SimpleNamespace(model=fail))
    with pytest.raises(ZeroDivisionError):
        broken.wait_for_model()


def test_what_is_unavailable_goes_on_being_tried(monkeypatch):
    """After three failed starts a worker is called unavailable; when its start works at last, it answers."""
    monkeypatch.setattr("webui.keeper.MAX_BACKOFF", 0.01)
    keeper = keeper_that_fails([MemoryError() for _ in range(5)], seen := [])
    keeper.open()
    with closing(keeper):
        until(lambda: keeper.answers, "the worker is there")
    assert seen == [STARTING] * 3 + [UNAVAILABLE] * 3


def test_each_picture_has_a_decoder_of_its_own():
    """One that is ready comes before one that is not, and a picture beyond them is refused when its time is over."""
    broken, ready = (keeper_that_fails([], []) for _ in range(2))
    ready.open()
    until(lambda: ready.answers, "it is ready")
    runtimes = Runtimes(Config(patience=0.01), {}, (broken, ready))
    with runtimes.free_decoder() as first, runtimes.free_decoder() as second:
        assert (first, second) == (ready, broken)
        with pytest.raises(NotReady), runtimes.free_decoder():
            pass
    with runtimes.free_decoder() as again:
        assert again is ready
    ready.close()


def test_an_error_is_never_its_own_cause(tmp_path):
    """A worker's failure reaches the one who asked as it was raised; one that another name stands for is its cause."""
    with fake_page(tmp_path, ["fake"]) as app:
        keeper = app.extensions["runoff"].runtimes["fake"].keeper
        keeper.status.process.popen.kill()
        with pytest.raises(WorkerFailed) as killed:
            keeper.ask({"do": "picture", "pixels": ""}, patience=5, timeout=5)
        assert killed.value.__cause__ is not killed.value
