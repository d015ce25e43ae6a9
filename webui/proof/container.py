"""``python -m webui.proof.container``: the Dockerfile's own steps for the small image, done in a clean folder.

Where no image can be built, this shows what can be shown: that the steps install, convert and answer. Steps that need a
container (users) are left out and named. Takes minutes and needs a package index.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from runoff.processes.process import ROOT
from webui.proof.server import HOST, classify, report
from webui.samples import sample_file, samples

PORT = 8733
IN_A_CONTAINER_ONLY = ("useradd", "chown")


@dataclass(frozen=True)
class Step:
    """One instruction of a stage of the Dockerfile."""

    stage: str
    instruction: str
    argument: str


def read_steps(dockerfile: str) -> list[Step]:
    """Read a Dockerfile's instructions in their order, each with its stage's name."""
    stage, steps = "", []
    for line in re.sub(r"\\\n\s*", "", dockerfile).splitlines():
        instruction, _, argument = line.partition(" ")
        if not instruction.isupper():
            continue
        if instruction == "FROM":
            stage = argument.rsplit(" ", 1)[1]
        steps.append(Step(stage, instruction, argument.strip()))
    return steps


def done_in(root: Path, steps: list[Step], index: str) -> list[str]:
    """Do a stage's steps with ``root`` in the place of ``/``, and give those that were left out."""
    left_out = []
    application = root / "app"
    for step in steps:
        if step.instruction == "COPY" and not step.argument.startswith("--from"):
            *sources, target = step.argument.split()
            copy(sources, application / target, application)
        elif step.instruction == "RUN":
            for command in step.argument.split(" && "):
                if command.startswith(IN_A_CONTAINER_ONLY):
                    left_out.append(command)
                else:
                    run(command, root, application, index)
    return left_out


def copy(sources: list[str], target: Path, application: Path) -> None:
    """Copy files or a folder of the tree to where the image has them."""
    application.mkdir(parents=True, exist_ok=True)
    for source in sources:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, target)


def run(command: str, root: Path, application: Path, index: str) -> None:
    """Run one command as the image's builder does, in the application's folder."""
    application.mkdir(parents=True, exist_ok=True)
    here = command.replace("/opt/", f"{root}/opt/")
    variables = {
        "PATH": f"{root}/opt/venv/bin:{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(root),
        "WEIGHTS": "builtin",
        **{name: value for name, value in os.environ.items() if name.startswith("PIP_")},
        **({"PIP_EXTRA_INDEX_URL": index} if index else {}),
    }
    subprocess.run(["/bin/sh", "-c", here], cwd=application, env=variables, check=True)


def answers(root: Path, command: list[str]) -> float:
    """Start what the image starts, from the folder, and give the seconds to its first answer."""
    picture = sample_file(samples()[0])
    begin = time.monotonic()
    program = [str(root / "opt/venv/bin/python"), *command, "--port", str(PORT)]
    process = subprocess.Popen(program, cwd=root / "app", env={"PATH": "/usr/bin:/bin", "HOME": str(root)})
    try:
        while process.poll() is None and time.monotonic() - begin < 60:
            try:
                status, _ = classify(http.client.HTTPConnection(HOST, PORT, timeout=30), picture)
            except OSError:
                status = 0
            if status == 200:
                return time.monotonic() - begin
            time.sleep(0.02)
        raise RuntimeError("the steps installed a page that does not answer")
    finally:
        process.terminate()
        process.wait()


def main() -> int:
    """Do the steps of the small image and tell how large it is and how soon it answers."""
    parser = argparse.ArgumentParser(prog="python -m webui.proof.container", description=__doc__)
    parser.add_argument("--index", default="", help="the address of PyTorch's wheels for CPUs, as for the image")
    index = parser.parse_args().index
    steps = read_steps((ROOT / "Dockerfile").read_text())
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        converting, serving = Path(folder) / "converting", Path(folder) / "serving"
        done_in(converting, [step for step in steps if step.stage in ("base", "converted")], index)
        left_out = done_in(serving, [step for step in steps if step.stage in ("base", "serving", "onnxruntime")], "")
        shutil.copytree(converting / "opt/prepared", serving / "opt/prepared")
        command = next(step for step in steps if (step.stage, step.instruction) == ("onnxruntime", "CMD")).argument
        words = [word.replace("/opt/", f"{serving}/opt/") for word in re.findall(r'"([^"]*)"', command)][1:]
        seconds = answers(serving, [HOST if word == "0.0.0.0" else word for word in words])  # noqa: S104 - replaced
        size = sum(file.stat().st_size for file in serving.rglob("*") if file.is_file() and not file.is_symlink())
    values = {"megabytes above the base image": round(size / 1e6), "first answer after seconds": round(seconds, 2)}
    report("container", {**values, "left out": left_out})
    return 0


if __name__ == "__main__":
    sys.exit(main())
