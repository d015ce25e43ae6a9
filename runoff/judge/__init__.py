"""What numbers say: pure functions of numbers."""
