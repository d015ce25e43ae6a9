"""A worker's module that prints where answers are expected."""

print("welcome to this machine")
