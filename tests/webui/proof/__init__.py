"""The page's proof: what it stands, shown by programs that take minutes (`tox -e web-proof`)."""
