"""Would a release be taken? Builds sdist and wheel, checks them, and installs each in an empty environment.

There each races a model of one layer, in an empty folder.

``--keep FOLDER`` keeps what was built. ``--tag vVERSION`` fails where the tag is not that of the version.
"""

import argparse
import json
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAYS = "import runoff; print(runoff.__version__)"
EXTRAS = "[suite,onnx,onnxruntime]"
"""The least that a race takes: the suite, and one runtime that loads ONNX files."""
MODEL = """
import numpy
from onnx import TensorProto, helper, numpy_helper, save
weights = numpy_helper.from_array(numpy.random.default_rng(0).normal(size=(16, 4)).astype("float32"), "weights")
image, scores = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", n]) for name, n in (("x", 16), ("y", 4)))
graph = helper.make_graph([helper.make_node("MatMul", ["x", "weights"], ["y"])], "g", [image], [scores], [weights])
save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), "one-layer.onnx")
"""
RACE = ("one-layer.onnx", "--contenders", "onnxruntime", "--launches", "1", "--rounds", "2", "-k", "inference")
"""A race that is over in seconds; its times mean nothing."""


def run(*command: str | Path, folder: Path = ROOT) -> str:
    """Run a command and return what it printed, once it ended well.

    Raises SystemExit with the command's output where it fails.
    """
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def members(built: Path) -> list[str]:
    """Return the paths of the files in a wheel or an sdist."""
    if built.suffix == ".whl":
        with zipfile.ZipFile(built) as wheel:
            return wheel.namelist()
    with tarfile.open(built) as sdist:
        return sdist.getnames()


def check(built: Path, version: str) -> None:
    """Check that the licence is in what was built, and that it says its version and races once it is installed alone.

    Raises SystemExit where it is not so.
    """
    if not any(Path(member).name == "LICENSE" for member in members(built)):
        sys.exit(f"{built.name} holds no LICENSE; license-files in pyproject.toml names it")
    with tempfile.TemporaryDirectory() as folder:
        environment, project = Path(folder) / "environment", Path(folder) / "project"
        venv.create(environment, with_pip=True)
        project.mkdir()
        python = environment / "bin" / "python"
        run(python, "-m", "pip", "install", "--quiet", f"{built}{EXTRAS}")
        found = run(python, "-c", SAYS, folder=project)
        run(python, "-c", MODEL, folder=project)
        run(environment / "bin" / "runoff", "race", *RACE, folder=project)
        stored = json.loads((project / "results" / "runoff.json").read_text(encoding="utf-8"))
    if found != version:
        sys.exit(f"{built.name} says that it is {found}, the tree that it is {version}")
    if not stored["benchmarks"]:
        sys.exit(f"the run that {built.name} stored holds no benchmark")


def build(folder: Path, tag: str | None) -> list[str]:
    """Build into a folder, check all that was built, and return its names.

    Raises SystemExit where something is not as it should be.
    """
    version = run(sys.executable, "-c", SAYS)
    if tag is not None and tag != f"v{version}":
        sys.exit(f"the tag is {tag}, the version {version}: expected v{version}; change __version__ or the tag")
    run(sys.executable, "-m", "build", "--outdir", folder)
    found = sorted(folder.iterdir())
    if [each.suffix for each in found] != [".whl", ".gz"]:
        sys.exit(f"expected a wheel and an sdist in {folder}, found {', '.join(each.name for each in found)}")
    run(sys.executable, "-m", "twine", "check", "--strict", *found)
    for each in found:
        check(each, version)
    return [each.name for each in found]


def main() -> None:
    """Build and check, and say what was checked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what was built there")
    parser.add_argument("--tag", help="the tag of the release, as v0.2.0")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep.resolve() if options.keep else Path(temporary)
        for name in build(folder, options.tag):
            sys.stdout.write(f"{name}: metadata, licence, version, installation and a race are right\n")


if __name__ == "__main__":
    main()
