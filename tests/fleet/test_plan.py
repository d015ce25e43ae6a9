"""Do GitHub, Kubernetes and Slurm start the same race, each run with a separate folder?"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from dataclasses import replace

import pytest

from runoff.errors import UsageError
from runoff.fleet.plan import LABEL, NAME, Plan, github_matrix, kubernetes_jobs, make_plan, short_name, slurm_script

WORDS = ["shop:build", "--labels", "a b.csv", "--", "-k", "x$y and $(Z)"]
PLAN = Plan(
    WORDS, ["pool=genoa", "node.kubernetes.io/instance-type=m7a.2xlarge"], 2, 8, 16 * 10**9, "shop:1", "results"
)
FIELDS = {
    "job": {"apiVersion", "kind", "metadata", "spec"},
    "job.metadata": {"name", "labels"},
    "job.spec": {"backoffLimit", "template"},
    "template": {"metadata", "spec"},
    "pod": {
        "restartPolicy",
        "automountServiceAccountToken",
        "nodeSelector",
        "affinity",
        "containers",
        "volumes",
    },
    "container": {"name", "image", "command", "env", "resources", "volumeMounts"},
}
"""The fields that a plan sets, all from the reference of batch/v1 Job and core/v1 PodSpec and Container."""


def test_a_matrix_has_a_job_for_each_run():
    """Each has a name, a runner and the command, in a single line; a name is a separate folder."""
    text = github_matrix(Plan(WORDS, ["ubuntu-24.04", "ubuntu-24.04-arm"], 2))
    assert text.count("\n") == 1
    jobs = json.loads(text)["include"]
    assert [(job["name"], job["runner"]) for job in jobs] == [
        ("ubuntu-24-04-1", "ubuntu-24.04"),
        ("ubuntu-24-04-2", "ubuntu-24.04"),
        ("ubuntu-24-04-arm-1", "ubuntu-24.04-arm"),
        ("ubuntu-24-04-arm-2", "ubuntu-24.04-arm"),
    ]
    assert all(
        shlex.split(job["command"]) == ["runoff", "race", *WORDS, "--results", f"fleet/{job['name']}"] for job in jobs
    )


def test_a_matrix_has_no_more_jobs_than_github_takes():
    """256 jobs are a matrix, and 258 are refused."""
    places = ["a", "b"]
    assert len(json.loads(github_matrix(Plan([], places, 128)))["include"]) == 256
    with pytest.raises(UsageError, match="at most 256 jobs, and this one would have 258"):
        github_matrix(Plan([], places, 129))


def test_a_job_is_on_nodes_of_its_label_with_cpus_of_its_own():
    """Requests are limits in whole CPUs, so that the pod is Guaranteed; no second try, and no two on a node."""
    listed = json.loads(kubernetes_jobs(PLAN))
    assert (listed["apiVersion"], listed["kind"]) == ("v1", "List")
    names = [job["metadata"]["name"] for job in listed["items"]]
    assert names == ["runoff-genoa-1", "runoff-genoa-2", "runoff-m7a-2xlarge-1", "runoff-m7a-2xlarge-2"]
    for job in listed["items"]:
        pod = job["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert (job["apiVersion"], job["kind"], job["spec"]["backoffLimit"]) == ("batch/v1", "Job", 0)
        assert pod["restartPolicy"] == "Never"
        assert container["resources"]["requests"] == {"cpu": "8", "memory": "16000000000"}
        assert container["resources"]["limits"] == container["resources"]["requests"]
        (apart,) = pod["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert apart["labelSelector"]["matchLabels"] == job["spec"]["template"]["metadata"]["labels"]
        (volume,), (mount,) = pod["volumes"], container["volumeMounts"]
        assert volume == {"name": mount["name"], "persistentVolumeClaim": {"claimName": "results"}}
        assert container["command"][-1].startswith(f"{mount['mountPath']}/")
    assert listed["items"][2]["spec"]["template"]["spec"]["nodeSelector"] == {
        "node.kubernetes.io/instance-type": "m7a.2xlarge"
    }


def test_a_job_has_no_field_that_the_api_does_not_have():
    """All fields are those that the API documents; of the words, Kubernetes puts in the node's name alone."""
    job = json.loads(kubernetes_jobs(PLAN))["items"][0]
    template = job["spec"]["template"]
    container = template["spec"]["containers"][0]
    found = {
        "job": job,
        "job.metadata": job["metadata"],
        "job.spec": job["spec"],
        "template": template,
        "pod": template["spec"],
        "container": container,
    }
    assert {name: set(fields) for name, fields in found.items()} == FIELDS
    (variable,) = container["env"]
    assert variable["valueFrom"]["fieldRef"]["fieldPath"] == "spec.nodeName"
    expanded = [
        re.sub(r"\$(\$|\((\w+)\))", lambda found: "$" if found[1] == "$" else f"<{found[2]}>", word)
        for word in container["command"]
    ]
    assert expanded == ["runoff", "race", *WORDS, "--results", f"/results/fleet/genoa-1-<{variable['name']}>"]


