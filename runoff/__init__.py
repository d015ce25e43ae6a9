"""Runoff: an honest run-off between inference runtimes."""

__version__ = "0.2.0"
