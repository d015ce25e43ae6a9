"""``runoff plan`` and ``runoff merge``: the same race on many machines, and what their runs say together."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from runoff.errors import UsageError
from runoff.files.names import shown
from runoff.files.whole import write_text
from runoff.quantities import STANDARD_OUTPUT, Commands, positive, size
from runoff.text.output import columns, obeys, show, warn

PLANS = {
    "github": ("a matrix for a workflow's strategy.matrix", "ubuntu-24.04,ubuntu-24.04-arm", "labels of runners"),
    "kubernetes": ("a Job for each label of nodes and run", "node.kubernetes.io/instance-type=m7a.2xlarge", "labels"),
    "slurm": ("the script of an array for sbatch", "genoa", "a feature of nodes"),
}
"""What there is to plan for: what is written, an example of places, and what these are."""
EXAMPLES = r"""
examples:
  runoff plan github --on ubuntu-24.04,ubuntu-24.04-arm -- resnet50 --launches 5
  runoff plan kubernetes --on pool=genoa,pool=turin --image IMAGE --cpus 8 --memory 16GB -- shop:build \
      | kubectl apply -f -
  runoff plan slurm --on genoa --runs 3 --cpus 8 -- shop:build --images pics | sbatch

Words after -- are those of runoff race. runoff merge FOLDER puts the runs together.
"""


def add_plan(commands: Commands) -> None:
    """Declare the command that plans."""
    plan = commands.add_parser(
        "plan",
        help="write the jobs that start the same race on many machines: for GitHub, Kubernetes or Slurm",
        description="Write the jobs that start the same race on many machines.",
        epilog=EXAMPLES.strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    formats = plan.add_subparsers(required=True, metavar="github|kubernetes|slurm")
    for name, (written, example, places) in PLANS.items():
        parser = formats.add_parser(
            name,
            help=written,
            usage=f"%(prog)s --on {'A' if name == 'slurm' else 'A,B'} [OPTION ...] -- [MODEL] [RACE_OPTION ...]",
            description=f"Write {written}.",
        )
        parser.add_argument("--on", default="", metavar="A,B", help=f"{places}, such as {example}")
        parser.add_argument("--runs", type=positive, default=1, metavar="K", help="runs at each of them (%(default)s)")
        if name != "github":
            parser.add_argument("--cpus", type=positive, required=True, metavar="N", help="whole CPUs for a race")
            parser.add_argument(
                "--memory",
                type=size,
                required=name == "kubernetes",
                metavar="SIZE",
                help="memory for a race, such as 16GB",
            )
        if name == "kubernetes":
            parser.add_argument("--image", required=True, help="a container image with runoff, runtimes and model")
            parser.add_argument(
                "--claim",
                default="runoff-results",
                metavar="NAME",
                help="the PersistentVolumeClaim that the results go to (%(default)s)",
            )
        parser.add_argument(
            "--output",
            type=Path,
            default=STANDARD_OUTPUT,
            metavar="PATH",
            help="a file for the plan (default: print it)",
        )
        parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
        parser.set_defaults(do=partial(write_plan, name))


def write_plan(name: str, options: argparse.Namespace) -> None:
    """Print or write a plan. Raises UsageError for what can't be planned."""
    from runoff.fleet import plan as planning

    given = vars(options)
    if options.words[:1] not in ([], ["--"]):
        raise UsageError(f"{options.words[0]!r} is no option of plan {name}; the words of the race come after --")
    made = planning.Plan(
        words=options.words[1:],
        places=list(filter(None, options.on.split(","))),
        **{field: given[field] for field in ("runs", "cpus", "memory", "image", "claim") if field in given},
    )
    writers: dict[str, tuple[re.Pattern[str], Callable[[planning.Plan], str]]] = {
        "github": (planning.NAME, planning.github_matrix),
        "kubernetes": (planning.LABEL, planning.kubernetes_jobs),
        "slurm": (planning.NAME, planning.slurm_script),
    }
    pattern, write = writers[name]
    deliver({options.output: write(planning.make_plan(made, pattern, PLANS[name][1]))})


def deliver(texts: dict[Path, str], printed: str = "") -> None:
    """Print a text, and write others to the files that were asked for, or print what goes to ``-``."""
    try:
        for path, text in texts.items():
            printed += text if path == STANDARD_OUTPUT else f"{shown(write_text(path, text))}\n"
    finally:
        show(printed)


def add_merge(commands: Commands) -> None:
    """Declare the command that puts runs together."""
    merge = commands.add_parser(
        "merge",
        help="put runs of many machines together, by stratum: is the winner the same?",
        description="Put runs of many machines together: a column for each stratum, within which runs are comparable, "
        "and whether the winner is the same in all. Nothing is averaged.",
    )
    merge.add_argument("places", type=Path, nargs="+", metavar="RUN.json|FOLDER", help="runs, or folders at any depth")
    merge.add_argument("--markdown", type=Path, metavar="PATH", help="the same as GitHub markdown; - prints it")
    merge.add_argument("--html", type=Path, metavar="PATH", help="the same as a page")
    merge.add_argument("--json", type=Path, metavar="PATH", help="every run's ratios; - prints them")
    merge.set_defaults(do=merge_stored)


def merge_stored(options: argparse.Namespace) -> None:
    """Print, and write where asked for, what the runs of many machines say; raises UsageError for two texts at once."""
    asked = [path for path in (options.markdown, options.html, options.json) if path is not None]
    if asked.count(STANDARD_OUTPUT) > 1:
        raise UsageError("one text alone can be printed by -; give the others a file")
    # Loaded here: the other commands and help do without it.
    from runoff.fleet import merge, writing
    from runoff.stored.finding import read_each
    from runoff.text.terminal import WIDTH

    fleet = merge.merge_runs(read_each(options.places, merge.read_fleet_run))
    texts = {}
    if options.markdown is not None:
        texts[options.markdown] = writing.render_markdown(fleet)
    if options.html is not None:
        texts[options.html] = writing.render_page(fleet)
    if options.json is not None:
        texts[options.json] = merge.fleet_json(fleet)
    plain = STANDARD_OUTPUT not in texts
    if not plain:
        for remark in merge.remarks(fleet):
            warn(remark)
    deliver(texts, writing.render_fleet(fleet, columns(WIDTH), colour=obeys(sys.stdout)) if plain else "")
