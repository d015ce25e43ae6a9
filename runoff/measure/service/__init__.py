"""What a service pays: throughput, load, end to end, threads, a neighbour; each by separate launches."""

LAUNCHES = 5
"""The default budget, the least that gives verdicts: starting the workers costs as much as what most questions do."""

ROUNDS = 12
"""How many of its units a launch times of each entrant, in the questions that have rounds."""
