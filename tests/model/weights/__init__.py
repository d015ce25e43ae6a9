"""Tests of weights as files."""
