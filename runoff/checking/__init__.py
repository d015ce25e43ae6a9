"""Whether a backend keeps the contract: what its author asks before anybody races it."""
