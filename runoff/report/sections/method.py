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
    text = template.render(margin=bound(run.info.margin), served=served, golden=golden_name(run))
    return Section("method", "How it was measured", notes=plain_notes(text.splitlines()), shown_in=(PAGE,))
