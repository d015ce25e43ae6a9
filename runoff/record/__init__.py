"""From what was measured to what is stored."""
