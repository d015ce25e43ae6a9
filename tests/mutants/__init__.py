"""Mutation testing of the method: ``python -m tests.mutants``; docs/mutants.md says how and why."""
