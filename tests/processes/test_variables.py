"""Which environment variables workers are given, which tell how a run was made, and which make a variant another."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from runoff.backends import find_backends
from runoff.environments.inherited import Variable, in_effect
from runoff.errors import VariantNegated
from runoff.processes.process import call
from runoff.processes.surroundings import Surroundings, process_variables
from runoff.processes.variables import require_own_meaning, telling, undisturbed

PATIENCE = 30.0


@pytest.mark.parametrize(
    "name",
    [
        *("PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONDEVMODE", "PYTHONTRACEMALLOC", "PYTHONPROFILEIMPORTTIME"),
        *("PYTHONDONTWRITEBYTECODE", "PYTHONIOENCODING", "PYTHONINSPECT", "PYTHONASYNCIODEBUG"),
        *("COVERAGE_PROCESS_START", "COV_CORE_SOURCE", "PYDEVD_USE_FRAME_EVAL", "PYTHONHUNTER", "LD_DEBUG"),
        *("ONEDNN_VERBOSE", "DNNL_VERBOSE", "MKL_VERBOSE", "OMP_DISPLAY_ENV", "TORCH_LOGS", "TF_CPP_MAX_VLOG_LEVEL"),
    ],
)
def test_what_only_disturbs_reaches_no_worker(name: str) -> None:
    """Checks, tracers and messages are taken out, and so they tell nothing about a run either."""
    assert undisturbed({name: "1", "HOME": "/root"}) == {"HOME": "/root"}
    assert telling({name: "1"}) == {}


@pytest.mark.parametrize(
    "name",
    [
        *("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "MKL_NUM_THREADS", "MKL_ENABLE_INSTRUCTIONS", "KMP_AFFINITY"),
        *("GOMP_CPU_AFFINITY", "TF_NUM_INTRAOP_THREADS", "TF_XLA_FLAGS", "ORT_DISABLE_FLASH_ATTENTION"),
        *("ONEDNN_MAX_CPU_ISA", "DNNL_DEFAULT_FPMATH_MODE", "ATEN_CPU_CAPABILITY", "TORCHINDUCTOR_CPP_WRAPPER"),
        *("TORCH_COMPILE_DISABLE", "PYTORCH_JIT", "OPENVINO_TRACE_DEPTH", "OV_CPU_LEGACY_ATTN", "LD_PRELOAD"),
        *("MALLOC_ARENA_MAX", "GLIBC_TUNABLES", "_RJEM_MALLOC_CONF", "OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES"),
        *("PYTHONMALLOC", "RAYON_NUM_THREADS", "TCMALLOC_RELEASE_RATE"),
    ],
)
def test_what_changes_threads_kernels_or_memory_tells(name: str) -> None:
    """It reaches workers as it is, and belongs to what the run says of itself."""
    assert undisturbed({name: "1"}) == telling({name: "1"}) == {name: "1"}


@pytest.mark.parametrize(
    "name",
    [
        *("TORCH_HOME", "TORCHINDUCTOR_CACHE_DIR", "TORCH_EXTENSIONS_DIR", "PYTORCH_KERNEL_CACHE_PATH"),
        *("TF_VAR_password", "TF_CLI_CONFIG_FILE", "TF_TOKEN_app_terraform_io", "TORCHSERVE_SERVICE_HOST"),
        *("TORCHSERVE_PORT", "TF_SERVING_PORT_8500_TCP_ADDR", "COMPOSE_FILE", "PROMPT", "HOME", "MYTORCH"),
    ],
)
def test_what_names_a_folder_or_belongs_to_another_program_tells_nothing(name: str) -> None:
    """Folders of caches, Terraform's variables, which may be secret, and Kubernetes's services change no figure."""
    assert telling({name: "x"}) == {}
    assert undisturbed({name: "x"}) == {name: "x"}


def test_tracers_stay_where_the_tests_count_what_workers_run() -> None:
    """With RUNOFF_TRACED coverage follows into workers, and what else disturbs does not."""
    given = {"COVERAGE_PROCESS_CONFIG": "x", "PYTHONWARNINGS": "error"}
    assert undisturbed(given | {"RUNOFF_TRACED": ""}) == {"RUNOFF_TRACED": ""}
    assert undisturbed(given | {"RUNOFF_TRACED": "1"}) == {"RUNOFF_TRACED": "1", "COVERAGE_PROCESS_CONFIG": "x"}


def test_what_is_stored_of_a_variable_is_one_line_without_folders() -> None:
    """A library is named without the folders of this machine, and one that a backend sets itself is not in effect."""
    given = {"LD_PRELOAD": "/usr/lib/x86/libjemalloc.so.2:/a/b.so c", "GLIBC_TUNABLES": "a=1\n\x1b[31m", "LEVEL": "2"}
    inherited = [Variable(name, value, ("engine",) if name == "LEVEL" else ()) for name, value in given.items()]
    assert in_effect(inherited) == {"LD_PRELOAD": "libjemalloc.so.2:b.so c", "GLIBC_TUNABLES": "a=1 [31m"}


def variant(contender: str) -> dict[str, str]:
    """Return what negates a variant of one of the backends."""
    backend, _, name = contender.partition("-")
    variants = {each.name: each for each in find_backends()[backend].VARIANTS}
    return dict(variants[name].negated_by)


@pytest.mark.parametrize(
    ("who", "name", "negating", "harmless"),
    [
        ("pytorch-compile", "TORCH_COMPILE_DISABLE", "1", "0"),
        ("pytorch-compile", "TORCHDYNAMO_DISABLE", "1", "0"),
        ("pytorch-compile", "TORCHDYNAMO_SUPPRESS_ERRORS", "0", ""),  # torch takes any text for yes
        ("pytorch-torchscript", "PYTORCH_JIT", "0", "1"),
        ("pytorch-int8", "PYTORCH_JIT", "False", "true"),
        ("tensorflow", "TF_XLA_FLAGS", "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit", "--tf_xla_cpu_global_jit"),
        ("tensorflow-savedmodel", "TF_XLA_FLAGS", "--tf_xla_auto_jit=fusible", "--tf_xla_auto_jit=0"),
        ("openvino-bfloat16", "ONEDNN_MAX_CPU_ISA", "AVX512_CORE", "AVX512_CORE_BF16"),
        ("openvino-bfloat16", "DNNL_MAX_CPU_ISA", "sse41", "DEFAULT"),
    ],
)
def test_a_variable_that_makes_a_variant_another_one_is_refused(who, name, negating, harmless):
    """The contender is refused by its name with the variable and its value; another value is none of its business."""
    negated_by = variant(who)
    require_own_meaning(who, negated_by, {"HOME": "/root"})
    require_own_meaning(who, negated_by, {name: harmless})
    with pytest.raises(VariantNegated) as refused:
        require_own_meaning(who, negated_by, {name: negating})
    assert str(refused.value) == (
        f"{who} would not be what it says, since the environment has {name}={negating}; unset {name}, or leave "
        f"{who} out"
    )


def test_what_a_plain_variant_is_no_variable_negates():
    """Eager PyTorch is what it says with torch.compile switched off, and ONNX Runtime and LiteRT with any variable."""
    assert {name: variant(name) for name in ("pytorch", "onnxruntime", "litert", "openvino")} == {
        "pytorch": {},
        "onnxruntime": {},
        "litert": {},
        "openvino": {},
    }


def test_pythonpath_is_only_ever_added_to(monkeypatch, tmp_path):
    """A backend's own folders come between the tree and the user's; relative ones are meant from our own folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["src", "", "/mine"]))
    given = Surroundings(tree=Path("/tree"), variables={"PYTHONPATH": "/engine"}, home=Path("/home"))
    folders = ["/tree", "/engine", "/home", str(tmp_path / "src"), "/mine"]
    assert process_variables(given)["PYTHONPATH"].split(os.pathsep) == folders


