"""How a report is written: terminal, Markdown, page."""
