"""Where the page listens, by which names it is asked, and what ends what would keep others out."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from argparse import ArgumentTypeError
from contextlib import closing
from http.client import HTTPConnection
from types import SimpleNamespace
from urllib.parse import urlsplit

import psutil
import pytest
from flask import Flask

from runoff.errors import Exit
from tests.children import PATIENCE, child
from tests.conftest import ROOT
from tests.waiting import until
from tests.web import prepared_fakes, served
from tests.webui.proof.server import ask
from webui.__main__ import main
from webui.serving import address, end_slow, host_name, is_trusted, listening_socket, trusted_hosts

ENDS_SOON = 0.5
"""Seconds that a request may take in these tests."""


@pytest.mark.parametrize(
    ("bound", "host", "shown"),
    [
        ("127.0.0.1", "127.0.0.1", "http://127.0.0.1:8000/"),
        ("127.0.0.1", "localhost", "http://localhost:8000/"),
        ("::1", "::1", "http://[::1]:8000/"),
        ("::", "::", "http://[::1]:8000/"),
        ("::", "0:0:0:0:0:0:0:0", "http://[::1]:8000/"),
        ("0.0.0.0", "0.0.0.0", "http://127.0.0.1:8000/"),  # noqa: S104 - shown, not listened at
        ("0.0.0.0", "", "http://127.0.0.1:8000/"),  # noqa: S104 - as above
    ],
)
def test_the_address_shown_can_be_opened(bound, host, shown):
    """IPv6 stands in brackets, and an address that stands for all is shown as this machine's own."""
    assert address(bound, host, 8000) == shown


def test_a_name_that_can_not_be_one_is_refused(capsys):
    """A host that the network's naming does not allow is told as one that is unknown."""
    assert main(["--host", "a" * 70]) == Exit.USAGE
    assert "give another --host or --port" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_a_page_for_this_machine_answers_to_its_names_alone(host):
    """Whatever way of loopback it listens at, it answers at the address that it shows, and to no name from outside."""
    with listening_socket(host, 0) as listener:
        bound, port = listener.getsockname()[:2]
    names = trusted_hosts(bound, host, [])
    asked = urlsplit(address(bound, host, port)).netloc
    assert is_trusted(asked, names)
    assert not any(
        is_trusted(each, names) for each in ("evil.example", "8.8.8.8", "", "evil@localhost", "a..b", "[::2]")
    )


@pytest.mark.parametrize("bound", ["0.0.0.0", "::", "192.0.2.7"])  # noqa: S104 - not listened at
def test_a_page_for_others_answers_to_any_name_until_some_are_given(bound):
    """Once its user names some it answers to those, to this machine's, and to the address that it shows."""
    assert trusted_hosts(bound, bound, []) == ()
    assert is_trusted("anything.example", ())
    names = trusted_hosts(bound, bound, [host_name("Page.Example"), host_name(".inside.example")])
    shown = urlsplit(address(bound, bound, 8000)).netloc
    for asked in ("page.example", "PAGE.example:8000", "page.example.", "a.inside.example", "[::1]:80", shown):
        assert is_trusted(asked, names)
    assert not any(is_trusted(asked, names) for asked in ("a.page.example", "notinside.example", "192.0.2.8"))


@pytest.mark.parametrize("text", ["", "http://page.example/", "page.example:80", "*", "a..b", "a b", "page.example/x"])
def test_what_no_request_can_name_is_refused_as_a_trusted_host(text):
    """A name that no browser sends would never match: it is refused before anything is started."""
    with pytest.raises(ArgumentTypeError, match="a host's name"):
        host_name(text)


def test_a_request_has_its_time_from_its_own_beginning():
    """What arrives too slowly is ended; the next request of a connection begins anew, and silence is no request."""
    first, second = object(), object()
    slow, kept, silent = (SimpleNamespace(request=each, will_close=False) for each in (first, first, None))
    server, begun = SimpleNamespace(active_channels={1: slow, 2: kept, 3: silent}), {}
    end_slow(server, begun, 0.0, 60.0)
    kept.request = second
    end_slow(server, begun, 50.0, 60.0)
    end_slow(server, begun, 61.0, 60.0)
    assert [each.will_close for each in (slow, kept, silent)] == [True, False, False]
    kept.request, slow.request = None, None
    end_slow(server, begun, 62.0, 60.0)
    assert begun == {}


def test_an_upload_that_trickles_is_ended():
    """A client that sends a byte now and then loses its connection when its time is over."""
    app = Flask("empty")
    with served(app, longest=ENDS_SOON) as port, socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")

        def ended() -> bool:
            try:
                client.sendall(b"x")
                client.settimeout(ENDS_SOON / 10)
                return client.recv(1) == b""
            except TimeoutError:
                return False
            except ConnectionError:
                return True

        until(ended, "the connection is ended")


def status_of(port: int) -> int | None:
    """Return the status of the health check, None where nothing answers."""
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
            return ask(connection, "GET", "/healthz")[0]
    except ConnectionError:
        return None


SERVES_A_FAKE = """
import sys
from tests.web import fake_backends
from webui import __main__ as page
page.known_backends = fake_backends
sys.exit(page.main(["--contenders", "fake", "--prepared", sys.argv[1], "--port", sys.argv[2]]))
"""
ALONE = ["unshare", "--pid", "--fork", "--kill-child"]


def why_no_process_one() -> str | None:
    """Say why nothing can be process 1 of a namespace here."""
    if shutil.which("unshare") is None:
        return "there is no unshare"
    tried = subprocess.run([*ALONE, "true"], capture_output=True, text=True, check=False)
    return f"unshare: {tried.stderr.strip()}" if tried.returncode else None


@pytest.mark.long
def test_as_process_one_it_ends_by_term(tmp_path):
    """A container's first process has no signal's default action: the page ends by TERM there too, and its workers."""
    if reason := why_no_process_one():
        pytest.skip(reason)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = prepared_fakes(tmp_path / "prepared", ["fake"])
    command = [*ALONE, sys.executable, "-c", SERVES_A_FAKE, str(folder), str(port)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "RUNOFF_HOME": str(tmp_path / "home")}
    with child(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        assert f"http://127.0.0.1:{port}/" in starter.stdout.readline()
        (first,) = psutil.Process(starter.pid).children()
        workers = first.children(recursive=True)
        until(lambda: status_of(port), "it answers")
        first.send_signal(signal.SIGTERM)
        assert starter.wait(PATIENCE) == 0
    assert workers
    assert not any(worker.is_running() for worker in workers)
