"""Where options come from, and what is refused."""
