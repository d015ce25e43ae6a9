"""``results/index.html``: the comparison as one self-contained page."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from runoff.report import words
from runoff.report.charts import figures
from runoff.report.charts.lines import service_figures
from runoff.report.columns import columns
from runoff.report.questions import sections
from runoff.report.recommendation import opening
from runoff.report.stored import StoredRun


def render_page(run: StoredRun) -> str:
    """Draw a run as one HTML file that asks for nothing else."""
    templates = Environment(
        loader=PackageLoader("runoff.report"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template("index.html").render(
        run=run,
        words=words,
        opening=opening(run),
        columns=columns(run),
        figures=figures(run),
        sections=sections(run),
        service_figures=service_figures(run),
    )


def write_page(run: StoredRun, destination: Path) -> None:
    """Write the page; raises OSError where that can't be done."""
    destination.write_text(render_page(run), encoding="utf-8")
