"""The runtimes that answer: each contender with its keeper, the process that opens pictures, and whose turn it is."""

from __future__ import annotations

import base64
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial

import numpy as np

from runoff.backends import Declaration
from runoff.contract import Model
from runoff.environments.contenders import Contender, all_contenders, choose_contenders
from runoff.environments.cpus import allowed_threads
from runoff.errors import RunoffError, WorkerFailed
from runoff.files.values import to_json
from runoff.model.inputs.images import ImageSet, hash_pixels, save_images
from runoff.model.sources.options import AUTO
from runoff.model.sources.own_module import home_of
from runoff.processes.channel import Message
from runoff.processes.process import Process, started
from runoff.processes.surroundings import Surroundings, process_variables
from runoff.processes.variables import require_own_meaning
from webui import words
from webui.config import Config
from webui.keeper import GONE, SETTLED, UNAVAILABLE, WAITED_FOR, Keeper, NotPrepared, NotReady
from webui.refusals import Refusal
from webui.supply import Supply, cached_supply, choose_anew, prepared_supply

LOOK_SECONDS = 0.2

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Runtime:
    """One contender of the page, and its name for people."""

    contender: Contender
    title: str
    keeper: Keeper


@dataclass(frozen=True)
class Pixels:
    """A picture that was opened: its size in pixels, and the model's input as base64."""

    width: int
    height: int
    content: str


