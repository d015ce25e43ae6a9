"""How the page is started: with which checkpoint and artifacts, within which limits, and what a mistake is told."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
from contextlib import closing

import numpy as np
import pytest

from runoff.backends import find_backends
from runoff.environments.contenders import all_contenders
from runoff.environments.discovery import known_backends
from runoff.errors import ArtifactBroken, Exit, FrameworkMissing
from runoff.model.sources.architecture import FILE, OFFICIAL
from runoff.model.sources.options import ModelOptions
from tests.builders.models import resnet18
from tests.conftest import ROOT
from tests.web import (
    BUILTIN_MODEL,
    fake_backends,
    fake_page,
    page,
    prepared_fakes,
    send,
    served,
    star,
    states,
    stored,
    until_settled,
)
from tests.webui.proof.server import classify
from webui import words
from webui.__main__ import main, make_parser, placed
from webui.config import Config
from webui.serving import server_settings
from webui.supply import cached_supply, choose_anew, prepare_folder, prepared_supply, remembered_file, remembered_model


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """Serve a fake with the built-in checkpoint from a home of its own."""
    return Config(
        contenders="fake",
        first="fake",
        model=BUILTIN_MODEL,
        home=tmp_path_factory.mktemp("home"),
        threads=2,
    )


@pytest.mark.long
def test_a_prepared_folder_serves_what_was_converted(config, tmp_path):
    """What was prepared is the converted artifact and the checkpoint, and is served without converting."""
    contenders = all_contenders(fake_backends())
    supply = cached_supply(config, fake_backends())
    prepare_folder(supply, {"fake": contenders["fake"]}, tmp_path / "prepared")
    prepared = prepared_supply(tmp_path / "prepared")
    assert prepared.model() == supply.model()
    artifact = prepared.artifact(contenders["fake"])
    assert artifact.read_bytes() == supply.artifact(contenders["fake"]).read_bytes()
    assert artifact.is_relative_to(tmp_path)
    with pytest.raises(FrameworkMissing, match="was not prepared"):
        prepared.artifact(contenders["fake-slower"])
    artifact.write_bytes(b"changed")
    with pytest.raises(ArtifactBroken, match="prepare the folder"):
        prepared.artifact(contenders["fake"])


@pytest.mark.long
def test_a_model_is_remembered_and_held_to_its_hash(config, monkeypatch):
    """The next start finds the model without choosing anew, unless other weights are asked or its file changed."""
    chosen = choose_anew(config)
    assert remembered_model(config) == chosen
    other = Config(model=ModelOptions(weights="auto"), home=config.home)
    assert remembered_model(other) is None
    whole = chosen.source.weights.read_bytes()
    chosen.source.weights.write_bytes(whole[:1000])
    assert remembered_model(config) is None
    chosen.source.weights.write_bytes(whole)
    assert remembered_model(config) == chosen
    monkeypatch.setattr("webui.supply.BUILTIN_SHA256", "that of an update")
    assert remembered_model(config) is None
    remembered_file(config).write_text("not JSON")
    assert remembered_model(config) is None


def test_a_path_of_weights_is_always_read_anew(config):
    """What a user's own file holds may have changed since the last start, so it is never remembered."""
    assert remembered_model(Config(model=ModelOptions(weights=str(config.home / "own.npz")), home=config.home)) is None


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--contenders", "nobody"], Exit.USAGE, "unknown contender 'nobody'"),
        (["--prepared", "/nowhere"], Exit.FAILED, "is not a prepared folder"),
    ],
)
def test_a_users_mistake_is_one_line(capsys, arguments, code, words):
    """A wrong option ends the start with the code of docs/exit-codes.md and one line that says what is wrong."""
    assert main(arguments) == code
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["--threads", "-1"], ["--threads", "0"], ["--threads", "two"], ["--port", "99999"], ["--port", "0"]]
)
def test_a_number_that_can_not_be_is_refused(capsys, arguments):
    """Threads and ports have bounds, which the refusal names; nothing is started."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "expected a whole number from 1 to" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said_before_anything_starts(capsys, tmp_path, monkeypatch):
    """Another port is advised where that helps, and no worker was started for nothing."""
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--port", str(taken.getsockname()[1])]) == 2
    assert re.search("Address already in use.*give another --host or --port", capsys.readouterr().err)
    assert main(["--host", "no.such.host.invalid"]) == 2
    assert "no.such.host.invalid" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.long
def test_a_folder_that_can_not_be_used_is_named(capsys, tmp_path, monkeypatch):
    """An error of a folder names the folder and what helps, which is no other port."""
    monkeypatch.setattr("webui.__main__.known_backends", fake_backends)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("no folder")
    assert main(["--contenders", "fake", "--weights", "builtin", "prepare", "file/prepared"]) == Exit.UNWRITABLE
    error = capsys.readouterr().err
    assert str(tmp_path / "file/prepared") in error
    assert "free space or make it writable" in error
    assert "--port" not in error


def test_caches_lie_where_the_page_is_started(tmp_path, monkeypatch):
    """Installed or not, the page keeps its files in the folder it is started in, never among the packages."""
    monkeypatch.chdir(tmp_path)
    assert Config().home == tmp_path / ".runoff"
    assert make_parser().parse_args(["--prepared", "made"]).prepared == tmp_path / "made"


def test_caches_go_elsewhere_where_they_can_not_be_made(tmp_path, monkeypatch, caplog):
    """Started in a folder that can't be written, the page uses the user's cache folder and says so, as a race does."""
    (tmp_path / "file").write_text("no folder")
    monkeypatch.delenv("RUNOFF_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    there = placed(Config(home=tmp_path / "file" / ".runoff"))
    assert there.home == tmp_path / "cache" / "runoff"
    assert f"they can't be kept in {tmp_path / 'file' / '.runoff'} (" in caplog.text


@pytest.mark.long
def test_the_server_keeps_bodies_in_memory(tmp_path, monkeypatch):
    """Served as the user's page is, a picture of megabytes is answered and no temporary file is made for it."""
    made = []
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda *_, **__: made.append("a file"))
    monkeypatch.setattr("waitress.buffers.TempfileBasedBuffer.__init__", lambda *_, **__: made.append("a buffer"))
    with fake_page(tmp_path, ["fake"]) as app, served(app, **server_settings(Config())) as port:
        noise = np.random.RandomState(0).bytes(3_000_000)
        picture = b"P6 1000 1000 255\n" + noise
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            status, _ = classify(connection, picture)
    assert status == 200
    assert made == []


