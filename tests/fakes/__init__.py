"""Backends that need no framework, for testing Runoff itself; scanned like runoff/backends/."""
