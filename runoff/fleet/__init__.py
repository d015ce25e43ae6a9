"""A fleet: the same race on many machines (plan.py), and what their runs say together (merge.py)."""
