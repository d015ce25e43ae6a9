"""Are runs of two processors kept apart, whatever these call themselves, and older runs compared in what they know?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runoff.__main__ import main
from runoff.processor import Processor
from runoff.stored.processor import WHY
from tests.builders.processors import ZEN3, ZEN4, of_schema_2, on_processor
from tests.builders.stored_runs import Values
from tests.compare.conftest import in_one_line


def on(processor: Processor) -> Callable[[Values], object]:
    """Let a run be one of a processor."""
    return lambda run: on_processor(run, processor)


def test_two_processors_of_one_name_are_not_compared(store, capsys):
    """Zen 3 and Zen 4 both call themselves AMD EPYC: which part differs is said, and why that matters."""
    base, head = (store(f"{kind.cores[0].model}.json", edit=on(kind)) for kind in (ZEN3, ZEN4))
    assert main(["compare", base, head, "--fail-above", "5%"]) == 4
    printed = in_one_line(capsys.readouterr().out)
    assert "so nothing is compared: the runs differ in CPU design, caches, vector extensions." in printed
    assert f"differs: CPU design: model 1 → 17 ({WHY['CPU design']})" in printed
    assert f"differs: caches: L2 512 KiB → 1 MiB ({WHY['caches']})" in printed
    assert f"and 4 more ({WHY['vector extensions']})" in printed


@pytest.mark.parametrize(
    ("head", "code", "said"),
    [
        (ZEN3, 0, "doubt: processor not fully known in base (caches), so a difference between runs can come from it"),
        (ZEN4, 4, f"differs: CPU design: model 1 → 17 ({WHY['CPU design']})"),
    ],
)
def test_an_older_run_is_compared_where_all_that_it_knows_is_the_same(store, capsys, head, code, said):
    """Of a run of before the processor was stored, what it holds is compared, and what it lacks is said."""
    older = store("older.json", edit=lambda run: of_schema_2(run, ZEN3))
    assert main(["compare", older, store("head.json", edit=on(head))]) == code
    assert said in in_one_line(capsys.readouterr().out)
    assert main(["compare", older, older]) == 0
    assert "not fully known in base (caches) and head (caches)" in in_one_line(capsys.readouterr().out)
