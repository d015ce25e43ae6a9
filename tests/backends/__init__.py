"""Tests of how backends are found."""
