"""How things are written: a leaf that every part may use."""
