"""What a run answers: which contender to take, under which limits, and why."""
