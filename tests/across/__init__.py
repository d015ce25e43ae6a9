"""Tests of across."""
