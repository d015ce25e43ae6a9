"""Two runs: what changed between them."""
