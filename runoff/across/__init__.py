"""Many models: does the winner change with the model? A run of the suite each, and what all say together."""
