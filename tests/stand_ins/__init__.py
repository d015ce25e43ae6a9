"""Small programs and modules that stand in for the real ones in tests."""
