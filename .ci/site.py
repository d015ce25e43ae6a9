"""What MkDocs is told beside mkdocs.yml: the pages that lie at the root of the tree, and links to files of the code.

README.md is the home page, so that nothing is written twice. A link to a file that is no page becomes its name, since
the site has no copy of the code; on GitHub it stays a link. One to a file that is not there is a warning, which ends a
strict build.
"""

import logging
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

AT_ROOT = {"README.md": "index.md", "CONTRIBUTING.md": "CONTRIBUTING.md", "CHANGELOG.md": "CHANGELOG.md"}
CODE = re.compile(r"^```.*?^```|``.*?``|`[^`\n]*`", re.MULTILINE | re.DOTALL)
ESCAPED = re.compile(r"\\([<~&$:|])")
"""What GitHub takes for a sign after a backslash, and Python-Markdown for a backslash and a sign."""
WIDE = ("field.md", "winners.md")
"""Pages whose tables take the place of the table of contents."""
INTO_THE_TREE = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<path>\.\./[^)#\s]*)\)")

log = logging.getLogger("mkdocs.hooks.site")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie at the root."""
    root = Path(config.config_file_path).parent
    for name, page in AT_ROOT.items():
        files.append(File.generated(config, page, content=from_docs((root / name).read_text(encoding="utf-8"))))
    return files


def from_docs(text: str) -> str:
    """Return the text of a page at the root with its links as they are from docs/."""

    def moved(link: re.Match[str]) -> str:
        path, mark, heading = link[1].partition("#")
        if path.startswith("docs/"):
            path = path.removeprefix("docs/")
        elif path:
            path = AT_ROOT.get(path, f"../{path}")
        return f"]({path}{mark}{heading})"

    return re.sub(r"\]\((?!https?:)([^)\s]*)\)", moved, text)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Name files of the code instead of linking to them, and give wide tables their room."""
    if page.file.src_uri in WIDE:
        page.meta["hide"] = ["toc"]

    def named(link: re.Match[str]) -> str:
        path = link["path"]
        if not (Path(config.docs_dir) / path).exists():
            log.warning("%s links to %s, which is not there", page.file.src_uri, path)
        there = path.removeprefix("../")
        return link["text"] if there.strip("/") in link["text"] else f"{link['text']} (`{there}`)"

    return without_backslashes(INTO_THE_TREE.sub(named, markdown))


def without_backslashes(markdown: str) -> str:
    """Write as entities, outside of code, the signs whose backslashes Python-Markdown would show."""
    parts, end = [], 0
    for code in CODE.finditer(markdown):
        parts += [as_entities(markdown[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, as_entities(markdown[end:])])


def as_entities(text: str) -> str:
    """Write escaped signs as entities."""
    return ESCAPED.sub(lambda sign: f"&#{ord(sign[1])};", text)
