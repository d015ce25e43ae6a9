"""From what is to be raced, and where, to what GitHub, Kubernetes and Slurm start it by.

Pure functions from a plan to a text. In each of them the same command races, and every run has a separate folder,
which is named by the place, the number of the run there and, but on GitHub, the node.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runoff.errors import UsageError

FOLDER = "fleet"
"""Where the runs' folders lie: in the folder that a race is started in, or on the volume."""
VOLUME = "/results"
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
"""A label of a runner, a feature of a Slurm node, the value of a Kubernetes label: no sign that one would obey."""
LABEL = re.compile(rf"(?:[a-z0-9.-]+/)?{NAME.pattern}={NAME.pattern}", re.ASCII)
"""A label of a Kubernetes node: prefix/name=value."""
MOST_LETTERS = 63
"""Of a label's value, and of a Job's name, in Kubernetes: the labels of RFC 1123."""
MOST_JOBS = 256
"""What one matrix may have of jobs in GitHub's workflows."""


@dataclass(frozen=True)
class Plan:
    """What is raced, in the words of ``runoff race``, and how many ``runs`` there are at each of the places.

    ``cpus`` are whole ones, and ``memory`` is in bytes, None where all of a node's is to be had. ``image`` is the
    container image, and ``claim`` the PersistentVolumeClaim that the results go to, for Kubernetes alone.
    """

    words: Sequence[str]
    places: Sequence[str]
    runs: int = 1
    cpus: int = 0
    memory: int | None = None
    image: str = ""
    claim: str = ""

    def command(self, results: str) -> list[str]:
        """Return the command of a run whose results go to a folder."""
        return ["runoff", "race", *self.words, "--results", results]


def make_plan(plan: Plan, pattern: re.Pattern[str], example: str) -> Plan:
    """Check a plan before anything is written.

    Raises UsageError for a place that is not of the pattern, for one that is given twice, and where the words name the
    folder of the results, which is each run's own.
    """
    if not plan.places:
        raise UsageError(f"--on takes names such as {example}, separated by commas; found none")
    for place in plan.places:
        if pattern.fullmatch(place) is None or len(place.rpartition("=")[2]) > MOST_LETTERS:
            raise UsageError(f"--on takes names such as {example}, separated by commas; found {place!r}")
    if len(set(map(short_name, plan.places))) < len(plan.places):
        raise UsageError(f"two of the places have one name; give each once, found {', '.join(plan.places)}")
    if any(word.split("=")[0] == "--results" for word in plan.words):
        raise UsageError("each run of a fleet has a separate folder for its results; leave --results out")
    return plan


def short_name(place: str) -> str:
    """Name a place as a Job and a folder may be called: small letters, figures and dashes; of a label its value.

    It leaves room in a Job's name for the number of the run.
    """
    return re.sub(r"[^a-z0-9]+", "-", place.rpartition("=")[2].lower())[: MOST_LETTERS - 13].strip("-")


def github_matrix(plan: Plan) -> str:
    """Write a matrix, in one line, for a workflow's ``strategy.matrix``: a job a run.

    Each has its ``name``, the ``runner`` that it runs on, and the ``command``. Raises UsageError for more jobs than a
    matrix may have.
    """
    if (jobs := len(plan.places) * plan.runs) > MOST_JOBS:
        raise UsageError(f"a matrix has at most {MOST_JOBS} jobs, and this one would have {jobs}; plan fewer --runs")
    included = [
        {
            "name": f"{short_name(place)}-{number}",
            "runner": place,
            "command": shlex.join(plan.command(f"{FOLDER}/{short_name(place)}-{number}")),
        }
        for place in plan.places
        for number in range(1, plan.runs + 1)
    ]
    return json.dumps({"include": included}) + "\n"


def kubernetes_jobs(plan: Plan) -> str:
    """Write a Job for each run at each label of nodes, as the JSON list that kubectl takes."""
    jobs = [kubernetes_job(plan, place, number) for place in plan.places for number in range(1, plan.runs + 1)]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": jobs}, indent=2) + "\n"


def kubernetes_job(plan: Plan, place: str, number: int) -> dict[str, Any]:
    """Return a Job: one pod on a node of the label, and no second try.

    Its requests are its limits, in whole CPUs, so that the pod is of the class Guaranteed, and a node whose CPU manager
    has the policy ``static`` gives it separate CPUs. No two races are on one node at a time.
    """
    key, _, value = place.partition("=")
    name = short_name(place)
    labels = {"app.kubernetes.io/name": "runoff"}
    resources = {"cpu": str(plan.cpus), "memory": str(plan.memory)}
    # Kubernetes puts variables in for $(NAME), and $ for $$.
    words = [word.replace("$", "$$") for word in plan.command("")[:-1]]
    container = {
        "name": "race",
        "image": plan.image,
        "command": [*words, f"{VOLUME}/{FOLDER}/{name}-{number}-$(NODE_NAME)"],
        "env": [{"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        "resources": {"requests": resources, "limits": resources},
        "volumeMounts": [{"name": "results", "mountPath": VOLUME}],
    }
    apart = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "nodeSelector": {key: value},
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [apart]}},
        "containers": [container],
        "volumes": [{"name": "results", "persistentVolumeClaim": {"claimName": plan.claim}}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": f"runoff-{name}-{number}", "labels": labels},
        "spec": {"backoffLimit": 0, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }


def slurm_script(plan: Plan) -> str:
    """Write the script of an array for sbatch: a task a run, each with a whole node of the feature.

    Raises UsageError for several features: all tasks of an array have one constraint.
    """
    if len(plan.places) > 1:
        raise UsageError(
            f"all tasks of a Slurm array have one constraint, so one array is for one feature; found "
            f"{', '.join(plan.places)}: plan an array for each"
        )
    (place,) = plan.places
    name = short_name(place)
    options = {
        "job-name": f"runoff-{name}",
        "array": f"1-{plan.runs}",
        "constraint": place,
        "nodes": 1,
        "ntasks": 1,
        "cpus-per-task": plan.cpus,
        "mem": "0" if plan.memory is None else f"{plan.memory // 1024**2}M",
        "output": f"runoff-{name}-%a.log",
    }
    # srun does not take the number of CPUs over from sbatch, so it is given again.
    started = ["srun", "--ntasks=1", f"--cpus-per-task={plan.cpus}", "--cpu-bind=cores", *plan.command("")[:-1]]
    lines = [
        "#!/bin/bash",
        *(f"#SBATCH --{option}={value}" for option, value in options.items()),
        "#SBATCH --exclusive",
        "set -eu",
        f'{shlex.join(started)} "{FOLDER}/{name}-$SLURM_ARRAY_TASK_ID-$SLURMD_NODENAME"',
    ]
    return "\n".join(lines) + "\n"
