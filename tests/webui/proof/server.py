"""The page as a separate process, as its user starts it, and what it and its workers hold in memory."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil

from runoff.processes.surroundings import ROOT

HOST = "127.0.0.1"
BOUNDARY = "a-boundary-that-no-picture-holds"
LONGEST_START = 600.0


@dataclass(frozen=True)
class Server:
    """A running page; ``first_answer`` is the seconds from its start to its first answer."""

    port: int
    process: subprocess.Popen[bytes]
    first_answer: float

    def memory(self) -> float:
        """Return the resident megabytes of the server and all its workers."""
        parent = psutil.Process(self.process.pid)
        total = 0
        for process in (parent, *parent.children(recursive=True)):
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:  # a worker that ended meanwhile
                continue
        return total / 1e6

    def worker(self, module: str) -> psutil.Process:
        """Return the process that runs a module."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return next(child for child in children if any(module in word for word in child.cmdline()))

    def restarts(self) -> int:
        """Return how often the runtimes were started again."""
        _, body = ask(http.client.HTTPConnection(HOST, self.port, timeout=30), "GET", "/api/runtimes")
        return sum(runtime["restarts"] for runtime in json.loads(body)["runtimes"])


@contextmanager
def running(port: int, picture: bytes) -> Iterator[Server]:
    """Start the page with ONNX Runtime alone, wait for its first answer to a picture, and end it after the block."""
    begin = time.monotonic()
    options = ["--port", str(port), "--contenders", "onnxruntime", "--weights", "builtin"]
    process = subprocess.Popen([sys.executable, "-m", "webui", *options], cwd=ROOT)
    try:
        seconds, _ = first_answer(port, picture, begin, process)
        yield Server(port, process, seconds)
    finally:
        process.terminate()
        process.wait()


def first_answer(port: int, picture: bytes, begin: float, process: subprocess.Popen[bytes]) -> tuple[float, bytes]:
    """Ask until there is an answer, and return the seconds since ``begin`` with it."""
    while time.monotonic() - begin < LONGEST_START:
        if process.poll() is not None:
            raise RuntimeError(f"the page ended with exit code {process.returncode} before its first answer")
        try:
            status, body = classify(http.client.HTTPConnection(HOST, port, timeout=60), picture)
        except OSError:  # it does not listen yet
            status, body = 0, b""
        if status == 200:
            return time.monotonic() - begin, body
        time.sleep(0.02)
    raise RuntimeError(f"no answer within {LONGEST_START:g} s")


def form(picture: bytes, name: str = "picture") -> bytes:
    """Wrap a picture into a form."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'
    return head.encode() + picture + f"\r\n--{BOUNDARY}--\r\n".encode()


def classify(connection: http.client.HTTPConnection, picture: bytes) -> tuple[int, bytes]:
    """Post a picture and return status and body."""
    return ask(connection, "POST", "/api/classify", form(picture))


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Send a request on a connection that is kept, and return status and body."""
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"} if body is not None else {}
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    return response.status, response.read()


def report(name: str, values: dict[str, Any]) -> None:
    """Print a proof's figures and keep them in ``.runoff/webui/``."""
    text = json.dumps(values, indent=2)
    sys.stdout.write(f"{name}: {text}\n")
    folder = ROOT / ".runoff" / "webui"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"proof-{name}.json").write_text(f"{text}\n")
