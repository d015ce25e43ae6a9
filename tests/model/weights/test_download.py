"""Official weights from a server on the loopback address: downloaded once, and never taken broken."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runoff.errors import CheckpointBroken, CheckpointUnavailable
from runoff.model.weights import download
from tests.model.importing import assert_same, import_from, nobody_listens

pytestmark = pytest.mark.framework


def answer_with(
    body: bytes, *, length: int | None = None, status: int = 200
) -> type[http.server.BaseHTTPRequestHandler]:
    """Make a server's way to answer: this body under this Content-Length."""

    class Handler(http.server.BaseHTTPRequestHandler):
        """Answers every request alike, and writes no log."""

        def do_GET(self) -> None:
            """Send the answer and close the connection."""
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives it
            """Say nothing."""

    return Handler


def break_off_a_chunk() -> type[http.server.BaseHTTPRequestHandler]:
    """Make a server that promises a chunk and closes the connection within it."""

    class Handler(answer_with(b"")):
        """Answers in chunks, which only HTTP/1.1 has."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            """Send a part of what was promised."""
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"1000\r\nonly this")
            self.close_connection = True

    return Handler


def talk_nonsense() -> type[http.server.BaseHTTPRequestHandler]:
    """Make a server that does not speak HTTP."""

    class Handler(answer_with(b"")):
        """Answers with one line of something else."""

        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            """Send the line."""
            self.wfile.write(b"220 mail.example ready\r\n")

    return Handler


@contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    """Run a server on the loopback address and give its own."""
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_official_weights_are_downloaded_once(official_file: Path, tensors: dict[str, Any], folder: Path) -> None:
    """The first run downloads, and the second one needs no server any more."""
    with serving(answer_with(official_file.read_bytes())) as address:
        first = import_from(f"{address}/{official_file.name}", folder)
    assert_same(first.source.weights, tensors)
    assert import_from(f"{address}/{official_file.name}", folder) == first
    assert sorted(path.suffix for path in (folder / "made").iterdir()) == [".npz", ".pth"]


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        pytest.param(answer_with(b"half of it", length=20), "broke off at 10 of 20 bytes", id="truncated"),
        pytest.param(answer_with(b"", length=20), "broke off at 0 of 20 bytes", id="nothing came"),
        pytest.param(answer_with(b"gone", status=404), "Not Found", id="not there"),
        pytest.param(answer_with(b"later", status=503), "Service Unavailable", id="not now"),
        pytest.param(break_off_a_chunk(), "IncompleteRead", id="truncated chunk"),
        pytest.param(
            talk_nonsense(),
            "220 mail.example",
            # Python's own http client leaves the socket of an answer that is no HTTP to the garbage collector.
            marks=pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
            id="no HTTP",
        ),
    ],
)
def test_failed_download_leaves_nothing(
    folder: Path, handler: type[http.server.BaseHTTPRequestHandler], reason: str
) -> None:
    """A download that breaks off or is refused says why, and no part of it is left to be taken for the file."""
    with serving(handler) as address, pytest.raises(CheckpointUnavailable, match=reason) as caught:
        import_from(f"{address}/resnet18-0123abcd.pth", folder)
    assert "resnet18-0123abcd.pth" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list((folder / "made").iterdir()) == []


def test_no_server_is_unavailable(folder: Path) -> None:
    """Where nobody answers, the weights are unavailable, which ``auto`` can fall back from."""
    with pytest.raises(
        CheckpointUnavailable, match=r"not in TorchVision's cache and could not be downloaded .*refused"
    ):
        import_from(f"{nobody_listens()}/resnet18-0123abcd.pth", folder)
    assert list((folder / "made").iterdir()) == []


def test_server_that_never_answers_is_unavailable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes the connection and stays silent is given up, not waited for."""
    monkeypatch.setattr(download, "TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/resnet18-0123abcd.pth"
        with pytest.raises(CheckpointUnavailable, match="timed out"):
            import_from(address, folder)


def test_download_with_another_hash_is_refused(folder: Path) -> None:
    """A page that a proxy sends in place of the file is refused by the hash, before anything reads it."""
    with (
        serving(answer_with(b"<html>please log in</html>")) as address,
        pytest.raises(CheckpointBroken, match=r"resnet18-0123abcd\.pth .* begins with 0123abcd, found"),
    ):
        import_from(f"{address}/resnet18-0123abcd.pth", folder)
    assert list((folder / "made").iterdir()) == []


@pytest.mark.parametrize("kept", [0, 1000, -1])
def test_truncated_file_in_the_cache_is_refused_by_name(official_file: Path, folder: Path, kept: int) -> None:
    """A cached file cut off anywhere is refused with its path and size, and is neither used nor downloaded around."""
    cache = folder / "cache"
    cache.mkdir()
    broken = cache / official_file.name
    broken.write_bytes(official_file.read_bytes()[:kept])
    with (
        serving(answer_with(official_file.read_bytes())) as address,
        pytest.raises(CheckpointBroken, match="truncated or not the official one") as caught,
    ):
        import_from(f"{address}/{official_file.name}", folder, cache)
    assert str(broken) in str(caught.value)
    assert f"over {broken.stat().st_size} bytes" in str(caught.value)
    assert not (folder / "made").exists()