@dataclass
class Runtimes:
    """All that answers pictures; ``turn`` is held during an inference, so that each has the machine to itself.

    ``latest`` is the one that had the last turn; all others that had one are suspended, as in the benchmark.
    ``model`` is what answers, once it is known. Each of ``decoders`` opens a picture at a time;
    those in ``opening`` do so now.
    """

    config: Config
    runtimes: dict[str, Runtime]
    decoders: tuple[Keeper, ...]
    model: Future[Model] = field(default_factory=Future)
    turn: threading.Lock = field(default_factory=threading.Lock)
    latest: Keeper | None = None
    opening: set[Keeper] = field(default_factory=set)
    one_is_free: threading.Condition = field(default_factory=threading.Condition)

    def keepers(self) -> list[Keeper]:
        """List the keepers of all workers, the decoders' first."""
        return [*self.decoders, *(runtime.keeper for runtime in self.runtimes.values())]

    def close(self) -> None:
        """End all workers."""
        for keeper in self.keepers():
            keeper.close()

    def wait_for_model(self) -> None:
        """Wait until the model is known, or no worker could be started that would learn it: that goes on being tried.

        Raises what keeps the model from being had.
        """
        while any(runtime.keeper.status.state not in GONE for runtime in self.runtimes.values()):
            if futures.wait([self.model], LOOK_SECONDS).done:
                break
        if self.model.done():
            self.model.result()

    @property
    def known_model(self) -> Model | None:
        """The model, None until it is known or where it could not be had."""
        return self.model.result() if self.model.done() and not self.model.exception() else None

    def open_picture(self, content: bytes) -> Pixels:
        """Turn a file's bytes into the model's input, as the benchmark does.

        Raises Refusal.
        """
        try:
            preprocessing = self.model.result(self.config.patience).picture_preprocessing
        except (futures.TimeoutError, RunoffError) as error:
            raise Refusal("no_model") from error
        command = {
            "content": base64.b64encode(content).decode(),
            "pixel_limit": self.config.pixel_limit,
            "preprocessing": asdict(preprocessing),
        }
        try:
            with self.free_decoder() as decoder:
                answer = decoder.ask(command, patience=self.config.patience, timeout=self.config.worker_timeout)
        except NotReady as error:
            raise Refusal("busy") from error
        except WorkerFailed as error:
            log.warning("a picture ended the process that opened it: %s", error)
            raise Refusal("unreadable_picture") from error
        if "refused" in answer:
            raise Refusal(answer["refused"], millions=self.config.pixel_limit // 1_000_000)
        return Pixels(answer["width"], answer["height"], answer["pixels"])

    @contextmanager
    def free_decoder(self) -> Iterator[Keeper]:
        """Take a decoder that opens no picture now, one that is ready before one that is not.

        Raises NotReady where none gets free in time.
        """
        with self.one_is_free:
            if not self.one_is_free.wait_for(lambda: len(self.opening) < len(self.decoders), self.config.patience):
                raise NotReady("all decoders are opening other pictures")
            free = [decoder for decoder in self.decoders if decoder not in self.opening]
            chosen = next((decoder for decoder in free if decoder.answers), free[0])
            self.opening.add(chosen)
        try:
            yield chosen
        finally:
            with self.one_is_free:
                self.opening.remove(chosen)
                self.one_is_free.notify()

    def classify(self, runtime: Runtime, pixels: Pixels) -> Message:
        """Let one runtime look at a picture and return its answer; one that is started again meanwhile is waited for.

        Raises NotReady, or a WorkerFailed.
        """
        keeper, until = runtime.keeper, time.monotonic() + self.config.patience
        while True:
            if keeper.status.state in WAITED_FOR:
                keeper.wait(SETTLED, max(0.0, until - time.monotonic()))
            if not self.turn.acquire(timeout=max(0.0, until - time.monotonic())):
                raise NotReady("others are being served")
            try:
                if self.latest is not None and self.latest is not keeper:
                    self.latest.suspend()
                self.latest = keeper
                command = {"do": "picture", "pixels": pixels.content}
                return keeper.ask(command, patience=0.0, timeout=self.config.worker_timeout)
            except NotReady:
                if keeper.status.state not in WAITED_FOR or time.monotonic() > until:
                    raise
            finally:
                self.turn.release()


def started_runtimes(config: Config, backends: Mapping[str, Declaration]) -> Runtimes:
    """Make the runtimes that a configuration asks for and start them in the background, the first before the others.

    Raises UnknownContender, VariantNegated, or ArtifactBroken for a prepared folder that is none.
    """
    contenders = chosen_contenders(config, backends)
    supply = prepared_supply(config.prepared) if config.prepared else cached_supply(config, backends)
    decoders = [
        Keeper(name, starting(config, "webui.decoder", name), {}, start_timeout=config.start_timeout)
        for name in (f"decoder-{number}" for number in range(1, config.decoders + 1))
    ]
    runtimes = Runtimes(config, {}, tuple(decoders))
    before: Keeper | None = None  # one starts after another: together they would take the cores from the first answer
    for name, contender in contenders.items():
        backend = backends[contender.backend]
        variables = backend.variables(contender.variant)
        require_own_meaning(name, contender.variant.negated_by, process_variables(Surroundings(variables=variables)))
        before = Keeper(
            name,
            starting(config, "runoff.measure.worker", name, variables),
            {"backend": backend.module, "variant": contender.variant.name, "layout": backend.LAYOUT},
            start_timeout=config.start_timeout,
            prepare=partial(prepare, runtimes, contender, supply),
            after=before,
        )
        runtimes.runtimes[name] = Runtime(contender, words.title(contender, backend), before)
    for keeper in runtimes.keepers():
        keeper.open()
    if config.model.weights == AUTO and config.prepared is None:
        threading.Thread(target=look_for_a_better_model, args=(runtimes,), daemon=True).start()
    return runtimes


def starting(
    config: Config, module: str, name: str, variables: Mapping[str, str] | None = None
) -> Callable[[], AbstractContextManager[Process]]:
    """Return what starts a worker's process, with a separate log."""
    log = config.home / "logs" / f"web-{name}.log"
    surroundings = Surroundings(variables=variables or {}, home=home_of(config.model.model))
    return partial(started, module, label=name, log=log, surroundings=surroundings)


def chosen_contenders(config: Config, backends: Mapping[str, Declaration]) -> dict[str, Contender]:
    """Return the contenders of the page by id, the first one first."""
    if config.contenders == "plain":
        chosen = [contender for contender in all_contenders(backends).values() if not contender.variant.name]
    else:
        chosen = choose_contenders(config.contenders, backends, ())
    return {contender.id: contender for contender in sorted(chosen, key=lambda contender: contender.id != config.first)}


def prepare(runtimes: Runtimes, contender: Contender, supply: Supply) -> Message:
    """Return what a contender's worker loads, and the blank picture it first looks at; one keeper does so at a time."""
    model, config = learned_model(runtimes, supply), runtimes.config
    artifact = supply.artifact(contender)
    pixels = np.zeros((1, *model.picture_shape), model.inputs[0].dtype)
    blank = config.home / "webui" / f"blank-{hash_pixels(pixels)[:16]}.npy"
    save_images(ImageSet(("blank",), pixels, ""), blank)
    threads = config.threads or allowed_threads()
    shown = {"inputs": {model.inputs[0].name: str(blank)}, "example": 0}
    return {"artifact": str(artifact), "signature": to_json(model.signature), "threads": threads, **shown}


def learned_model(runtimes: Runtimes, supply: Supply) -> Model:
    """Return the model and let the page know it, also where there is no artifact of it; or let it know why not.

    Raises NotPrepared.
    """
    if not runtimes.model.done():
        try:
            runtimes.model.set_result(supply.model())
        except Exception as error:  # noqa: BLE001 - whatever it is, the start of the page waits for it
            runtimes.model.set_exception(error)
    if runtimes.known_model is None:
        raise NotPrepared(UNAVAILABLE)
    return runtimes.known_model


def look_for_a_better_model(runtimes: Runtimes) -> None:
    """Choose the model anew once all are settled, for the next start: the official one may be had by now."""
    for runtime in runtimes.runtimes.values():
        runtime.keeper.wait(SETTLED, None)
    try:
        model = choose_anew(runtimes.config)
    except (RunoffError, OSError) as error:
        log.warning("the model could not be chosen again: %s", error)
        return
    if (served := runtimes.known_model) and model.sha256 != served.sha256:
        log.warning("%s can be had now; start the page again to use it", model.name)
