"""What a run answers: the choice, its limits, and the claims."""
