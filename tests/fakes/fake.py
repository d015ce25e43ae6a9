"""A backend that needs numpy alone and misbehaves on request: each variant does one thing wrong.

Where the variable FAKE_CLOCK is set, nothing sleeps and a worker's clocks go on only as it says, so that what is
measured of it is known to the nanosecond, however busy the machine is.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from runoff.arrays import Arrays, Logits, Pictures, Signature
from runoff.contract import MODULE, Form, Variant
from runoff.errors import NoAnswer, conversion_stage
from runoff.kernels import Kernel, Shape

MEBIBYTE = 1024 * 1024
SECONDS_PER_INFERENCE = 0.002
SECONDS_PER_SLOW_LOAD = 0.2
READ = 64 * MEBIBYTE
SMALL, PRODUCTS = 32, 2000
"""Rows of a small matrix, and how many products an inference of it takes."""
TICK = 1000
"""Nanoseconds by which a reading moves a fake clock on, so that nothing takes no time."""

VARIANTS = (
    Variant(description="does all as it should", default=True),
    Variant("slower", "takes twice as long"),
    Variant("slow-load", "sleeps 200 ms at load"),
    Variant("hungry", "allocates 100 MiB at load"),
    Variant("prints", "prints to stdout from everywhere"),
    Variant("crashes", "its process ends at load"),
    Variant("raises", "raises at load"),
    Variant("elsewhere", "has no answer on this processor"),
    Variant("dies-late", "its process ends at the fifth inference"),
    Variant("hangs", "never answers"),
    Variant("killed", "is killed as by the kernel when memory runs out"),
    Variant("lies", "reports one thread more than it was given"),
    Variant("wrong", "gives the logits of another class"),
    Variant("double", "gives float64 logits"),
    Variant("inexact", "says float32 but is off by a thousandth"),
    Variant("unconvertible", "its conversion fails", convert_options={"fails": True}),
    Variant("unwritten", "its conversion writes nothing", convert_options={"writes": 0}),
    Variant("companion", "its conversion writes a second file", convert_options={"writes": 2}),
    Variant("one-by-one", "takes as long for each image of a batch as for one"),
    Variant("threaded", "takes half as long on two threads"),
    Variant("fixed-batch", "refuses a batch of more than one image"),
    Variant("dies-at-four", "its process ends at a batch of four"),
    Variant("stalls", "never answers its thirtieth inference"),
    Variant("raises-late", "raises at its thirtieth inference"),
    # A pool's threads wait long for their first turn on a crowded machine, and a thread that waits is not idle.
    Variant("idle", "keeps no thread busy", variables={"OPENBLAS_NUM_THREADS": "1"}),
    Variant("negatable", "would be another one where a variable says so", negated_by={"FAKE_DISABLE": "1"}),
    Variant("tells", "says a word when it is loaded, and waits for ever"),
    Variant("reads", "reads 64 MiB in an inference"),
    Variant("multiplies", "multiplies small matrices in an inference, which the first cache holds"),
)
REQUIRES = ("numpy",)
FORM = MODULE
DISTRIBUTIONS = ("numpy",)
SUFFIX = ".npy"


def true_logits(batch: Pictures) -> Logits:
    """Return the logits that are right: the first thousand pixels of each image, weighted so that no two are alike."""
    weights = np.linspace(1, 2, 1000, dtype=np.float32)
    return np.ascontiguousarray(batch.reshape(len(batch), -1)[:, :1000] * weights)


def refuse_processor() -> None:
    """Say that this processor lacks what is needed."""
    raise NoAnswer("this processor has no imagined arithmetic; race fake instead")


@dataclass
class FakeClock:
    """A clock in nanoseconds that goes on by what is said to pass, and by a tick a reading."""

    now: int

    def read(self) -> int:
        """Return the time."""
        self.now += TICK
        return self.now


def install_clocks() -> None:
    """Put fake clocks in the place of this process's own, which go on from where those are."""
    for name in ("perf_counter_ns", "process_time_ns"):
        setattr(time, name, FakeClock(getattr(time, name)()).read)


def let_pass(seconds: float, threads: float = 0) -> None:
    """Let time pass, with so many threads busy: asleep, or by the fake clocks where they are installed."""
    clocks = [getattr(read, "__self__", None) for read in (time.perf_counter_ns, time.process_time_ns)]
    if not isinstance(clocks[0], FakeClock):
        time.sleep(seconds)
        return
    for clock, share in zip(clocks, (1, threads), strict=True):
        clock.now += round(seconds * share * 1e9)


def look_busy(threads: int) -> None:
    """Let this process's CPU time be that of so many busy threads, asleep or not; a fake clock is told it elsewhere."""
    if not isinstance(getattr(time.process_time_ns, "__self__", None), FakeClock):
        time.process_time_ns = lambda: threads * time.perf_counter_ns()


