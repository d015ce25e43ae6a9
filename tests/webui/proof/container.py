"""``python -m tests.webui.proof.container``: an image built by buildah, and served as its own user without rights.

Options but ``--target`` go to ``buildah build`` (``--build-arg``, ``--from``, ``--volume``). Takes minutes and needs a
package index. No daemon is needed, and neither are namespaces: what is built and run is isolated by chroot alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from runoff.processes.surroundings import ROOT
from tests.webui.proof.server import HOST, first_answer, report
from webui.samples import sample_file, samples

PORT = 8733
PROGRAM = "buildah"
SETTINGS = {"BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs", **os.environ}


def buildah(*arguments: str) -> str:
    """Run a command of buildah and return what it says."""
    done = subprocess.run([PROGRAM, *arguments], cwd=ROOT, env=SETTINGS, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def build(target: str, options: list[str]) -> str:
    """Build one of the Dockerfile's images and return its number."""
    with tempfile.TemporaryDirectory() as folder:
        number = Path(folder) / "number"
        build = [PROGRAM, "build", "--target", target, "--iidfile", str(number), *options, "."]
        subprocess.run(build, cwd=ROOT, env=SETTINGS, check=True)
        return number.read_text()


def serve(container: str) -> tuple[float, list[str]]:
    """Start what an image starts and return the seconds to its first answer, and that answer's labels."""
    command = json.loads(buildah("inspect", container))["OCIv1"]["config"]["Cmd"]
    begin = time.monotonic()
    program = [PROGRAM, "run", container, "--", *command, "--host", HOST, "--port", str(PORT)]
    process = subprocess.Popen(program, env=SETTINGS)
    try:
        seconds, answer = first_answer(PORT, sample_file(samples()[0]), begin, process)
    finally:
        process.terminate()
        process.wait()
    return seconds, [given["label"] for given in json.loads(answer)["results"][0]["answers"]]


def main() -> int:
    """Build an image, and report how large it is, who serves it, how soon, and what it answers."""
    parser = argparse.ArgumentParser(prog="python -m tests.webui.proof.container", description=__doc__)
    parser.add_argument("--target", default="onnxruntime", help="which image (default: onnxruntime)")
    known, options = parser.parse_known_args()
    begin = time.monotonic()
    image = build(known.target, options)
    seconds_to_build = time.monotonic() - begin
    container = buildah("from", image)
    try:
        size = next(listed["size"] for listed in json.loads(buildah("images", "--json")) if listed["id"] in image)
        user = buildah("run", container, "--", "id", "-u")
        seconds, labels = serve(container)
    finally:
        buildah("rm", container)
    report(
        f"container-{known.target}",
        {
            "size": size,
            "built after seconds": round(seconds_to_build),
            "user": user,
            "first answer after seconds": round(seconds, 2),
            "labels": labels,
        },
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
