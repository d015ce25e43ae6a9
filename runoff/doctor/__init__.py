"""The doctor: what is here, what the machine allows, how noisy it is, and what would make the numbers better."""
