"""A separate process: start it, talk to it, suspend it, end it."""
