"""The measurement: worker processes, their controller, the order of launches and rounds."""
