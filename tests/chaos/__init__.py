"""Runs of stand-ins in which something breaks at random, and what comes of them (`tox -e chaos`)."""