def test_a_runtime_is_named_as_its_makers_write_it():
    """A backend says how its makers write its name; one that does not is called as its file is."""
    titles = {
        name: words.title(contender, backends[contender.backend])
        for backends in (find_backends(), fake_backends())
        for name, contender in all_contenders(backends).items()
    }
    assert titles["onnxruntime"] == "ONNX Runtime"
    assert titles["onnxruntime-int8"] == "ONNX Runtime (int8)"
    assert titles["fake-slower"] == "fake (slower)"


def test_a_model_is_announced_by_its_source_never_by_its_name(tmp_path):
    """A user's own weights in a file named like the official or the built-in ones are announced as the user's own."""
    labels = tuple(f"class {index}" for index in range(7))
    for name in ("imagenet-mine.pth", "imagenet1k-v1", "builtin"):
        own = resnet18(name, tmp_path / name, "00", labels, FILE)
        assert words.knowledge(own) == (
            "These answers come from a model of your own. "
            "It knows 7 kinds of things: class 0, class 1, class 2 and 4 more."
        )
    official = resnet18("renamed", tmp_path / "renamed", "00", labels, OFFICIAL)
    assert "that its makers trained. It knows 7 kinds" in words.knowledge(official)


@pytest.mark.long
def test_a_backend_from_elsewhere_answers_beside_the_others(tmp_path, monkeypatch):
    """A file's backend serves what the model's other backends do; one that can't be imported is unavailable."""
    monkeypatch.setattr("webui.keeper.MAX_BACKOFF", 0.01)
    (tmp_path / "broken.py").write_text("import a_missing_runtime\n")
    given = ["--backend", str(ROOT / "tests" / "stand_ins" / "newcomer.py"), "--backend", str(tmp_path / "broken.py")]
    backends = known_backends(make_parser().parse_args(given).backend)
    names = ["newcomer", "broken"]
    prepared = prepared_fakes(tmp_path / "prepared", names)
    config = Config(contenders=",".join(names), first="newcomer", prepared=prepared, home=tmp_path, threads=2)
    with page(config, backends) as app:
        until_settled(app)
        assert states(app)["newcomer"] == ("ready", 0)
        assert states(app)["broken"][0] == "unavailable"
        assert send(app.test_client(), stored(star(), "PNG")).json["results"][0]["runtime"] == "newcomer"


WITHOUT_PHOTOGRAPHS = """
import importlib.util, sys

from tests.web import fake_backends
from webui import __main__ as page

found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "skimage" else found(name, *rest)
page.known_backends = fake_backends
sys.exit(page.main(["--contenders", "fake", "--weights", "builtin", "prepare", sys.argv[1]]))
"""


@pytest.mark.long
def test_the_page_converts_without_scikit_image(tmp_path):
    """Pictures to calibrate on are asked for where a contender reads them alone: the small container has none."""
    command = [sys.executable, "-c", WITHOUT_PHOTOGRAPHS, str(tmp_path / "prepared")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "prepared" / "fake" / "model.npy").exists()


def luminance(colour: str) -> float:
    """Return a colour's relative luminance (WCAG 2.2)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back"),
    [
        ("ink", "paper"),
        ("ink", "raised"),
        ("ink", "soft"),
        ("quiet", "paper"),
        ("quiet", "raised"),
        ("strong", "paper"),
        ("on-strong", "strong"),
        ("good", "good-soft"),
        ("bad", "bad-soft"),
        ("bad", "raised"),
    ],
)
def test_text_has_contrast(scheme, front, back):
    """Text has a contrast of at least 4.5 on what it stands on (WCAG 2.2, 1.4.3), light and dark."""
    blocks = re.findall(r":root \{(.*?)\}", (ROOT / "webui" / "static" / "page.css").read_text(), re.DOTALL)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", blocks[scheme]))
    lighter, darker = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5
