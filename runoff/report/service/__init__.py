"""What a service pays, as people read it: read from stored JSON, and told in one section a question."""
