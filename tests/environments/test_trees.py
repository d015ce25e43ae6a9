"""Other trees: two checkouts of Runoff race in one run, and what differs between them shows where it is."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from runoff.contract import Variant
from runoff.environments.contenders import Contender
from runoff.environments.discovery import tree_version
from runoff.environments.environment import Environment, parse_tree
from runoff.errors import ConversionFailed, UnknownContender
from runoff.measure.code import code_hash
from runoff.processes.channel import PROTOCOL
from tests.builders.declarations import declared
from tests.conftest import HERE, Suite, started_worker

FEW = ("--launches", "3", "--rounds", "6")
ONCE = ("--launches", "1", "--rounds", "2")
FAKE = "runoff/backends/fake.py"
CHANNEL = "runoff/processes/channel.py"

MakeTree = Callable[..., Path]


@pytest.fixture
def make_tree(suite: Suite, tmp_path: Path) -> MakeTree:
    """Make a checkout like the suite's own but for one change in one file."""

    def make(name: str, file: str = FAKE, old: str = "", new: str = "") -> Path:
        tree = tmp_path / name
        shutil.copytree(suite.root / "runoff", tree / "runoff")
        text = (tree / file).read_text()
        assert old in text
        (tree / file).write_text(text.replace(old, new, 1) if old else text)
        return tree

    return make


def stored_run(suite: Suite):
    """Read the run that the suite stored last."""
    return json.loads((suite.root / "results" / "runoff.json").read_text())


@pytest.mark.full
def test_a_difference_in_one_tree_shows_in_its_contender_only(suite, make_tree):
    """Slower code, a slower setting that a backend declares, and wrong logits each show in their own tree's row."""
    same = make_tree("same")
    slow = make_tree("slow", FAKE, "SECONDS_PER_INFERENCE = 0.002", "SECONDS_PER_INFERENCE = 0.004")
    declared = make_tree("declared", FAKE, "VARIANTS = ", 'ENVIRONMENT = {"FAKE_SECONDS": "0.004"}\nVARIANTS = ')
    fake = declared / FAKE
    setting = 'SECONDS_PER_INFERENCE = float(os.environ.get("FAKE_SECONDS", "0.002"))'
    fake.write_text(fake.read_text().replace("SECONDS_PER_INFERENCE = 0.002", setting))
    wrong = make_tree("wrong", FAKE, 'self.variant == "wrong"', "True")
    trees = {"same": same, "slow": slow, "declared": declared, "wrong": wrong}
    done = suite.race(
        *FEW,
        *("--reference", "fake@same", "--contenders", ",".join(["fake", *(f"fake@{name}" for name in trees)])),
        *(word for name, tree in trees.items() for word in ("--tree", f"{name}={tree}")),
        FAKE_CLOCK="1",
    )
    assert done.returncode == 1, done.stdout + done.stderr
    stored = stored_run(suite)
    statuses = {name: came["status"] for name, came in stored["machine_info"]["runoff"]["contenders"].items()}
    raced = dict.fromkeys(["fake@same", "fake", "fake@slow", "fake@declared"], "raced")
    assert statuses == raced | {"fake@wrong": "wrong"}
    ratios = {
        benchmark["extra_info"]["contender"]: benchmark["extra_info"]["ratio"]
        for benchmark in stored["benchmarks"]
        if benchmark["group"] == "inference"
    }
    assert set(ratios) == set(raced)
    assert ratios["fake"]["value"] == pytest.approx(1, rel=0.01)
    for name in ("fake@slow", "fake@declared"):
        assert [ratios[name][end] for end in ("low", "high")] == pytest.approx([2, 2], rel=0.01)
        assert ratios[name]["reference"] == "fake@same"


@pytest.mark.full
def test_a_tree_of_the_same_sources_shares_the_artifact_and_another_converts_its_own(suite, make_tree):
    """An unchanged tree's artifact is the one made here; a tree with another convert() makes another, by its code."""
    same = make_tree("same")
    other = make_tree("other", FAKE, "np.zeros(1000", "np.ones(1000")
    assert suite.race(*ONCE, "--contenders", "fake").returncode == 0
    before = made_artifacts(suite)
    done = suite.race(
        *(*ONCE, "--contenders", "fake,fake@same,fake@other"), *("--tree", f"same={same}", "--tree", f"other={other}")
    )
    assert done.returncode == 0, done.stdout + done.stderr
    came = stored_run(suite)["machine_info"]["runoff"]["contenders"]
    hashes = {name: came[name]["artifact"]["sha256"] for name in ("fake", "fake@same", "fake@other")}
    assert hashes["fake"] == hashes["fake@same"] != hashes["fake@other"]
    assert before < made_artifacts(suite)
    assert len(made_artifacts(suite) - before) == 1


