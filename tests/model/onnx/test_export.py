"""What is exported is what was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from runoff.errors import ConversionFailed
from runoff.model.onnx.export import require_opset

pytestmark = pytest.mark.framework


def test_a_file_left_at_another_operator_set_is_a_failed_export(tmp_path: Path) -> None:
    """An exporter that leaves a file at 18 where 20 was asked for has failed, and no cell is labelled 20."""
    onnx = pytest.importorskip("onnx")
    graph = onnx.helper.make_graph([], "empty", [], [])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)])
    onnx.save(model, str(tmp_path / "model.onnx"))
    require_opset(tmp_path / "model.onnx", 18)
    with pytest.raises(ConversionFailed, match="20 was asked for, and the exporter left it at 18") as caught:
        require_opset(tmp_path / "model.onnx", 20)
    assert caught.value.stage == "export"
