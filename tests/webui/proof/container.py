"""``python -m tests.webui.proof.container``: each of the Dockerfile's images, built and tried as its unprivileged user.

Docker builds where it is; else buildah, which needs neither a daemon nor namespaces, and whose images run in a chroot.
Both run them with a read-only root. Where no image registry can be had, ``--make-base`` lets mmdebstrap
make what the Dockerfile begins with, for buildah. Options that are unknown here go to the build (``--build-arg``,
``--volume``). Takes minutes for each image, and needs a package index.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runoff.processes.surroundings import ROOT
from tests.webui.proof.server import HOST, first_answer, report
from webui.samples import sample_file, samples

PORT = 8733
DOCKER, BUILDAH = "docker", "buildah"
RACE = "race"
TARGETS = ("onnxruntime", "full", RACE)
BASE = "localhost/runoff-base"
PACKAGES = "python3.11,python3.11-venv,ca-certificates,passwd"
SETTINGS = {"BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs", **os.environ}
HARDENED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "host")
WRITABLE = ("--tmpfs", "/tmp", "--tmpfs", "/app/.runoff:uid=10001", "--tmpfs", "/cache:uid=10001")
IN_CHROOT = """
mkdir -p "$0/work" "$0/cache"
mount --bind "$0" "$0"
mount -o remount,ro,bind "$0"
mount -t tmpfs tmpfs "$0/tmp"
for own in "$0/app/.runoff" "$0/cache"; do if [ -d "$own" ]; then mount -t tmpfs -o uid=10001 tmpfs "$own"; fi; done
mount --bind "$1" "$0/work"
mount -t proc proc "$0/proc"
for shared in dev sys; do mount --rbind "/$shared" "$0/$shared"; done
exec chroot --userspec="$2" "$0" env -i -C "$3" "${@:4}"
"""
"""How buildah's root, work folder, user, folder, variables and command run as in Docker, in a mount namespace."""
SHORT = (
    "--contenders",
    "pytorch,onnxruntime",
    "--weights",
    "builtin",
    "--launches",
    "1",
    "--rounds",
    "2",
    "-k",
    "not conver",
)
"""How the image of the main job is tried."""


def run(program: str, *arguments: str) -> str:
    """Run a command and return what it says."""
    command = [program, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=SETTINGS, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def make_base() -> None:
    """Make the image that the Dockerfile begins with, of Debian's own Python 3.11, and commit it as ``BASE``."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "base.tar"
        run("mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(root))
        container = run(BUILDAH, "from", "scratch")
        run(BUILDAH, "add", "--quiet", container, str(root), "/")
    run(BUILDAH, "run", container, "--", "ln", "-sf", "python3.11", "/usr/bin/python")
    run(BUILDAH, "commit", "--quiet", "--rm", container, BASE)


def build(engine: str, target: str, options: Sequence[str]) -> str:
    """Build one of the Dockerfile's images and return its number."""
    with tempfile.TemporaryDirectory() as folder:
        number = Path(folder) / "number"
        run(engine, "build", "--target", target, "--iidfile", str(number), *options, ".")
        return number.read_text().removeprefix("sha256:")


def size(engine: str, image: str) -> str:
    """Return how large an image is, as the engine says it."""
    if engine == DOCKER:
        return f"{int(run(DOCKER, 'inspect', '--format', '{{.Size}}', image)) / 1e6:.0f} MB"
    listed: list[dict[str, Any]] = json.loads(run(BUILDAH, "images", "--json"))
    return next(str(each["size"]) for each in listed if image.startswith(each["id"]))  # which it shortens


@contextmanager
def container(engine: str, image: str, work: Path) -> Iterator[list[str]]:
    """Yield the words that run something in an image's container, with a folder at /work and this machine's network."""
    mounted = ("--volume", f"{work}:/work")
    if engine == DOCKER:
        yield [DOCKER, "run", "--rm", "--entrypoint", "", *HARDENED, *WRITABLE, *mounted, image]
        return
    name = run(BUILDAH, "from", image)
    try:
        settings, user = settings_of(image), run(BUILDAH, "run", name, "--", "id", "-u")
        private = ("unshare", "--mount", "--propagation", "private", "bash", "-ec", IN_CHROOT)
        root = run(BUILDAH, "mount", name)
        yield [*private, root, str(work), f"{user}:{user}", settings.get("WorkingDir") or "/", *settings.get("Env", [])]
    finally:
        run(BUILDAH, "rm", name)


def settings_of(image: str) -> dict[str, Any]:
    """Return what an image that buildah made says about running it."""
    return dict(json.loads(run(BUILDAH, "inspect", "--type", "image", image))["OCIv1"]["config"])


def own_command(engine: str, image: str) -> list[str]:
    """Return what an image starts: its entry point, and the words that it is given where there are no others."""
    config = json.loads(run(DOCKER, "inspect", image))[0]["Config"] if engine == DOCKER else settings_of(image)
    return [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]


def serve(command: list[str]) -> dict[str, Any]:
    """Start a page and return the seconds to its first answer, and that answer's labels."""
    begin = time.monotonic()
    process = subprocess.Popen([*command, "--host", HOST, "--port", str(PORT)], env=SETTINGS)
    try:
        seconds, answer = first_answer(PORT, sample_file(samples()[0]), begin, process)
    finally:
        process.terminate()
        process.wait()
    labels = [given["label"] for given in json.loads(answer)["results"][0]["answers"]]
    return {"first answer after seconds": round(seconds, 2), "labels": labels}


def race(command: list[str], work: Path) -> dict[str, Any]:
    """Race two contenders briefly and return the seconds, and which contenders the stored run has."""
    begin = time.monotonic()
    subprocess.run([*command, *SHORT], env=SETTINGS, check=True)
    stored = json.loads((work / "results" / "runoff.json").read_text())
    raced = sorted({name for each in stored["benchmarks"] if (name := each["extra_info"].get("contender"))})
    assert (work / "results" / "index.html").exists()
    return {"seconds of a short race": round(time.monotonic() - begin), "raced": raced}


def tried(engine: str, target: str, options: Sequence[str]) -> dict[str, Any]:
    """Build an image and say how large it is, who it runs as, and what came of what it starts."""
    begin = time.monotonic()
    image = build(engine, target, options)
    seconds = round(time.monotonic() - begin)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        work.chmod(0o777)  # the image's user is no user of this machine's
        with container(engine, image, work) as within:
            user = run(*within, "id", "-u")
            assert run(*within, "sh", "-c", "touch /opt/x 2>/dev/null || echo read-only") == "read-only"
            command = [*within, *own_command(engine, image)]
            did = race(command, work) if target == RACE else serve(command)
    return {"engine": engine, "size": size(engine, image), "built after seconds": seconds, "user": user, **did}


def main() -> int:
    """Build each image, try it, and report; any failure ends it."""
    parser = argparse.ArgumentParser(prog="python -m tests.webui.proof.container", description=__doc__)
    parser.add_argument("--target", action="append", choices=TARGETS, help="which image (default: all of them)")
    parser.add_argument("--make-base", action="store_true", help="make the base by mmdebstrap, for buildah")
    parser.add_argument("--engine", choices=(DOCKER, BUILDAH), help="what builds (default: docker where it is)")
    known, options = parser.parse_known_args()
    engine = known.engine or (BUILDAH if known.make_base or not shutil.which(DOCKER) else DOCKER)
    if known.make_base:
        make_base()
        options += ["--from", BASE]
    for target in known.target or TARGETS:
        report(f"image-{target}", tried(engine, target, options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
