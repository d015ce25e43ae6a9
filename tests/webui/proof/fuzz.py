"""``python -m tests.webui.proof.fuzz``: altered pictures; none may bring an error of the server's, or make it grow.

Every answer must be 200 or one of the refusals that the API's description names.
"""

from __future__ import annotations

import argparse
import http.client
import io
import random
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from runoff.model.inputs.drawings import draw
from tests.webui.proof.server import HOST, Server, ask, classify, form, report, running

PORT = 8732
CLIENTS = 4
ALLOWED = {200, 400, 413, 415, 422}
FORMATS = {"JPEG": {}, "PNG": {}, "GIF": {}, "WEBP": {}, "TIFF": {"compression": "tiff_lzw"}, "BMP": {}}
SIDE = 96
REPORT_EVERY = 1000
WARMING = 0.25
"""The share of the bodies before memory is first read."""
MOST_GROWTH = 40.0
"""Megabytes that all processes together may have grown by since then; allocators keep some of the largest picture."""


def originals() -> list[bytes]:
    """Return small pictures in every format and in several modes, and one whole animation."""
    picture = draw(4, np.random.RandomState(1)).resize((SIDE, SIDE))
    stored = []
    for kind, options in FORMATS.items():
        for mode in ("RGB", "L", "P", "RGBA", "CMYK", "1"):
            buffer = io.BytesIO()
            try:
                picture.convert(mode).save(buffer, kind, **options)
            except (OSError, ValueError):  # a format that has no such mode
                continue
            stored.append(buffer.getvalue())
    buffer = io.BytesIO()
    picture.save(buffer, "GIF", save_all=True, append_images=[picture.rotate(90)])
    return [*stored, buffer.getvalue()]


def altered(content: bytes, chance: random.Random) -> bytes:
    """Alter a picture in one to twelve places, mostly near its beginning, where headers are."""
    data = bytearray(content)
    for _ in range(chance.choice([1, 2, 4, 8, 12])):
        if not data:
            break
        near = min(int(chance.expovariate(1 / 60)), len(data) - 1)
        place = near if chance.random() < 0.7 else chance.randrange(len(data))
        kind = chance.randrange(6)
        if kind == 0:
            data[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[place] = chance.choice([0, 1, 127, 128, 255, chance.randrange(256)])
        elif kind == 2:
            data[place : place + 4] = chance.choice([b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff", chance.randbytes(4)])
        elif kind == 3:
            del data[place:]
        elif kind == 4:
            del data[place : place + chance.randint(1, 16)]
        else:
            repeated, random_ = data[place : place + 64], chance.randbytes(chance.randint(1, 64))
            data[place:place] = repeated if chance.random() < 0.5 else random_
    return bytes(data)


def body_of(number: int, seed: int, pictures: list[bytes]) -> bytes:
    """Return the body with this number: an altered picture in a form, and in one of ten an altered form."""
    chance = random.Random(f"{seed} {number}")
    picture = altered(pictures[number % len(pictures)], chance)
    whole = form(picture)
    return altered(whole, chance) if chance.random() < 0.1 else whole


def send_share(server: Server, numbers: range, seed: int, pictures: list[bytes]) -> Counter[int]:
    """Send a client's share of the bodies and count the statuses; 0 is a connection that broke."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=60)
    statuses: Counter[int] = Counter()
    for number in numbers:
        if number % REPORT_EVERY == 0:
            sys.stdout.write(f"body {number}\n")
            sys.stdout.flush()
        try:
            status, _ = ask(connection, "POST", "/api/classify", body_of(number, seed, pictures))
        except (OSError, http.client.HTTPException):
            connection.close()
            status = 0
        statuses[status] += 1
        if status not in ALLOWED:
            sys.stdout.write(f"body {number} of seed {seed}: {status}\n")
    return statuses


def send_all(server: Server, first: int, last: int, seed: int, pictures: list[bytes]) -> Counter[int]:
    """Send the bodies from one number to another by several clients and count the statuses."""
    shares = [range(first + client, last, CLIENTS) for client in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as clients:
        counted = clients.map(lambda share: send_share(server, share, seed, pictures), shares)
        return sum(counted, Counter[int]())


def main() -> int:
    """Send the bodies, let schemathesis try the API where it is given, and say whether the page stood it."""
    parser = argparse.ArgumentParser(prog="python -m tests.webui.proof.fuzz", description=__doc__)
    parser.add_argument("--bodies", type=int, default=20_000, help="how many (default: 20000)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default: 1)")
    parser.add_argument("--schemathesis", type=Path, metavar="PROGRAM", help="run it on the API's description too")
    options = parser.parse_args()
    pictures = originals()
    with running(PORT, pictures[0]) as server:
        warm = int(options.bodies * WARMING)
        seen = send_all(server, 0, warm, options.seed, pictures)
        at_first = server.memory()
        seen += send_all(server, warm, options.bodies, options.seed, pictures)
        at_last = server.memory()
        described = run_schemathesis(options.schemathesis, server) if options.schemathesis else None
        after, _ = classify(http.client.HTTPConnection(HOST, server.port, timeout=30), pictures[0])
        restarts = server.restarts()
    grown = at_last - at_first
    well = set(seen) <= ALLOWED and grown < MOST_GROWTH and after == 200 and restarts == 0 and described in (None, 0)
    report(
        "fuzz",
        {
            "bodies": sum(seen.values()),
            "statuses": {str(status): count for status, count in sorted(seen.items())},
            "memory in MB": {"at first": round(at_first), "at last": round(at_last)},
            "runtimes started again": restarts,
            "schemathesis": described,
            "well": well,
        },
    )
    return 0 if well else 1


def run_schemathesis(program: Path, server: Server) -> int:
    """Run schemathesis, from a separate environment, and return its exit code.

    That whatever the description allows is accepted can't be asked: which bytes are a picture it can't say.
    """
    address = f"http://{HOST}:{server.port}/api/openapi.json"
    options = ["--max-examples", "200", "--exclude-checks", "positive_data_acceptance"]
    return subprocess.run([program, "run", address, *options], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
