"""What people read: made from stored JSON alone; no framework is imported here."""
