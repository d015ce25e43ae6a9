"""What is raced: where a model comes from, its weights, its inputs, its two forms, and golden."""
