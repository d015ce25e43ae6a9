"""Golden: what a model itself gives, how far float32 is from exact, and how golden was checked."""
