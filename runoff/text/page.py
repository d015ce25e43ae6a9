"""What Runoff's pages share: templates that escape, the head with its policy, the style, tables."""

from __future__ import annotations

import base64
import hashlib

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape


def page_templates(package: str) -> Environment:
    """Return a package's templates, which may use the shared ones."""
    templates = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("runoff.text")]),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["as_image"] = as_image
    return templates


def as_image(svg: str, alternative: str) -> Markup:
    """Return a chart's SVG as an image with its content in words, for those who can't see it."""
    opened = f'<svg role="img" aria-label="{escape(alternative)}" '
    return Markup(svg.replace("<svg ", opened, 1))  # noqa: S704  # Vega escapes the texts in its SVG


def own_script(templates: Environment, name: str) -> tuple[Markup, str]:
    """Return a script of our own to stand in a page, and its hash, by which the page's policy allows it alone."""
    source = templates.loader.get_source(templates, name)[0] if templates.loader else ""
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode("ascii")
    return Markup(source), digest  # noqa: S704  # it is our own file
