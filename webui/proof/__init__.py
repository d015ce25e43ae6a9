"""The page's proof: what it stands, found out by programs that take minutes (`tox -e web-proof`)."""