def test_another_interpreter_is_not_told_where_ours_has_its_library(monkeypatch):
    """PYTHONHOME is of one interpreter alone, as activating an environment takes it away."""
    monkeypatch.setenv("PYTHONHOME", sys.prefix)
    assert process_variables()["PYTHONHOME"] == sys.prefix
    assert "PYTHONHOME" not in process_variables(Surroundings(Path("/other/bin/python")))


def state(given: str) -> dict[str, object]:
    """Return what a worker sees of its interpreter, and what it was given."""
    import warnings

    flags = (sys.flags.optimize, sys.flags.dev_mode, sys.flags.utf8_mode)
    return {"flags": flags, "filters": sys.warnoptions, "given": given, "ours": bool(warnings.filters)}


SITECUSTOMIZE = {
    "prints": "print('hello from', 'my site', end='')",
    "writes": "import os; os.write(1, b'hello from my site {}\\n')",
    "raises": "print('hello from my site'); raise RuntimeError('my site is broken')",
}


@pytest.mark.long
@pytest.mark.parametrize("kind", SITECUSTOMIZE)
def test_a_users_sitecustomize_is_harmless(kind, monkeypatch, tmp_path):
    """What it prints goes to the log, and what it raises is told there; the worker answers all the same."""
    (tmp_path / "sitecustomize.py").write_text(SITECUSTOMIZE[kind])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    log = tmp_path / "log"
    function = "tests.processes.test_variables:state"
    assert call(function, {"given": "ü"}, label="x", log=log, timeout=PATIENCE)["given"] == "ü"
    assert "hello from my site" in log.read_text()


@pytest.mark.long
def test_a_worker_starts_as_if_nothing_disturbed(monkeypatch, tmp_path):
    """With all of Python's checks asked for, a worker has none of them."""
    for name, value in {
        "PYTHONWARNINGS": "error",
        "PYTHONOPTIMIZE": "2",
        "PYTHONDEVMODE": "1",
        "PYTHONTRACEMALLOC": "5",
        "PYTHONIOENCODING": "ascii",
    }.items():
        monkeypatch.setenv(name, value)
    function = "tests.processes.test_variables:state"
    found = call(function, {"given": "x"}, label="x", log=tmp_path / "log", timeout=PATIENCE)
    assert (found["flags"][:2], found["filters"]) == ([0, False], [])
