"""The faults: each is put into one run, before it or in its middle, and taken away again before the next one."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

POLL = 0.005
STOPPED_SECONDS = 5.0
MOST_LAUNCHES = 3
TMPFS_BYTES = 4096
CLOCK = """
import time
begin, real = time.time(), time.time
time.time = lambda: real() - 86400 * (real() - begin > 2)
"""
"""What a plugin does whose machine's clock is set back by a day two seconds after the start."""


@dataclass(frozen=True)
class Victim:
    """A run that is under way: the number of its process once there is one, its folder, and chance."""

    number: Callable[[], int | None]
    root: Path
    chance: random.Random

    def children(self) -> list[psutil.Process]:
        """Return the processes that it started and that are there now."""
        number = self.number()
        try:
            return psutil.Process(number).children(recursive=True) if number else []
        except psutil.NoSuchProcess:
            return []


Act = Callable[[Victim], None]
"""Waits for the moment and does it; it ends by itself where the run is over first."""
Before = Callable[[Path, random.Random], AbstractContextManager[list[str]]]
"""Prepares a copy of the suite, yields further words for the run, and undoes it."""


def worker_of(victim: Victim) -> psutil.Process | None:
    """Wait for one of the run's workers, not always the first, and return it."""
    seen: dict[int, psutil.Process] = {}
    wanted = victim.chance.randint(1, 2 * MOST_LAUNCHES)
    while victim.number() is not None:
        for process in victim.children():
            with suppress(psutil.Error):
                if any("runoff.measure.worker" in word for word in process.cmdline()):
                    seen[process.pid] = process
                    if len(seen) >= wanted:
                        return process
        time.sleep(POLL)
    return None


def converter_of(victim: Victim) -> psutil.Process | None:
    """Wait for a process that converts, which its log tells, and return it."""
    while victim.number() is not None:
        for process in victim.children():
            with suppress(OSError):
                if Path(f"/proc/{process.pid}/fd/2").readlink().name.endswith("-convert.log"):
                    return process
        time.sleep(POLL)
    return None


def driver_of(victim: Victim) -> psutil.Process | None:
    """Wait until one of the launches is in the journal, and return the run's own process."""
    wanted = victim.chance.randint(1, MOST_LAUNCHES - 1)
    before = {path: path.read_bytes() for path in journals(victim.root)}
    while (number := victim.number()) is not None:
        new = [path for path in journals(victim.root) if path not in before]
        if any(path.read_bytes().count(b"\n") >= wanted for path in new):
            with suppress(psutil.NoSuchProcess):
                return psutil.Process(number)
        time.sleep(POLL)
    return None


def journals(root: Path) -> list[Path]:
    """Return the journals of all runs."""
    return sorted((root / ".runoff" / "runs").glob("*.jsonl"))


def killed(find: Callable[[Victim], psutil.Process | None]) -> Act:
    """Return what kills a process as the kernel does where memory runs out."""

    def act(victim: Victim) -> None:
        if process := find(victim):
            with suppress(psutil.NoSuchProcess):
                process.kill()

    return act


def stopped(find: Callable[[Victim], psutil.Process | None]) -> Act:
    """Return what stops a process for a while."""

    def act(victim: Victim) -> None:
        if process := find(victim):
            with suppress(psutil.NoSuchProcess):
                process.suspend()
                time.sleep(STOPPED_SECONDS)
                process.resume()

    return act


def without_picture(victim: Victim) -> None:
    """Remove a picture once a worker is there."""
    if worker_of(victim):
        next(iter(sorted((victim.root / "pictures").iterdir()))).unlink()


def nothing(_: Victim) -> None:
    """Leave the run alone: the fault was there before it."""


@contextmanager
def as_it_is(_root: Path, _chance: random.Random) -> Iterator[list[str]]:
    """Change nothing before the run; yield further words for it."""
    yield []


@contextmanager
def without_artifacts(root: Path, _chance: random.Random) -> Iterator[list[str]]:
    """Remove what was converted, so that there is a converter."""
    for path in (root / ".runoff" / "artifacts").glob("*/*"):
        path.unlink()
    for path in (root / ".runoff" / "artifacts").glob("*"):
        path.rmdir()
    yield []


@contextmanager
def full_disk(root: Path, chance: random.Random) -> Iterator[list[str]]:
    """Put a file system of one page in the place of a folder that is written while the run goes on.

    Raises subprocess.CalledProcessError where that may not be done.
    """
    place = root / chance.choice([".runoff/runs", "results", "temporary"])
    mount = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES}", "tmpfs", str(place)]
    subprocess.run(mount, check=True, capture_output=True)
    unmount = ["umount", "--lazy", str(place)]
    try:
        yield []
    finally:
        subprocess.run(unmount, check=True)


def damaged(damage: Callable[[bytes, random.Random], bytes]) -> Before:
    """Return what damages an artifact before the run."""

    @contextmanager
    def before(root: Path, chance: random.Random) -> Iterator[list[str]]:
        artifacts = sorted(path for path in (root / ".runoff" / "artifacts").glob("*/model.*") if path.is_file())
        artifact = chance.choice(artifacts)
        artifact.write_bytes(damage(artifact.read_bytes(), chance))
        yield []

    return before


def cut(content: bytes, chance: random.Random) -> bytes:
    """Leave the end out."""
    return content[: chance.randrange(len(content))]


def flipped(content: bytes, chance: random.Random) -> bytes:
    """Flip one bit."""
    place = chance.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]


@contextmanager
def picture_kept(root: Path, _chance: random.Random) -> Iterator[list[str]]:
    """Put back the picture that is removed in the run."""
    kept = {path: path.read_bytes() for path in (root / "pictures").iterdir()}
    yield []
    for path, content in kept.items():
        path.write_bytes(content)


@contextmanager
def clock_set_back(root: Path, _chance: random.Random) -> Iterator[list[str]]:
    """Set the wall clock back in the middle: only what this process asks, for the machine's is not ours to set."""
    plugin = root / "clock_set.py"
    plugin.write_text(CLOCK)
    yield ["-p", "clock_set"]
    plugin.unlink()


@dataclass(frozen=True)
class Fault:
    """What goes wrong: what is there before the run, and what happens in it."""

    name: str
    before: Before
    act: Act


FAULTS = (
    Fault("a worker is killed (SIGKILL)", as_it_is, killed(worker_of)),
    Fault("the run's own process is killed", as_it_is, killed(driver_of)),
    Fault("a converter is killed", without_artifacts, killed(converter_of)),
    Fault("a disk is full", full_disk, nothing),
    Fault("an artifact is cut", damaged(cut), nothing),
    Fault("a bit of an artifact is flipped", damaged(flipped), nothing),
    Fault("a picture is removed during the run", picture_kept, without_picture),
    Fault("a worker is stopped for 5 s (SIGSTOP)", as_it_is, stopped(worker_of)),
    Fault("the run's own process is stopped for 5 s", as_it_is, stopped(driver_of)),
    Fault("the clock is set back by a day (simulated)", clock_set_back, nothing),
)
