"""The commands as a user runs them: in processes of their own, on small stored runs."""
