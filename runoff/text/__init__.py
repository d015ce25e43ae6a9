"""What all texts share: numbers as words, tables that fit, escaping, the page's frame."""