def made_artifacts(suite) -> set[tuple[str, int]]:
    """Return the fake's artifacts that are cached, and when each was made."""
    folders = (suite.root / ".runoff" / "artifacts").glob("fake-*")
    return {(folder.name, (folder / "model.npy").stat().st_mtime_ns) for folder in folders}


CHANGES = {
    "another convert": (FAKE, "np.zeros(1000", "np.ones(1000", True),
    "a comment": (FAKE, "from __future__", "# changed\nfrom __future__", False),
    "a docstring": (FAKE, "Write a file, or not.", "Write none, or one.", False),
    "a description": (FAKE, "does all as it should", "does as it likes", False),
    "how it is loaded": (FAKE, "np.load(artifact)", "assert artifact", False),
    "the report": ("runoff/report/write/command.py", "from __future__", "# changed\nfrom __future__", False),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_artifacts_key_follows_the_code_that_converts(make_tree, suite, change):
    """A tree with another convert() gets another key, whatever version it declares; nothing else reconverts."""
    file, before, after, another = CHANGES[change]
    tree = make_tree("changed", file, before, after)
    backend, function = suite.root / FAKE, "convert"
    theirs = code_hash(tree / FAKE, [function], tree)
    assert (theirs != code_hash(backend, [function], suite.root)) == another


@pytest.mark.full
def test_a_tree_without_the_backend_or_variant_is_told_in_a_sentence(suite, make_tree):
    """What a tree does not have is that contender's own failure, told with what to do; the others are raced."""
    tree = make_tree("without", FAKE, '    Variant("slower", "takes twice as long"),\n')
    added = suite.root / "runoff" / "backends" / "newcomer.py"
    shutil.copy(suite.root / FAKE, added)
    try:
        done = suite.race(
            *ONCE, *("--contenders", "fake,fake-slower@without,newcomer@without", "--tree", f"without={tree}")
        )
    finally:
        added.unlink()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stdout
    came = stored_run(suite)["machine_info"]["runoff"]["contenders"]
    assert {name: one["status"] for name, one in came.items()} == {
        "fake": "raced",
        "fake-slower@without": "failed",
        "newcomer@without": "failed",
    }
    assert (
        "the tree of 'without' has no variant 'slower' of 'fake', only fake," in came["fake-slower@without"]["reason"]
    )
    assert "the tree of 'without' has no backend 'newcomer', only fake;" in came["newcomer@without"]["reason"]
    assert str(tree) not in json.dumps(came)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param(f"PROTOCOL = {PROTOCOL}", "PROTOCOL = 1000", "speaks protocol 1000", id="newer"),
        pytest.param('{"protocol": PROTOCOL, **message}', "message", "is older than any protocol", id="older"),
    ],
)
def test_a_tree_of_another_protocol_is_told_before_anything_is_measured(suite, make_tree, old, new, words):
    """A tree whose messages are others than ours is refused by name, with what to do."""
    tree = make_tree("foreign", CHANNEL, old, new)
    done = suite.race("--contenders", "fake@foreign", "--tree", f"foreign={tree}")
    told = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 4
    assert "ProtocolMismatch: environment foreign" in told
    assert words in told
    assert "rebase the older one" in told
    assert "Traceback" not in told


