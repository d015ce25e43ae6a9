"""How the page is served: where it listens, within which limits, and what ends requests that are sent too slowly."""

from __future__ import annotations

import re
import socket
import threading
import time
from argparse import ArgumentTypeError
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import waitress
from waitress.server import BaseWSGIServer

from runoff.errors import UsageError
from webui.config import FORM_OVERHEAD, Config

if TYPE_CHECKING:
    from flask import Flask  # imported while the first worker starts

FREE_THREADS = 8
"""Threads beside those that classify, so that the page and a quick refusal never wait for a place."""
MOST_CONNECTIONS = 64
IDLE_SECONDS = 30
"""How long a connection may be silent."""
LONGEST_REQUEST = 60.0
"""Seconds that a request may take to arrive: 12 MB at 1.6 Mbit/s."""
WATCH_SECONDS = 1.0
LOOPBACK = ("localhost", "127.0.0.1", "::1")
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what a browser opens instead
"""Addresses that stand for all of a machine's, and the one of them that can be opened on it."""
HOST_NAME = re.compile(r"\.?\w([\w.-]*\w)?")
IPV6 = re.compile(r"[0-9a-f]*(:[0-9a-f.]*){2,}")
HOST_HEADER = re.compile(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::[0-9]+)?")


def listening_socket(host: str, port: int) -> socket.socket:
    """Listen at an address, or at the first that a name stands for, IPv4 before IPv6.

    Raises UsageError where that can't be done: before any worker is started.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, where = min(found, key=lambda each: each[0] != socket.AF_INET)
        return socket.create_server(where, family=family)
    except (OSError, UnicodeError) as error:  # a name that can't be one on the network is a UnicodeError
        reason = str(error.strerror).partition(" (while")[0] if isinstance(error, OSError) else error
        raise UsageError(
            f"the page can't listen at {host}, port {port} ({reason}); give another --host or --port"
        ) from error


def address(bound: str, host: str, port: int) -> str:
    """Return the address that a browser on this machine opens, where ``host`` was asked for and is ``bound``."""
    opened = EVERY_ADDRESS.get(bound, host)
    return f"http://{f'[{opened}]' if ':' in opened else opened}:{port}/"


def canonical(host: str) -> str:
    """Return a host's name or address in the one way that it is compared in: as browsers send it."""
    try:
        return str(ip_address(host.strip("[]")))
    except ValueError:
        return host.lower().removesuffix(".").encode("idna").decode("ascii")


def host_name(text: str) -> str:
    """Read a name that the page is asked for by; one that begins with a dot is that of all its subdomains.

    Raises ArgumentTypeError.
    """
    dot = "." if text.startswith(".") else ""
    try:
        name = dot + canonical(text.removeprefix(dot))
    except UnicodeError:
        name = ""
    if not (HOST_NAME.fullmatch(name) or IPV6.fullmatch(name)):
        raise ArgumentTypeError(
            f"expected a host's name such as page.example, without scheme, port or path, found {text!r}"
        )
    return name


def trusted_hosts(bound: str, host: str, named: Sequence[str]) -> tuple[str, ...]:
    """Return the names that the page may be asked for by; empty is any.

    A page for this machine alone answers to this machine's names, so that no page from elsewhere reaches it by a name
    that it lets point here (DNS rebinding). Where it listens for others, it is for its user to name them. It always
    answers to the address that it shows: ``host`` is what its user asked for, and ``bound`` the address of that.
    """
    if not named and not ip_address(bound.partition("%")[0]).is_loopback:
        return ()
    own = () if bound in EVERY_ADDRESS else (bound, canonical(host))
    return tuple(dict.fromkeys((*LOOPBACK, *own, *named)))


def is_trusted(asked: str, names: Sequence[str]) -> bool:
    """Whether a request's Host, its port aside, is one of these names; no names are any.

    Flask's own TRUSTED_HOSTS can hold no IPv6 address: Werkzeug takes what follows the first colon for a port.
    """
    if not names:
        return True
    if not (read := HOST_HEADER.fullmatch(asked)):
        return False
    try:
        host = canonical(read[1])
    except UnicodeError:
        return False
    return any(host == name or (name.startswith(".") and f".{host}".endswith(name)) for name in names)


def server_settings(config: Config) -> dict[str, Any]:
    """Return waitress's limits.

    Bodies stay in memory: waitress writes those above ``inbuf_overflow`` to a temporary file. It refuses those above
    ``max_request_body_size`` itself, in plain text; just above the limit the page still answers in its own words.
    """
    largest = config.upload_limit + 16 * FORM_OVERHEAD
    return {
        "threads": config.places + FREE_THREADS,
        "connection_limit": MOST_CONNECTIONS,
        "channel_timeout": IDLE_SECONDS,
        "cleanup_interval": IDLE_SECONDS // 6,
        "max_request_body_size": largest,
        "inbuf_overflow": 2 * largest,
        "ident": None,
    }


def serve_app(app: Flask, listener: socket.socket, config: Config) -> None:
    """Serve an application until it is interrupted."""
    server = waitress.create_server(app, sockets=[listener], **server_settings(config))
    with slow_requests_ended(server, LONGEST_REQUEST):
        server.run()


@contextmanager
def slow_requests_ended(server: BaseWSGIServer, longest: float) -> Iterator[None]:
    """End connections whose request takes more than these seconds to arrive, while the block lasts.

    waitress ends those that are silent, and lets one that sends a byte now and then keep its place for ever: as many of
    them as there are connections keep everybody else out.
    """
    begun: dict[int, tuple[object, float]] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(min(WATCH_SECONDS, longest / 2)):
            server.trigger.pull_trigger(lambda: end_slow(server, begun, time.monotonic(), longest))

    thread = threading.Thread(target=watch, name="the watch over slow requests", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def end_slow(server: BaseWSGIServer, begun: dict[int, tuple[object, float]], now: float, longest: float) -> None:
    """End what takes longer; ``begun`` has, by connection, the request that arrives and when it was first seen.

    Runs in the server's own thread, which alone may close a connection.
    """
    seen = {number: channel.request for number, channel in server.active_channels.items() if channel.request}
    for number in [number for number, (request, _) in begun.items() if seen.get(number) is not request]:
        del begun[number]
    for number, request in seen.items():
        if now - begun.setdefault(number, (request, now))[1] > longest:
            server.active_channels[number].will_close = True