def hang() -> None:
    """Wait for longer than any time-out."""
    signal.pause()


def tell() -> None:
    """Say a word through the named pipe that the test waits at, and let nothing else happen."""
    Path(os.environ["FAKE_WORD"]).write_text("loading")
    signal.pause()


AT_LOAD: dict[str, Callable[[], object]] = {
    "slow-load": lambda: let_pass(SECONDS_PER_SLOW_LOAD),
    "crashes": lambda: os._exit(3),
    "raises": [].pop,
    "elsewhere": refuse_processor,
    "hangs": hang,
    "tells": tell,
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
}


@dataclass
class FakeSession:
    """A model that sleeps and gives the first pixels as logits, one for each class."""

    variant: str
    threads: int
    classes: int = 1000
    inferences: int = 0
    memory: list[np.ndarray] = field(default_factory=list)

    def run(self, inputs: Arrays) -> list[Logits]:
        """Answer as the variant does."""
        (batch,) = inputs.values()
        return [self.logits_of(batch)]

    def logits_of(self, batch: Pictures) -> Logits:
        """Give what the variant gives for pictures."""
        self.inferences += 1
        if batch.strides[0] * len(batch) != batch.nbytes:
            raise ValueError(f"a batch of strides {batch.strides} is another kind of input to a compiler")
        self.misbehave(len(batch))
        self.work()
        busy = 0 if self.variant == "idle" else self.threads
        let_pass(SECONDS_PER_INFERENCE * self.times_as_long(len(batch)), busy)
        if self.variant == "prints":
            print("progress: 100 %", flush=True)
            os.write(1, b'{"nanoseconds": 1}\n')
        logits = np.ascontiguousarray(true_logits(batch)[:, : self.classes])
        if self.variant == "wrong":
            return np.roll(logits, 1, axis=1)
        if self.variant == "double":
            return logits.astype(np.float64)  # type: ignore[return-value]  # the point of this variant
        if self.variant == "inexact":
            return logits * np.float32(1.001)
        return logits

    def misbehave(self, images: int) -> None:
        """Do what the variant does wrong with batches, or late."""
        if self.variant == "dies-late" and self.inferences == 5:
            os._exit(4)
        if self.variant == "fixed-batch" and images > 1:
            raise ValueError(f"expected a batch of 1, got {images}")
        if self.variant == "dies-at-four" and images == 4:
            os._exit(4)
        if self.variant == "stalls" and self.inferences == 30:
            hang()
        if self.variant == "raises-late" and self.inferences == 30:
            raise OverflowError("thirty is too many")

    def work(self) -> None:
        """Do the real work of those variants that have any."""
        if self.variant == "reads":
            self.memory[0].max()
        if self.variant == "multiplies":
            for _ in range(PRODUCTS):
                np.matmul(self.memory[0], self.memory[0], out=self.memory[1])

    def times_as_long(self, images: int) -> float:
        """Return how many times as long as usual an inference takes."""
        if self.variant == "threaded":
            return 2 / self.threads
        return {"slower": 2, "idle": 5, "one-by-one": images, "reads": 0, "multiplies": 0}.get(self.variant, 1)


def import_framework(variant: Variant) -> None:
    """There is none but the clock."""
    if "FAKE_CLOCK" in os.environ:
        install_clocks()


def convert(form: Form, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """Write a file, or not."""
    with conversion_stage("imagined stage"):
        if variant.convert_options.get("fails"):
            raise KeyError("operator Resize is not known")
    files = variant.convert_options.get("writes", 1)
    if files > 0:
        np.save(artifact, np.zeros(1000, dtype=np.float32))
    if files > 1:
        np.save(artifact.with_name("weights.npy"), np.ones(1000, dtype=np.float32))


def load(artifact: Path, signature: Signature, variant: Variant, threads: int) -> FakeSession:
    """Load as the variant does."""
    np.load(artifact)
    if variant.name in AT_LOAD:
        AT_LOAD[variant.name]()
    if variant.name == "prints":
        sys.stdout.write("loading...\n")
    told = threads + 1 if variant.name == "lies" else threads
    session = FakeSession(variant.name, told, signature.classes or 1000)
    if variant.name != "idle":
        look_busy(threads)
    if variant.name == "hungry":
        session.memory.append(np.ones(100 * MEBIBYTE, dtype=np.uint8))
    if variant.name == "reads":
        session.memory.append(np.ones(READ // 4, dtype=np.float32))
    if variant.name == "multiplies":
        session.memory += [np.ones((SMALL, SMALL), np.float32), np.empty((SMALL, SMALL), np.float32)]
    return session


def peak_kernels(precision: str, threads: int) -> Iterator[Kernel]:
    """Yield a kernel that counts more operations than any real library does, so that it is known whose it is."""
    if precision == "float32":
        yield Shape("imagined kernel", (1,), (1,), 10**15), int
