"""Weights as files: read, found, downloaded, hashed, and the built-in ones. Needs no module."""