def test_names_are_short_enough_for_kubernetes():
    """A Job's name, and its pods', has 63 letters at most, however long a label's value is."""
    (job,) = json.loads(kubernetes_jobs(replace(PLAN, places=[f"a={'b-' * 31}c"], runs=1)))["items"]
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", job["metadata"]["name"])


def test_an_array_runs_the_same_command_in_every_task(tmp_path):
    """All options come before the first command, and bash gives srun the very words that were planned."""
    script = slurm_script(Plan(WORDS, ["Genoa"], 3, 8, 16 * 1024**3))
    first, *lines = script.splitlines()
    assert first == "#!/bin/bash"
    options = [line for line in lines if line.startswith("#SBATCH ")]
    assert options == lines[: len(options)]
    assert {"--array=1-3", "--constraint=Genoa", "--cpus-per-task=8", "--mem=16384M", "--exclusive"} <= {
        option.removeprefix("#SBATCH ") for option in options
    }
    stub = tmp_path / "srun"
    stub.write_text('#!/bin/bash\nprintf "%s\\n" "$@"\n')
    stub.chmod(0o755)
    variables = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SLURM_ARRAY_TASK_ID": "2", "SLURMD_NODENAME": "n 7"}
    given = subprocess.run(["/bin/bash"], input=script, env=variables, text=True, capture_output=True, check=True)
    own, race = given.stdout.splitlines()[:3], given.stdout.splitlines()[3:]
    assert own == ["--ntasks=1", "--cpus-per-task=8", "--cpu-bind=cores"]
    assert race == ["runoff", "race", *WORDS, "--results", "fleet/genoa-2-n 7"]


def test_an_array_without_a_size_has_all_memory_of_its_node():
    """Slurm takes 0 for that."""
    assert "#SBATCH --mem=0\n" in slurm_script(Plan([], ["genoa"], 1, 8))


@pytest.mark.parametrize(
    ("plan", "pattern", "said"),
    [
        (Plan([], []), NAME, "found none"),
        (Plan([], ["a", "b\n#SBATCH --uid=0"]), NAME, "found 'b\\n#SBATCH"),
        (Plan([], ["a|b"]), NAME, "found 'a|b'"),
        (Plan([], ["genoa"]), LABEL, "found 'genoa'"),
        (Plan([], [f"a={'b' * 64}"]), LABEL, "found 'a=bbb"),
        (Plan([], ["a.b", "a-b"]), NAME, "two of the places have one name; give each once, found a.b, a-b"),
        (Plan(["m", "--results", "x"], ["a"]), NAME, "leave --results out"),
        (Plan(["m", "--results=x"], ["a"]), NAME, "leave --results out"),
    ],
)
def test_what_cannot_be_planned_is_refused(plan, pattern, said):
    """Places that are none, that one of the systems would obey, or that share a folder; and a folder of the user's."""
    with pytest.raises(UsageError) as caught:
        make_plan(plan, pattern, "genoa")
    assert said in str(caught.value)


def test_a_place_is_named_by_its_value():
    """A label's key is no part of the name, and what no folder of a Job may have becomes a dash."""
    assert short_name("node.kubernetes.io/instance-type=M7a.2xlarge") == "m7a-2xlarge"
