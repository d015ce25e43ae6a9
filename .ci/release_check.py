"""Would a release be taken? Builds sdist and wheel, checks them, and installs each in an empty environment.

``--keep FOLDER`` keeps what was built. ``--tag vVERSION`` fails where the tag is not that of the version.
"""

import argparse
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAYS = "import runoff; print(runoff.__version__)"


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
    """Check that the licence is in what was built, and that it says its version once it is installed alone.

    Raises SystemExit where it is not so.
    """
    if not any(Path(member).name == "LICENSE" for member in members(built)):
        sys.exit(f"{built.name} holds no LICENSE; license-files in pyproject.toml names it")
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        run(python, "-m", "pip", "install", "--quiet", built)
        found = run(python, "-c", SAYS, folder=Path(folder))
    if found != version:
        sys.exit(f"{built.name} says that it is {found}, the tree that it is {version}")


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
            sys.stdout.write(f"{name}: metadata, licence, version and installation are right\n")


if __name__ == "__main__":
    main()
