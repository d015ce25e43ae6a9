"""What converts: every model by every exporter and every converter."""
