"""The commands as a user runs them: in separate processes, on small stored runs."""
