"""The suite's options, declared once: for pytest, for files that give them, and for the documentation."""

from __future__ import annotations

import argparse
from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runoff import quantities
from runoff.environments.environment import parse_environment, parse_tree
from runoff.environments.outside import parse_backend
from runoff.judge.accuracy import MLPERF
from runoff.measure import service
from runoff.measure.race import LAUNCHES, ROUNDS
from runoff.model.inputs.input_options import add_input_options
from runoff.model.pictures.options import add_picture_options
from runoff.model.sources.options import add_model_options

REFERENCE = "pytorch"
ONNX_REFERENCE = "onnxruntime"
"""What ratios are taken against where nothing else is said: each needs what golden needs."""
QUICK = "quick"
ALL = "all"
"""How much of the conversion matrix is tried."""
AUTO, NEVER = "auto", "never"
"""Whether it is shown how far a run is."""


def drop_text(text: str) -> str:
    """Check what ``--max-drop`` is given, and return it.

    Raises ArgumentTypeError, which argparse and pytest show as the user's mistake.
    """
    if text not in MLPERF and quantities.positive_share(text) >= 1:
        raise ArgumentTypeError(f"expected a drop below 100%, or {' or '.join(MLPERF)}, found {text!r}")
    return text


def without_defaults(add: Callable[..., object]) -> Callable[..., object]:
    """Return what declares options whose value is None where they are not given, so that this can be told."""

    def declared(*names: str, **settings: Any) -> object:
        default = str(settings.pop("default", "")).replace("%", "%%")
        return add(*names, **settings | {"help": settings["help"].replace("%(default)s", default)})

    return declared


def declare_options(add: Callable[..., object]) -> None:
    """Declare the options by a parser's ``add_argument``, or a group's ``addoption``."""
    add(
        "--contenders",
        metavar="A,B",
        help="the contenders: default, all, or ids separated by commas (default: the default ones that are installed)",
    )
    add(
        "--reference",
        metavar="ID",
        help=f"the contender that ratios are taken against ({REFERENCE}; {ONNX_REFERENCE} for an ONNX file)",
    )
    add(
        "--launches",
        type=quantities.positive,
        metavar="K",
        help=f"fresh processes for each contender ({LAUNCHES}, and {service.LAUNCHES} for each service question)",
    )
    add(
        "--rounds",
        type=quantities.positive,
        metavar="R",
        help=f"timed inferences a launch ({ROUNDS}, and {service.ROUNDS} for a service question that has rounds)",
    )
    add(
        "--latency-bound",
        type=quantities.duration,
        default="100ms",
        metavar="T",
        help="the search for the highest load allows 99 of 100 queries at most this time (%(default)s)",
    )
    add(
        "--threads",
        type=quantities.positive,
        metavar="N",
        help="threads for all (default: what this machine allows)",
    )
    add(
        "--margin",
        type=quantities.positive_share,
        default="5%",
        metavar="M%",
        help="the smallest difference that matters: the largest error of the control, and the widest interval that "
        "shows no difference (5%%)",
    )
    add(
        "--precision",
        type=quantities.positive_share,
        metavar="P%",
        help="add launches, by looks fixed beforehand, until every inference interval reaches at most this far to each "
        "side (default: no more than --launches)",
    )
    add(
        "--max-time",
        type=quantities.duration,
        metavar="T",
        help="measure for at most this long, counted from when the contenders are converted and checked; race, service "
        "questions and conversion matrix share it, and nothing starts that would not end in time: 90s, 10m "
        "(default: no limit)",
    )
    add(
        "--choose",
        metavar="LIMITS",
        help="recommend a contender that meets these: agreement>=99%%, peak_memory<300MB, cold_start<1s (default: any)",
    )
    add(
        "--results",
        type=Path,
        default=Path("results"),
        metavar="DIR",
        help="the folder that runoff.json and the page index.html are written to (%(default)s)",
    )
    add(
        "--require-agreement",
        action=argparse.BooleanOptionalAction,
        help="do not time a classifier whose agreement shows nothing, since golden is sure of no picture (only warn)",
    )
    add(
        "--max-drop",
        type=drop_text,
        default="1%",
        metavar="D%",
        help="how far accuracy on labelled pictures may drop against golden's for a contender to be as good: a share "
        f"of all pictures, or a share of golden's accuracy by MLPerf's rule ({', '.join(MLPERF)}) (1%%)",
    )
    add("--seed", type=quantities.whole_number, help="the seed of every random order (default: a new one, recorded)")
    add_model_options(add)
    add_input_options(add)
    add_picture_options(add)
    add(
        "--backend",
        type=parse_backend,
        action="append",
        default=[],
        metavar="FILE.py",
        help="your own backend; the file's name is its contender's; may be given more than once",
    )
    add(
        "--environment",
        type=parse_environment,
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help="another interpreter, whose packages a contender ID@NAME uses; may be given more than once",
    )
    add(
        "--tree",
        type=parse_tree,
        action="append",
        default=[],
        metavar="NAME=DIR",
        help="another Runoff checkout, whose code a contender ID@NAME runs and is converted by; may be given more than "
        "once, and with --environment of the same name for another interpreter too",
    )

    add(
        "--conversion",
        choices=(QUICK, ALL),
        default=QUICK,
        help="how much of the conversion matrix is tried: a minute or two, or all of it (%(default)s)",
    )
    add(
        "--wait",
        type=quantities.duration,
        default="1h",
        metavar="T",
        help="how long to wait for another run that measures in this checkout or on this machine (%(default)s)",
    )
    add(
        "--cache-limit",
        type=quantities.size,
        default="20GB",
        metavar="SIZE",
        help="the most that the caches may take after the run; the longest unused are removed first (%(default)s)",
    )
    add(
        "--resume",
        metavar="RUN",
        help="continue the race of an interrupted run: its name, its journal or its runoff.json. Options that are not "
        "given are that run's; if it can't be continued, a new run starts (default: a new run)",
    )
    add(
        "--live",
        choices=(AUTO, NEVER),
        default=AUTO,
        help="show a live table on a terminal, and elsewhere a line every half minute; or nothing (%(default)s)",
    )
