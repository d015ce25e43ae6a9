"""Tests of the form ``module``."""
