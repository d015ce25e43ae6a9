"""Pages as a reader sees them, in a real browser."""
