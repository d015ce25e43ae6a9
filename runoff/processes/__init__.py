"""A process of its own: start it, talk to it, suspend it, end it."""
