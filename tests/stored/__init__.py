"""Tests of stored."""
