"""What is decided for PyTorch by the processor and the build of torch."""

from __future__ import annotations

from pathlib import Path

import pytest

from runoff.backends.pytorch import VARIANTS, cpp_compiler, import_model, kind_of
from runoff.errors import ConversionFailed
from runoff.model.module import module
from runoff.model.module.int8 import quantised_engine
from runoff.model.module.module import Kind


@pytest.mark.parametrize(
    ("flags", "supported", "engine"),
    [
        pytest.param(("avx512_vnni",), ["none", "onednn", "x86", "fbgemm"], "onednn", id="with VNNI"),
        pytest.param(("avx2",), ["none", "onednn", "x86", "fbgemm"], "x86", id="without"),
        pytest.param(("asimddp",), ["none", "qnnpack"], "qnnpack", id="a build for ARM"),
    ],
)
def test_int8_takes_an_engine_that_torch_was_built_with(flags, supported, engine):
    """The engine follows the processor among those that there are: builds for ARM have no x86 one."""
    assert quantised_engine(flags, supported) == engine


def test_a_torch_without_any_engine_is_a_failed_conversion():
    """Where torch has no quantised kernels, the conversion says so by its stage."""
    with pytest.raises(ConversionFailed, match="has none of x86, qnnpack, onednn") as caught:
        quantised_engine((), ["none"])
    assert caught.value.stage == "quantise"


def test_what_is_compiled_ahead_of_time_belongs_to_its_compiler():
    """The compiler is among the options that AOTInductor converts by, and so in its artifact's key; in no other's."""
    named = {variant.name: variant.convert_options.get("compiler") for variant in VARIANTS}
    assert named == dict.fromkeys(named, None) | {"aotinductor": cpp_compiler()}


def test_another_compiler_has_another_name(monkeypatch, tmp_path):
    """A compiler that was updated, one behind a link that now leads elsewhere, and another one each differ."""
    names = []

    def install(file: Path, content: str) -> None:
        file.write_text(content)
        file.chmod(0o755)
        names.append(cpp_compiler())

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    assert cpp_compiler() == "none"
    install(tmp_path / "g++", "version 12")
    install(tmp_path / "g++", "version 12.3")
    (tmp_path / "g++").unlink()
    (tmp_path / "g++").symlink_to(tmp_path / "g++-13")
    install(tmp_path / "g++-13", "version 13")
    monkeypatch.setenv("CXX", "clang++")
    install(tmp_path / "clang++", "version 18")
    assert len(set(names)) == 4


def test_only_what_runs_the_models_code_imports_it(monkeypatch):
    """An eager module and torch.compile need the code that builds it; what was traced or compiled ahead does not."""
    imported = []
    kinds = {name: Kind(lambda name=name: imported.append(name), None) for name in ("", "timm")}
    monkeypatch.setattr(module, "KINDS", kinds)
    for variant in VARIANTS:
        imported.clear()
        import_model(variant, "timm:levit_128")
        import_model(variant, "resnet18")
        assert imported == (["timm", ""] if kind_of(variant) == "state" else [])
