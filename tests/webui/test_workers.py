"""The page's workers: one that ends costs its request alone and is started again; a queue is never longer than set."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import termios
import threading

import psutil
import pytest

from tests.children import PATIENCE
from tests.waiting import until
from tests.web import fake_page, send, star, states, stored

pytestmark = pytest.mark.long

PNG = stored(star(), "PNG")
HANGS_AT = 15
"""Which picture the fake ``stalls`` never answers: it hangs at its thirtieth inference, and a picture takes two."""


def unread(pipe) -> int:
    """Return how many bytes in a pipe nobody has read yet (FIONREAD, ioctl_tty(2))."""
    return int.from_bytes(fcntl.ioctl(pipe.fileno(), termios.FIONREAD, bytes(4)), sys.byteorder)


def hang(app, name="fake-stalls") -> threading.Thread:
    """Send pictures to a runtime until it hangs; give the thread whose request hangs, with its response to come."""
    client = app.test_client()
    for _ in range(HANGS_AT - 1):  # its start took one inference
        assert send(client, PNG, f"?runtime={name}").status_code == 200
    thread = threading.Thread(target=lambda: setattr(thread, "response", send(client, PNG, f"?runtime={name}")))
    thread.start()
    until(app.extensions["runoff"].turn.locked, "a picture has its turn")
    return thread


def test_killing_a_worker_in_the_middle_of_a_request_costs_that_request_alone(tmp_path):
    """The request whose worker is killed gets 503 and a sentence; the others answer, and soon it does again too."""
    with fake_page(tmp_path, ["fake", "fake-stalls"]) as app:
        hanging = hang(app)
        process = app.extensions["runoff"].runtimes["fake-stalls"].keeper.status.process
        os.kill(process.popen.pid, signal.SIGKILL)
        others = send(app.test_client(), PNG)
        hanging.join(PATIENCE)
        assert others.status_code == 200
        assert hanging.response.status_code == 503
        assert hanging.response.json["error"]["code"] == "stopped"
        assert send(app.test_client(), PNG, "?runtime=fake-stalls").status_code == 200
        assert states(app) == {"fake": ("ready", 0), "fake-stalls": ("ready", 1)}
        sentences = [each["sentence"] for each in app.test_client().get("/api/runtimes").json["runtimes"]]
        assert sentences[1] == "Ready. It stopped unexpectedly once and was started again."


def test_a_worker_that_does_not_answer_in_time_is_ended(tmp_path):
    """A hung worker costs its request 503 once its time is over, and is started again."""
    with fake_page(tmp_path, ["fake-stalls"], worker_timeout=2.0) as app:
        hanging = hang(app)
        hanging.join(PATIENCE)
        assert hanging.response.status_code == 503
        until(lambda: states(app)["fake-stalls"] == ("ready", 1), "it is started again")


def test_a_worker_that_ends_by_itself_between_requests_is_started_again(tmp_path):
    """A worker that is killed while nobody asks is back before long, and no request ever knew."""
    with fake_page(tmp_path, ["fake"]) as app:
        os.kill(app.extensions["runoff"].runtimes["fake"].keeper.status.process.popen.pid, signal.SIGKILL)
        until(lambda: states(app)["fake"] == ("ready", 1), "it is started again")
        assert send(app.test_client(), PNG).status_code == 200


def test_a_worker_that_never_starts_is_given_up(tmp_path, monkeypatch):
    """After a few failed starts a runtime is unavailable, and the first one goes on answering."""
    monkeypatch.setattr("webui.keeper.MAX_BACKOFF", 0.01)
    with fake_page(tmp_path, ["fake", "fake-raises"]) as app:
        assert states(app)["fake-raises"] == ("unavailable", 0)
        assert send(app.test_client(), PNG).status_code == 200


def test_a_picture_that_ends_the_decoder_costs_itself_alone(tmp_path, monkeypatch):
    """A process that opens pictures can be killed by one: that picture is refused, others are answered meanwhile."""
    with fake_page(tmp_path, ["fake"]) as app:
        # Somebody else suspends all processes: a picture wakes those that it needs, and is answered.
        for keeper in app.extensions["runoff"].keepers():
            keeper.suspend()
        assert send(app.test_client(), PNG).status_code == 200
        process = app.extensions["runoff"].decoders[0].status.process
        monkeypatch.setattr(process, "resume", lambda: None)  # it hangs, whatever is done
        process.suspend()
        asking = threading.Thread(target=lambda: setattr(asking, "response", send(app.test_client(), PNG)))
        asking.start()
        until(lambda: unread(process.stdin) > 0, "the picture is sent")
        assert send(app.test_client(), PNG).status_code == 200
        os.kill(process.popen.pid, signal.SIGKILL)
        asking.join(PATIENCE)
        assert (asking.response.status_code, asking.response.json["error"]["code"]) == (422, "unreadable_picture")
        assert send(app.test_client(), PNG).status_code == 200


def test_a_picture_beyond_the_places_is_refused_at_once(tmp_path):
    """With all places taken, the next picture gets 503 and when to come back, without waiting for anyone."""
    with fake_page(tmp_path, ["fake-stalls", "fake"], places=1) as app:
        hanging = hang(app)
        response = send(app.test_client(), PNG, "?runtime=fake")
        assert (response.status_code, response.json["error"]["code"]) == (503, "busy")
        assert int(response.headers["Retry-After"]) > 0
        assert app.test_client().get("/").status_code == 200
        app.extensions["runoff"].runtimes["fake-stalls"].keeper.status.process.popen.kill()
        hanging.join(PATIENCE)
        assert send(app.test_client(), PNG, "?runtime=fake").status_code == 200


def test_a_place_is_free_again_after_every_refusal(tmp_path):
    """Refused pictures give their places back: after many of them a good one is answered."""
    with fake_page(tmp_path, ["fake"], places=2) as app:
        client = app.test_client()
        for _ in range(5):
            assert send(client, b"nothing").status_code == 415
            assert send(client, PNG, "?top=0").status_code == 400
            assert client.post("/api/classify").status_code == 415
        assert send(client, PNG).status_code == 200


def test_only_the_runtime_whose_turn_it_is_runs(tmp_path):
    """Once another has its turn a runtime is suspended, and it runs again when it is asked again."""
    with fake_page(tmp_path) as app:
        client = app.test_client()
        keepers = [runtime.keeper for runtime in app.extensions["runoff"].runtimes.values()]

        def stopped():
            numbers = [keeper.status.process.popen.pid for keeper in keepers]
            return [psutil.Process(number).status() == psutil.STATUS_STOPPED for number in numbers]

        assert send(client, PNG, "?runtime=fake&runtime=fake-slower").status_code == 200
        assert stopped() == [True, False]
        assert send(client, PNG, "?runtime=fake").status_code == 200
        assert stopped() == [False, True]
        os.kill(keepers[1].status.process.popen.pid, signal.SIGKILL)
        until(lambda: states(app)["fake-slower"] == ("ready", 1), "it is started again")
        assert send(client, PNG, "?runtime=fake-slower").status_code == 200


def test_closing_ends_every_worker(tmp_path):
    """After the page is closed none of its processes is left."""
    with fake_page(tmp_path) as app:
        runtimes = app.extensions["runoff"]
        processes = [keeper.status.process.popen for keeper in runtimes.keepers()]
    assert [process.poll() for process in processes] == [-signal.SIGKILL] * 4
