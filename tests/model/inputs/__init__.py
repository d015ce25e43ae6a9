"""Tests of what a model is run on."""