def test_a_tree_whose_answers_lack_everything_is_of_another_protocol_too(suite, make_tree):
    """An older tree that does not know what it is asked for fails by its protocol, not by what it lacks."""
    tree = make_tree("older", CHANNEL, '{"protocol": PROTOCOL, **message}', "message")
    backends = tree / "runoff" / "backends" / "__init__.py"
    backends.write_text(backends.read_text().replace("def declare", "def declare_otherwise"))
    done = suite.race("--contenders", "fake@older", "--tree", f"older={tree}")
    assert done.returncode == 4
    assert "ProtocolMismatch" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tree", "base=nowhere"], "no Runoff checkout at nowhere: it has no runoff/measure/worker.py"),
        (["--tree", "base"], "expected NAME=DIR"),
        (["--tree", "here=."], "expected NAME=DIR with a name other than 'here'"),
        (["--tree", "base=.", "--tree", "base=."], "--tree gives 'base' twice"),
        (["--tree", "base=.", "--contenders", "fake@bose"], "unknown environment 'bose'"),
    ],
)
def test_a_mistaken_tree_is_told_in_one_line(suite, arguments, words):
    """A tree that is not there, or not named, gives a clear error, exit code 4 and no traceback."""
    done = suite.race(*arguments)
    assert done.returncode == 4
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_folder_that_is_no_checkout_is_refused(tmp_path):
    """An empty folder is refused with the file that it lacks."""
    with pytest.raises(argparse.ArgumentTypeError, match=r"runoff/measure/worker\.py"):
        parse_tree(f"base={tmp_path}")


def test_a_contenders_variant_is_its_own_trees():
    """Where two trees declare a variant differently, the contender has the one that will run."""
    theirs = {"onnxruntime": declared(VARIANTS=(Variant(precision="bfloat16"),))}
    environment = Environment("head", HERE.interpreter, Path("elsewhere"), backends=theirs)
    found, _ = environment.find(Contender("onnxruntime", Variant(), "head"))
    assert found.id == "onnxruntime@head"
    assert found.variant.precision == "bfloat16"


@pytest.mark.long
def test_a_worker_that_lacks_the_variant_or_backend_says_so(make_entrant, picture, tmp_path):
    """A worker that is asked for what its tree does not have answers with the contract's own error."""
    entrant = make_entrant()
    gone = dataclasses.replace(entrant, contender=Contender("fake", Variant("gone")))
    missing = dataclasses.replace(entrant, backend=declared("tests.fakes.nobody"))
    for lacking, words in ((gone, "has no variant 'gone'"), (missing, r"has no backend tests\.fakes\.nobody")):
        worker = started_worker(lacking, picture, tmp_path / "log")
        with pytest.raises(UnknownContender, match=words), worker:
            pytest.fail("it started")
    assert not issubclass(UnknownContender, ConversionFailed)


def commit_all(folder: Path) -> None:
    """Make a folder a git checkout with all that is in it committed."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", "-A"), (*author, "commit", "-q", "--no-verify", "-m", "one")):
        subprocess.run([git, *words], cwd=folder, check=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a git checkout of one commit."""
    (tmp_path / "checkout" / "runoff").mkdir(parents=True)
    (tmp_path / "checkout" / "runoff" / "a.py").write_text("")
    commit_all(tmp_path / "checkout")
    return tmp_path / "checkout"


def test_a_trees_version_is_its_commit(checkout):
    """A clean checkout is named by its short commit, a changed one says that it is not quite that."""
    head = (checkout / ".git" / "HEAD").read_text().removeprefix("ref: ").strip()
    full = (checkout / ".git" / head).read_text().strip()
    commit = tree_version(checkout)
    assert commit
    assert full.startswith(commit)
    (checkout / "runoff" / "a.py").write_text("changed")
    assert tree_version(checkout) == f"{commit}-dirty"


def test_a_folder_in_some_other_checkout_has_no_version(checkout, tmp_path):
    """Where git knows nothing of a tree, or only of a folder around it, no commit is claimed."""
    assert tree_version(checkout / "runoff") is None
    assert tree_version(tmp_path) is None


@pytest.mark.full
def test_the_commit_is_recorded_for_another_tree_only(suite, make_tree):
    """A contender of another tree has its commit among its versions, in every benchmark; one of this tree has none."""
    tree = make_tree("head")
    (tree / ".gitignore").write_text("__pycache__/\n")
    commit_all(tree)
    done = suite.race(*ONCE, "--contenders", "fake,fake@head", "--tree", f"head={tree}")
    assert done.returncode == 0, done.stdout + done.stderr
    stored = stored_run(suite)
    for benchmark in stored["benchmarks"]:
        info = benchmark["extra_info"]
        commit = tree_version(tree) if info["contender"] == "fake@head" else None
        assert info["versions"].get("runoff") == commit
    assert str(tree) not in json.dumps(stored)
