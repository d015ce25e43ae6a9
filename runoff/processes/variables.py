"""Environment variables that workers could inherit, in one table: what only disturbs, what tells how a run was made.

What makes a variant another one than it says is declared in its backend's file (``Variant.negated_by``). Names are
patterns of ``fnmatch``, with capitals as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

from runoff.errors import VariantNegated

TRACED = "RUNOFF_TRACED"
"""Where this is set, workers keep what traces them: ``tox -e coverage`` counts the lines that they run."""
TRACERS = ("COVERAGE_*", "COV_CORE_*")
DISTURBING = (
    *TRACERS,
    # Python: checks, messages, files and hooks that no deployment has.
    *("PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONDEVMODE", "PYTHONTRACEMALLOC", "PYTHONPROFILEIMPORTTIME"),
    *("PYTHONVERBOSE", "PYTHONDEBUG", "PYTHONINSPECT", "PYTHONASYNCIODEBUG", "PYTHONDUMPREFS*", "PYTHONMALLOCSTATS"),
    *("PYTHONPERFSUPPORT", "PYTHON_PERF_JIT_SUPPORT", "PYTHONSTATS", "PYTHONIOENCODING", "PYTHONSTARTUP"),
    "PYTHONDONTWRITEBYTECODE",  # without bytecode the stage "import" is slower
    # Debuggers and profilers that follow child processes.
    *("PYDEVD_*", "DEBUGPY_*", "VIZTRACER_*", "SCALENE_*", "PYTHONHUNTER", "AUTOWRAPT_BOOTSTRAP"),
    *("LD_DEBUG*", "LD_PROFILE*", "LD_SHOW_AUXV"),
    # Libraries that write down what they do.
    *("ONEDNN_VERBOSE*", "DNNL_VERBOSE*", "MKLDNN_VERBOSE", "ONEDNN_JIT_*", "DNNL_JIT_*", "MKL_VERBOSE"),
    *("OMP_DISPLAY_*", "KMP_VERSION", "KMP_SETTINGS", "TF_CPP_*", "TF_DUMP_*", "OPENVINO_LOG_LEVEL"),
    *("TORCH_LOGS*", "TORCH_TRACE", "TORCH_SHOW_*", "TORCH_CPP_LOG_LEVEL", "TORCH_COMPILE_DEBUG*"),
    *("TORCH_COMPILE_CPROFILE", "TORCH_COMPILE_DYNAMO_PROFILER", "TORCHDYNAMO_VERBOSE", "TORCHINDUCTOR_PROFILE*"),
)
"""What only disturbs: no worker is given it."""
TELLING_WORDS = frozenset(
    {
        *("OMP", "GOMP", "KMP", "MKL", "OPENBLAS", "GOTO", "BLIS", "VECLIB", "ONEDNN", "DNNL", "XNNPACK", "TBB"),
        *("TF", "TFLITE", "XLA", "ORT", "ATEN", "TORCH", "PYTORCH", "OPENVINO", "OV", "NPY", "NUMPY"),
        *("MALLOC", "JEMALLOC", "TCMALLOC", "MIMALLOC", "THREADS", "TUNABLES"),
    }
)
"""What has one of these between its underscores changes thread counts, kernels or memory."""
TELLING = (
    *("TORCH*", "LD_PRELOAD", "LD_AUDIT", "LD_BIND_NOW", "PYTHONMALLOC", "PYTHON_GIL", "PYTHON_JIT"),
    "PYTHON_CPU_COUNT",
)
"""What does so besides."""
SILENT = (
    # Where a cache or an installation lies changes no kernel.
    *("*_HOME", "*_DIR", "*_ROOT", "*_CACHE_PATH", "TORCH_MODEL_ZOO"),
    # Terraform's variables begin as TensorFlow's do, and may hold secrets.
    *("TF_VAR_*", "TF_CLI_*", "TF_LOG*", "TF_TOKEN_*", "TF_WORKSPACE", "TF_IN_AUTOMATION", "TF_INPUT", "TF_PLUGIN_*"),
    *("TF_REGISTRY_*", "TF_CLOUD_*", "TF_STATE_*", "TF_REATTACH_*", "TF_IGNORE", "TF_ENCRYPTION"),
    # Kubernetes names the services beside a container so.
    *("*_SERVICE_HOST", "*_SERVICE_PORT*", "*_PORT", "*_PORT_*"),
)
"""What has such a word in its name and tells nothing."""


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name is one of these patterns'."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def undisturbed(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what a worker is given of these variables: all but what only disturbs."""
    kept = TRACERS if variables.get(TRACED) else ()
    return {name: value for name, value in variables.items() if matches(name, kept) or not matches(name, DISTURBING)}


def telling(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what changes threads, kernels or memory of a worker that is given these variables, in order of names."""
    return {
        name: value
        for name, value in sorted(undisturbed(variables).items())
        if (TELLING_WORDS & set(name.split("_")) or matches(name, TELLING)) and not matches(name, SILENT)
    }


def require_own_meaning(label: str, negated_by: Mapping[str, str], variables: Mapping[str, str]) -> None:
    """Refuse a contender that these variables make another one than it says.

    ``negated_by`` has a regular expression for the whole value of each variable that does so. Raises VariantNegated.
    """
    negating = [name for name, values in negated_by.items() if re.fullmatch(values, variables.get(name, ""))]
    if negating:
        given = " and ".join(f"{name}={variables[name]}" for name in negating)
        raise VariantNegated(
            f"{label} would not be what it says, since the environment has {given}; unset {' and '.join(negating)}, or "
            f"leave {label} out"
        )
