"""The suite's options: what there are, and where their values come from."""
