"""Runoff: an honest run-off between inference runtimes."""
