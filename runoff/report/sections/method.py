"""How it was measured, in the words of a template."""

from __future__ import annotations

from runoff.report.blocks import PAGE, Section
from runoff.report.sections.setting import golden_name
from runoff.stored.run import StoredRun
from runoff.text.numbers import bound
from runoff.text.page import page_templates
from runoff.text.table import plain_notes


def method_section(run: StoredRun) -> Section:
    """Say how a run is measured and judged."""
    template = page_templates("runoff.report").get_template("method.txt")
    served = bool(run.service.questions)
    model = run.model
    taken = "numpy arrays"
    if model is None or model.preprocessing:
        taken = f"a {model.preprocessing.dtype if model and model.preprocessing else 'float32'} picture"
    given = "logits" if model is None or model.classifies else "numpy arrays"
    text = template.render(
        margin=bound(run.info.margin),
        served=served,
        golden=golden_name(run),
        taken=taken,
        given=given,
        undisturbed=any(row.undisturbed for row in run.rows),
        probed=run.info.probe is not None and run.info.probe.found is not None,
    )
    return Section("method", "How it was measured", notes=plain_notes(text.splitlines()), shown_in=(PAGE,))
